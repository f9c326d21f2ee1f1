"""How types read to somebody who writes a TOML file."""

from __future__ import annotations

import enum
import json
import math
import types
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import attrs

from e11y import units
from e11y.settings.origin import EnvText
from e11y.settings.secrecy import holds_secret


def kind_of(value: object) -> str:
    """Return what ``value`` is, with its article. The value itself is never part of it."""
    if isinstance(value, EnvText):
        return "other text"
    if isinstance(value, float) and not math.isfinite(value):
        return "infinity or NaN"
    for kind, word in _KINDS:
        if isinstance(value, kind):
            return word
    return "None" if value is None else f"{type(value).__name__!r}"


def words_for(target: Any) -> str:
    """Return what a value of type ``target`` is called, with its article."""
    target = bare(target)
    options = options_of(target)
    if options:
        return "one of " + ", ".join(repr(option) for option in options)
    if is_union(target):
        return " or ".join(words_for(member) for member in get_args(target) if member is not type(None))
    return next((word for kinds, word, _ in _TARGETS if _is_a(target, kinds)), f"an instance of {_name_of(target)}")


def example_for(attribute: attrs.Attribute[Any]) -> str:
    """Return a value that would do for a field, as TOML: its default where that can be shown."""
    default = attribute.default
    unit = units.unit_of(attribute)
    if unit == "duration":
        return f'"{units.seconds_text(default)}"' if isinstance(default, int | float) else '"5s"'
    if unit == "size":
        return f'"{units.size_text(default)}"' if isinstance(default, int) else '"32MiB"'
    if isinstance(default, bool | int | float | str) and default != "" and not holds_secret(attribute):
        return _toml(default)
    return example_of(attribute.type)


def example_of(target: Any) -> str:
    """Return a value of type ``target``, as TOML."""
    target = bare(target)
    options = options_of(target)
    if options:
        return _toml(options[0])
    if is_union(target):
        return example_of(get_args(target)[0])
    return next((example for kinds, _, example in _TARGETS if _is_a(target, kinds)), "...")


def bare(target: Any) -> Any:
    """Return the type that an ``Annotated``, a ``NewType`` or an alias stands for."""
    while True:
        if get_origin(target) is Annotated:
            target = get_args(target)[0]
        elif hasattr(target, "__supertype__"):  # NewType
            target = target.__supertype__
        elif hasattr(target, "__value__"):  # type Alias = ...
            target = target.__value__
        else:
            return target


def options_of(target: Any) -> tuple[Any, ...]:
    """Return the values that a ``Literal`` or an enum allows; empty for every other type."""
    if get_origin(target) is Literal:
        return get_args(target)
    if isinstance(target, type) and issubclass(target, enum.Enum):
        return tuple(member.value for member in target)
    return ()


def is_union(target: Any) -> bool:
    """Return whether ``target`` is a union such as ``int | None``."""
    return get_origin(target) in (Union, types.UnionType)


def _is_a(target: Any, kinds: Any) -> bool:
    origin = get_origin(target) or target
    if not isinstance(origin, type):
        return False
    return attrs.has(origin) if kinds is attrs else issubclass(origin, kinds)


def _name_of(target: Any) -> str:
    return getattr(target, "__qualname__", None) or str(target)


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return str(value).lower() if isinstance(value, bool) else str(value)


_KINDS: tuple[tuple[Any, str], ...] = (
    (bool, "a boolean"),
    (int, "a whole number"),
    (float, "a number"),
    (str, "text"),
    (bytes, "bytes"),
    (Mapping, "a table"),
    (list | tuple | set | frozenset, "a list"),
)
_TARGETS: tuple[tuple[Any, str, str], ...] = (
    (bool, "true or false", "true"),
    (int, "a whole number", "1"),
    (float, "a number", "0.5"),
    (str, "text", '"..."'),
    (bytes, "bytes", "..."),
    (Path, "a path as text", '"/path"'),
    (attrs, "a table", "{ ... }"),
    (Mapping, "a table", "{ ... }"),
    ((Sequence, AbstractSet), "a list", "[ ... ]"),
)
