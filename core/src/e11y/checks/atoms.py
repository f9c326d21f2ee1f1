"""Checks of values without parts: text, numbers, times, enums, literals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from e11y.checks.check import Accept, Budget, Check, Refused, UnsupportedType, article, mismatch, named

EXACT_ATOMS = frozenset(
    {str, int, float, bool, bytes, Decimal, dt.datetime, dt.date, dt.time, dt.timedelta, type(None)}
)
"""Classes whose instances an entry holds as they are."""


def _plain_str(value: Any) -> str:
    return str.__str__(value)


def _plain_int(value: Any) -> int:
    return int.__add__(value, 0)


def _plain_float(value: Any) -> float:
    return float.__add__(value, 0.0)


def _plain_datetime(value: Any) -> dt.datetime:
    date = dt.date(value.year, value.month, value.day)
    time = dt.time(value.hour, value.minute, value.second, value.microsecond, value.tzinfo, fold=value.fold)
    return dt.datetime.combine(date, time)


_PLAIN: dict[type, Callable[[Any], Any]] = {
    str: _plain_str,
    int: _plain_int,
    float: _plain_float,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    Decimal: Decimal,
    dt.datetime: _plain_datetime,
    dt.date: lambda value: dt.date(value.year, value.month, value.day),
    dt.time: lambda value: dt.time(value.hour, value.minute, value.second, value.microsecond, value.tzinfo),
    dt.timedelta: lambda value: dt.timedelta(value.days, value.seconds, value.microseconds),
    UUID: lambda value: UUID(int=value.int),
}
"""Turns an instance of a subclass into the class itself, so that nothing of the user's runs later."""


def plain(value: Any) -> Any:
    """Return ``value`` as an exact atom.

    Raises:
        Refused: It is not an atom.
    """
    kind = type(value)
    if kind in EXACT_ATOMS or kind is UUID:
        return value
    for base in (dt.datetime, *_PLAIN):  # datetime before date, its base
        if isinstance(value, base):
            return _PLAIN[base](value)
    raise Refused(f"cannot be recorded: {article(kind.__name__)} has no JSON form")


def spend_text(value: Any, budget: Budget, depth: int) -> None:
    """Take the length of a text from the budget, inside structures only."""
    budget.spend(depth, len(value) if depth and isinstance(value, (str, bytes)) else 0)


_ACCEPTED: dict[type, tuple[type, ...]] = {float: (float, int), Decimal: (Decimal, float, int)}
"""Ints satisfy float; ints and floats satisfy Decimal."""

_JSON_TYPES: dict[type, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": ["number", "null"]},
    bool: {"type": "boolean"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    Decimal: {"type": ["string", "number"]},
    dt.datetime: {"type": "string", "format": "date-time"},
    dt.date: {"type": "string", "format": "date"},
    dt.time: {"type": "string", "format": "time"},
    dt.timedelta: {"type": "string", "format": "duration"},
    UUID: {"type": "string", "format": "uuid"},
    type(None): {"type": "null"},
}


def atom(kind: type) -> Check | None:
    """Return the check of one atomic class, or ``None`` when ``kind`` is none."""
    if kind not in _JSON_TYPES:
        return None
    if kind is type(None):
        return Check(expects="None", accept=_accept_none, fast="{v} is None", json_type=_JSON_TYPES[kind])
    accepted = _ACCEPTED.get(kind, (kind,))
    expects = article(kind.__name__)
    return Check(
        expects=expects,
        accept=_accept_atom(expects, accepted),
        fast=" or ".join(f"{{v}}.__class__ is _{one.__name__}" for one in accepted),
        names={f"_{one.__name__}": one for one in accepted} | {"_len": len},
        store="{v}.int" if kind is UUID else None,
        restore=(lambda stored: UUID(int=stored)) if kind is UUID else None,
        size="_len({v})" if kind in (str, bytes) else None,
        json_type=_JSON_TYPES[kind],
    )


def _accept_none(value: Any, budget: Budget, depth: int) -> None:
    if value is not None:
        raise mismatch("None", value)


def _accept_atom(expects: str, accepted: tuple[type, ...]) -> Accept:
    def accept(value: Any, budget: Budget, depth: int) -> Any:
        spend_text(value, budget, depth)
        if type(value) in accepted:
            return value
        for base in accepted:
            if isinstance(value, base) and not isinstance(value, bool):
                if base is dt.date and isinstance(value, dt.datetime):
                    continue
                return _PLAIN[base](value)
        raise mismatch(expects, value)

    return accept


def enum(kind: type[Enum]) -> Check:
    """Return the check of an enum class; its members travel as their values."""
    expects = article(kind.__name__)
    if not all(type(member.value) in EXACT_ATOMS for member in kind):
        raise UnsupportedType(f"members of {kind.__name__} have values that are no atoms")

    def accept(value: Any, budget: Budget, depth: int) -> Any:
        budget.spend(depth)
        if isinstance(value, kind):
            return value if depth == 0 else plain(value.value)
        raise mismatch(expects, value)

    name = named(kind, "enum")
    values = [member.value for member in kind]
    return Check(
        expects=expects,
        accept=accept,
        fast=f"{{v}}.__class__ is {name}",
        names={name: kind},
        store="{v}._value_",
        json_type={"enum": [str(value) if isinstance(value, Decimal) else value for value in values]},
    )


def literal(values: tuple[Any, ...]) -> Check:
    """Return the check of ``Literal[...]``: the same value of the same class."""
    allowed = frozenset((type(value), value) for value in values)
    texts = all(type(value) is str for value in values)
    name = named(allowed, "literal")
    expects = "one of " + ", ".join(repr(value) for value in values)

    def accept(value: Any, budget: Budget, depth: int) -> Any:
        budget.spend(depth)
        simple = value if type(value) in EXACT_ATOMS or isinstance(value, Enum) else plain(value)
        if (type(simple), simple) not in allowed:
            raise Refused(f"must be {expects}")
        return simple.value if isinstance(simple, Enum) else simple

    if texts:
        fast: str | None
        names: dict[str, Any]
        fast, names = f"{{v}}.__class__ is _str and {{v}} in {name}", {name: frozenset(values), "_str": str}
    else:
        plain_values = not any(isinstance(value, Enum) for value in values)
        fast = f"({{v}}.__class__, {{v}}) in {name}" if plain_values else None
        names = {name: allowed}
    copy: str | None = None if fast else f"{name}_copy({{v}})"
    if copy:
        names[f"{name}_copy"] = copier(accept)
    return Check(
        expects=expects,
        accept=accept,
        fast=fast,
        copy=copy,
        names=names,
        json_type={"enum": [value.value if isinstance(value, Enum) else value for value in values]},
    )


def copier(accept: Accept) -> Callable[[Any], Any]:
    """Return ``accept`` in the form that generated code calls: ``MISSING`` instead of a refusal."""
    from e11y.sentinel import MISSING  # noqa: PLC0415

    def copy(value: Any) -> Any:
        try:
            return accept(value, Budget(), 0)
        except Exception:  # noqa: BLE001 - accept runs again on the slow path and words the refusal
            return MISSING

    return copy
