"""Value rules: what a field must be for a rate to hold."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import MappingProxyType, UnionType
from typing import Any, Final, Literal, TypeGuard, Union, get_args, get_origin

import attrs

Limit = int | float | Decimal | datetime | date | time | timedelta
"""What values can be less or more than."""

_NUMBERS = (int, float, Decimal)
_COMPARE: Final[Mapping[str, tuple[str, Callable[[Any, Any], bool]]]] = MappingProxyType(
    {
        "over": (">", operator.gt),
        "at_least": (">=", operator.ge),
        "under": ("<", operator.lt),
        "at_most": ("<=", operator.le),
    }
)

Test = Callable[[Any], bool]


@attrs.frozen(eq=False)
class Rule:
    """One ``@sample_when``.

    Args:
        path: Field, and keys inside it, joined by dots.
        limits: ``("over", 1000)`` and the like; all must hold.
        options: The value must be one of them, unless there are none.
        rate: Share of the events to keep when the rule holds.
    """

    path: str
    limits: tuple[tuple[str, Any], ...]
    options: tuple[Any, ...]
    rate: float

    @property
    def field(self) -> str:
        """The field that is read."""
        return self.path.partition(".")[0]

    @property
    def words(self) -> str:
        """The rule as people would write it."""
        parts = [f"{self.path} {_COMPARE[name][0]} {limit}" for name, limit in self.limits]
        if self.options:
            parts.append(f"{self.path} in {', '.join(map(repr, self.options))}")
        return " and ".join(parts)

    def test(self) -> Test:
        """Return the function that tells whether a value of the field holds the rule."""
        tests = [_limit_test(name, limit) for name, limit in self.limits]
        if self.options:
            tests.append(_option_test(self.options))
        _, *keys = self.path.split(".")
        only = tests[0]
        if len(tests) == 1 and not keys:
            return only
        return lambda value: _all_hold(tests, _inside(value, keys))

    def can_hold(self, annotation: Any) -> bool:
        """Return whether some value of a field of this type may hold the rule."""
        kinds = None if "." in self.path else _kinds_of(annotation)
        if kinds is None:
            return True
        fits = [any(_comparable(kind, limit) for kind in kinds) for _, limit in self.limits]
        if self.options:
            fits.append(any(_comparable(kind, one) for kind in kinds for one in self.options))
        return all(fits)


def is_rate(value: Any) -> TypeGuard[float]:
    """Return whether ``value`` is a number from 0 to 1."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1


def is_limit(value: Any) -> bool:
    """Return whether values can be less or more than ``value``."""
    if isinstance(value, (float, Decimal)):
        return not (value.is_nan() if isinstance(value, Decimal) else math.isnan(value))
    return isinstance(value, Limit) and not isinstance(value, bool)


def _limit_test(name: str, limit: Any) -> Test:
    compare = _COMPARE[name][1]
    kinds = _NUMBERS if isinstance(limit, _NUMBERS) else (type(limit),)
    exact = frozenset(kinds)

    def holds(value: Any) -> bool:
        kind = value.__class__
        if kind not in exact and (kind is bool or not isinstance(value, kinds)):
            return False
        try:
            return compare(value, limit)
        except (ArithmeticError, TypeError):  # a Decimal that is no number; times with and without a zone
            return False

    return holds


def _option_test(options: tuple[Any, ...]) -> Test:
    pairs = tuple((one.__class__ is bool, one) for one in options)

    def holds(value: Any) -> bool:
        if value is None:
            return False
        truth = value.__class__ is bool
        try:
            return any(truth is flag and value == one for flag, one in pairs)
        except ArithmeticError:  # a signalling NaN compares with nothing
            return False

    return holds


def _all_hold(tests: list[Test], value: Any) -> bool:
    return all(test(value) for test in tests)


def _inside(value: Any, keys: list[str]) -> Any:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _kinds_of(annotation: Any) -> set[type] | None:
    """Return the classes that values of a type have, ``None`` when that cannot be told."""
    origin = get_origin(annotation)
    if origin is Literal:
        return {type(one) for one in get_args(annotation)}
    if origin in (Union, UnionType):
        kinds = [_kinds_of(one) for one in get_args(annotation)]
        return None if None in kinds else {kind for found in kinds if found for kind in found}
    return {annotation} if isinstance(annotation, type) and annotation is not object else None


def _comparable(kind: type, value: Any) -> bool:
    """Return whether values of ``kind`` may be compared with ``value``."""
    if isinstance(value, bool) or kind is bool:
        return isinstance(value, bool) and kind is bool
    if isinstance(value, _NUMBERS):
        return issubclass(kind, _NUMBERS)
    return issubclass(kind, type(value)) or isinstance(value, kind)
