"""The form that a part of a file must have, checked so that every problem is found at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

from e11y import ConfigError
from e11y.errors import near_match
from e11y.units import DURATION_FORMS, seconds
from e11y_slo.located import Located, Path, written

Complain = Callable[[Path, str, str], None]
"""Takes where something stands, what is wrong and how to fix it."""

Shape = Callable[[Any, Path, Complain], None]
"""Looks at a value; tells what is wrong with it and never raises."""


def problems(located: Located, shape: Shape) -> list[ConfigError]:
    """Return everything that is wrong with a document."""
    found: list[ConfigError] = []

    def complain(path: Path, what: str, fix: str) -> None:
        found.append(ConfigError(what, where=located.where(path), fix=fix))

    shape(located.data, (), complain)
    return found


def table(keys: Mapping[str, Shape], *, required: Collection[str] = ()) -> Shape:
    """Return the shape of a table with these keys and no others."""

    def check(value: Any, path: Path, complain: Complain) -> None:
        if not _is_table(value, path, complain):
            return
        for name in required:
            if value.get(name) is None:
                complain(path, f"{_named(path)} has no {name!r}", f"add  {name}: ...")
        for key, part in value.items():
            shape = keys.get(key) if isinstance(key, str) else None
            if shape is not None:
                shape(part, (*path, key), complain)
                continue
            near = near_match(str(key), keys)
            hint = f", did you mean {near!r}?" if near else ""
            complain((*path, str(key)), f"the key {key!r} is unknown{hint}", f"use one of: {', '.join(keys)}")

    return check


def table_of(shape: Shape) -> Shape:
    """Return the shape of a table whose keys are names."""

    def check(value: Any, path: Path, complain: Complain) -> None:
        if _is_table(value, path, complain):
            for key, part in value.items():
                if not isinstance(key, str) or not key:
                    complain(path, f"the key {key!r} is no name", "write it as text, in quotes if need be")
                else:
                    shape(part, (*path, key), complain)

    return check


def list_of(shape: Shape) -> Shape:
    """Return the shape of a list."""

    def check(value: Any, path: Path, complain: Complain) -> None:
        if not isinstance(value, list):
            complain(path, f"{_named(path)} must be a list", "begin each entry with  - ")
            return
        for index, item in enumerate(value):
            shape(item, (*path, index), complain)

    return check


def nullable(shape: Shape) -> Shape:
    """Return the shape of something that may be switched off with ``null``."""

    def check(value: Any, path: Path, complain: Complain) -> None:
        if value is not None:
            shape(value, path, complain)

    return check


def number(low: float, high: float = math.inf, *, above: bool = False) -> Shape:
    """Return the shape of a number between two bounds.

    Args:
        low: Lowest.
        high: Highest.
        above: Whether ``low`` itself is not allowed.
    """
    words = f"a number {'above' if above else 'from'} {low:g}"
    words += f" up to {high:g}" if high != math.inf else ""

    def check(value: Any, path: Path, complain: Complain) -> None:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not (low <= value <= high) or (above and value == low):
            complain(path, f"{_named(path)} must be {words}", f"write for example  {path[-1]}: {_example(low, high)}")

    return check


def _example(low: float, high: float) -> str:
    return "0.999" if (low, high) == (0, 1) else f"{max(low, 1):g}"


def choice(*words: object) -> Shape:
    """Return the shape of one of a few values."""
    listed = ", ".join(map(str, words))

    def check(value: Any, path: Path, complain: Complain) -> None:
        if isinstance(value, bool) or value not in words:
            near = near_match(value, [str(word) for word in words]) if isinstance(value, str) else None
            hint = f", did you mean {near!r}?" if near else ""
            complain(path, f"{_named(path)} is unknown{hint}", f"use one of: {listed}")

    return check


def flag(value: Any, path: Path, complain: Complain) -> None:
    """Check that a value is true or false."""
    if not isinstance(value, bool):
        complain(path, f"{_named(path)} must be true or false", f"write  {path[-1]}: true")


def text(value: Any, path: Path, complain: Complain) -> None:
    """Check that a value is text that says something."""
    if not isinstance(value, str) or not value.strip():
        complain(path, f"{_named(path)} must be text", "put it in quotes")


def duration(value: Any, path: Path, complain: Complain) -> None:
    """Check that a value is a duration of whole seconds: PromQL knows no fractions."""
    try:
        found = seconds(value) if isinstance(value, str) else 0.0
    except ValueError:
        found = 0.0
    if found < 1 or found != int(found):
        forms = f"{DURATION_FORMS}, of whole seconds"
        complain(path, f"{_named(path)} must be a duration", f"write {forms}")


def anything(value: Any, path: Path, complain: Complain) -> None:
    """Accept whatever stands there: it is not interpreted."""


def _named(path: Path) -> str:
    return repr(written(path[-1:] if not isinstance(path[-1], int) else path[-2:])) if path else "the file"


def _is_table(value: Any, path: Path, complain: Complain) -> bool:
    if isinstance(value, dict):
        return True
    complain(path, f"{_named(path)} must be a table", "write  key: value  lines below it")
    return False
