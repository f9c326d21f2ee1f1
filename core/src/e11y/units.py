"""Durations and sizes as people write them: ``"200ms"``, ``"90d"``, ``"32MiB"``."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeVar, overload

import attrs

N = TypeVar("N", int, float)
Validator = Callable[[Any, Any, Any], Any]

_SECONDS: dict[str, float] = {
    "us": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
    "w": 7 * 86400.0,
    "y": 365 * 86400.0,
}
_BYTES: dict[str, int] = {
    "B": 1,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
}

DURATION_FORMS: Final = f'a number with one of {", ".join(_SECONDS)}, for example "200ms" or "90d"'
SIZE_FORMS: Final = f'a number with one of {", ".join(_BYTES)}, for example "32MiB"'

_UNIT: Final = "e11y.unit"
DURATION: Final[Mapping[str, str]] = MappingProxyType({_UNIT: "duration"})
"""Metadata of an attrs field that holds seconds: ``timeout_s: float = attrs.field(metadata=DURATION)``."""

BYTE_SIZE: Final[Mapping[str, str]] = MappingProxyType({_UNIT: "size"})
"""Metadata of an attrs field that holds bytes: ``max_size: int = attrs.field(metadata=BYTE_SIZE)``."""

# re.ASCII: int() and float() would also take the digits of other scripts.
_WRITTEN = re.compile(r"(?P<number>\d{1,15}(\.\d{1,9})?)(?P<unit>[A-Za-z]+)", re.ASCII)


def seconds(text: str) -> float:
    """Return the seconds that ``text`` stands for.

    >>> seconds("200ms"), seconds("90d")
    (0.2, 7776000.0)

    Raises:
        ValueError: The text is not a duration. The message names the accepted forms, never the text.
    """
    number, factor = _split(text, _SECONDS, f"must be a duration: {DURATION_FORMS}")
    # 35 * 0.001 is not 0.035, but 35 / 1000 is.
    return float(number) * factor if factor >= 1 else float(number) / round(1 / factor)


def size(text: str) -> int:
    """Return the bytes that ``text`` stands for.

    >>> size("32MiB"), size("1.5kB")
    (33554432, 1500)

    Raises:
        ValueError: The text is not a size. The message names the accepted forms, never the text.
    """
    number, factor = _split(text, _BYTES, f"must be a size: {SIZE_FORMS}")
    return math.floor(float(number) * factor) if "." in number else int(number) * factor


def seconds_text(value: float) -> str:
    """Return the shortest way to write ``value`` seconds, for example ``"200ms"``, to the nanosecond."""
    return _shortest(value, {unit: _SECONDS[unit] for unit in ("d", "h", "m", "s", "ms", "us")}, "s", seconds)


def size_text(value: int) -> str:
    """Return the shortest way to write ``value`` bytes, for example ``"32MiB"``; ``size`` reads it back."""
    return _shortest(value, {unit: _BYTES[unit] for unit in ("GiB", "MiB", "KiB", "B")}, "B", size)


def unit_of(attribute: attrs.Attribute[Any]) -> str:
    """Return ``"duration"``, ``"size"``, or an empty text for a field that is neither."""
    unit: str = attribute.metadata.get(_UNIT, "")
    return unit


@overload
def duration(default: str, *, validator: Validator | None = None) -> float: ...


@overload
def duration(default: None, *, validator: Validator | None = None) -> float | None: ...


def duration(default: str | None, *, validator: Validator | None = None) -> Any:
    """Return an attrs field that holds seconds and is written as text in TOML.

    A field ``timeout_s: float = duration("5s")`` is written ``timeout = "5s"``: its key has no unit,
    because the text names one.

    Args:
        default: As it would be written.
        validator: As for ``attrs.field``; it gets seconds.
    """
    return attrs.field(default=None if default is None else seconds(default), validator=validator, metadata=DURATION)


@overload
def byte_size(default: str, *, validator: Validator | None = None) -> int: ...


@overload
def byte_size(default: None, *, validator: Validator | None = None) -> int | None: ...


def byte_size(default: str | None, *, validator: Validator | None = None) -> Any:
    """Return an attrs field that holds bytes and is written as text in TOML, for example ``"32MiB"``.

    Args:
        default: As it would be written.
        validator: As for ``attrs.field``; it gets bytes.
    """
    return attrs.field(default=None if default is None else size(default), validator=validator, metadata=BYTE_SIZE)


def _split(text: str, units: Mapping[str, N], otherwise: str) -> tuple[str, N]:
    match = _WRITTEN.fullmatch(text)
    factor = units.get(match["unit"]) if match else None
    if match is None or factor is None:
        raise ValueError(otherwise)
    return match["number"], factor


def _shortest(value: float, units: Mapping[str, float], smallest: str, read: Callable[[str], float]) -> str:
    for unit, factor in units.items():
        count = round(value / factor)
        written = f"{count}{unit}"
        if count and read(written) == value:
            return written
    return f"{value:.9f}".rstrip("0").rstrip(".") + smallest
