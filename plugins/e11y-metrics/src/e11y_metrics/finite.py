"""Which values a field can have, as far as its type tells."""

from __future__ import annotations

import types
from dataclasses import is_dataclass
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

import attrs

from e11y import Schema
from e11y_metrics.label_text import text_of

_ENDLESS = (float, Decimal, date, time, timedelta, UUID, bytes, list, dict, set, frozenset, tuple)
_NUMBERS = (int, float, Decimal, timedelta)


def members(kind: Any) -> tuple[Any, ...]:
    """Return the types of a union without ``None``; any other type is its own only member."""
    if get_origin(kind) in (Union, types.UnionType):
        return tuple(one for one in get_args(kind) if one is not type(None))
    return (kind,)


def is_proven_finite(schema: Schema, name: str) -> bool:
    """Return whether a field has few values: checked at each call, and nobody changes them."""
    field = schema.fields[name]
    return schema.checked and not (field.added or field.filtered) and texts(field.type) is not None


def texts(kind: Any) -> frozenset[str] | None:
    """Return the texts of all values of a type, or ``None`` when their number is unknown.

    >>> sorted(texts(bool))
    ['False', 'True']
    """
    found: set[str] = set()
    for member in members(kind):
        if get_origin(member) is Literal:
            found.update(text_of(value) for value in get_args(member))
        elif member is bool:
            found.update(("False", "True"))
        elif isinstance(member, type) and issubclass(member, Enum):
            found.update(text_of(value) for value in member)
        else:
            return None
    return frozenset(found)


def endless_member(kind: Any) -> type[Any] | None:
    """Return the member of a type of which hardly any value comes twice: amounts, moments, ids, containers."""
    for member in members(kind):
        plain = get_origin(member) or member
        if not isinstance(plain, type) or issubclass(plain, (Enum, bool)):
            continue
        if issubclass(plain, _ENDLESS) or attrs.has(plain) or is_dataclass(plain):
            return plain
    return None


def is_numeric(kind: Any) -> bool:
    """Return whether values of a type can be numbers; a type that says nothing can."""
    kinds = members(kind)
    return any(one is Any or (isinstance(one, type) and issubclass(one, _NUMBERS)) for one in kinds)


def are_told_apart(kind: Any) -> bool:
    """Return whether no two values of a type are equal and yet written differently, as ``1`` and ``True`` are."""
    kinds = {type(value) for one in members(kind) if get_origin(one) is Literal for value in get_args(one)}
    kinds.update(one for one in members(kind) if isinstance(one, type))
    return all(issubclass(one, (str, int, UUID, Enum)) for one in kinds) and len(kinds - {str}) <= 1
