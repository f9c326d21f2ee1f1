"""Every setting with its value and where the value came from, fit to be shown."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from e11y import units
from e11y.settings.fields import keys_of
from e11y.settings.load import Loaded
from e11y.settings.origin import joined
from e11y.settings.secrecy import HIDDEN, holds_secret, is_secret, without_credentials


@attrs.frozen
class Row:
    """One line of ``e11y config``.

    Args:
        key: Dotted key, as in the file.
        value: As it would be written in TOML; ``[hidden]`` for a secret; empty for what is unset.
        origin: ``pyproject.toml [tool.e11y]``, ``environment E11Y_SERVICE``, ``configure()`` or ``default``.
    """

    key: str
    value: str
    origin: str


def describe(loaded: Loaded, classes: Mapping[str, type[Any]] | None = None) -> list[Row]:
    """Return a row for every setting, secrets hidden.

    Args:
        loaded: What ``load`` returned.
        classes: Path of a table -> the settings class that reads it: ``pii``, ``adapters.logs``. With
            it the defaults are shown too and fields with ``repr=False`` are hidden; without it only
            what was written is shown, and only keys that read like a secret are hidden.
    """
    rows = list(_of_instance(loaded, "", loaded.settings, skip=("adapters", "plugin_tables")))
    tables: dict[str, Mapping[str, Any]] = {path: {} for path in classes or ()}
    for name, adapter in loaded.settings.adapters.items():
        path = joined("adapters", name)
        rows.extend(_of_instance(loaded, path, adapter, skip=("lane", "options")))
        rows.extend(_of_instance(loaded, path, adapter.lane))
        tables[path] = adapter.options
    tables.update(loaded.settings.plugin_tables)
    for path, table in tables.items():
        rows.extend(_of_table(loaded, path, table, (classes or {}).get(path)))
    return rows


def _of_instance(loaded: Loaded, path: str, instance: Any, skip: Collection[str] = ()) -> Iterator[Row]:
    for key, attribute in keys_of(type(instance)).items():
        if key not in skip:
            value = getattr(instance, attribute.name)
            yield from _of_value(loaded, joined(path, key), value, attribute, secret=holds_secret(attribute))


def _of_table(loaded: Loaded, path: str, table: Mapping[str, Any], cls: type[Any] | None) -> Iterator[Row]:
    attributes = keys_of(cls) if cls else {}
    for key, attribute in attributes.items():
        if key not in table:
            yield from _of_value(
                loaded, joined(path, key), _default_of(attribute), attribute, secret=holds_secret(attribute)
            )
    for key, value in table.items():
        known = attributes.get(key)
        secret = holds_secret(known) if known else is_secret(key)
        yield from _of_value(loaded, joined(path, key), value, known, secret=secret)


def _of_value(
    loaded: Loaded, path: str, value: Any, attribute: attrs.Attribute[Any] | None, *, secret: bool
) -> Iterator[Row]:
    if attrs.has(type(value)) and not secret:
        yield from _of_instance(loaded, path, value)
    elif isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _of_value(loaded, joined(path, str(key)), item, None, secret=secret or is_secret(str(key)))
    else:
        origin = loaded.origin(path)
        written = value if origin.written is None else origin.written
        yield Row(path, _shown(written, attribute, secret=secret), origin.text)


def _default_of(attribute: attrs.Attribute[Any]) -> Any:
    default: Any = attribute.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type] # attrs types the class as a function
        return None if default.takes_self else default.factory()
    return None if default is attrs.NOTHING else default


def _shown(value: Any, attribute: attrs.Attribute[Any] | None, *, secret: bool) -> str:
    if value is None:
        return ""
    if secret:
        return HIDDEN if value else _toml(value)
    unit = units.unit_of(attribute) if attribute else ""
    if unit and not isinstance(value, str):
        return _toml(units.seconds_text(value) if unit == "duration" else units.size_text(value))
    return _toml(value)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str | Path):
        return json.dumps(without_credentials(str(value)), ensure_ascii=False)
    if isinstance(value, list | tuple | set | frozenset):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, Mapping):
        shown = (f"{key} = {HIDDEN if is_secret(str(key)) else _toml(item)}" for key, item in value.items())
        return "{ " + ", ".join(shown) + " }" if value else "{}"
    # Objects given in code: their repr may hold anything, their class does not.
    kind = value if isinstance(value, type) else type(value)
    return f"{kind.__module__}.{kind.__qualname__}"
