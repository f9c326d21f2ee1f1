"""Structural copies of values whose type nobody declared."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from enum import Enum
from typing import Any
from uuid import UUID

import attrs

from e11y.checks.atoms import EXACT_ATOMS, plain, spend_text
from e11y.checks.check import Budget, Refused


def snapshot(value: Any, budget: Budget, depth: int = 0, *, strict: bool = False) -> Any:
    """Return a copy of ``value`` made of atoms, dicts with text keys and lists.

    Args:
        value: Anything.
        budget: Bounds of the copy.
        depth: How deep ``value`` lies below its field.
        strict: Refuse an object without a JSON form; otherwise only its type's name is kept.

    Raises:
        Refused: The structure exceeds the budget, or ``strict`` and an object has no JSON form.
    """
    spend_text(value, budget, depth)
    kind = type(value)
    if kind in EXACT_ATOMS:
        return value
    if kind is UUID:
        return str(value)
    if isinstance(value, Enum):
        return snapshot(value.value, budget, depth + 1, strict=strict)
    if isinstance(value, (dict, Mapping)):
        return {
            text_key(key, budget, depth + 1): snapshot(item, budget, depth + 1, strict=strict)
            for key, item in dict(value).items()
        }
    names = getattr(kind, "_fields", None) if isinstance(value, tuple) else None
    if isinstance(names, tuple):  # a named tuple: its names say what its values are, to filters by name too
        return {
            name: snapshot(item, budget, depth + 1, strict=strict)
            for name, item in zip(names, tuple(value), strict=True)
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [snapshot(item, budget, depth + 1, strict=strict) for item in tuple(value)]
    fields = field_names(kind)
    if fields is not None:
        return {name: snapshot(getattr(value, name), budget, depth + 1, strict=strict) for name in fields}
    try:
        return plain(value)
    except Refused:
        if strict:
            raise
        return f"<{kind.__name__}>"


def text_key(key: Any, budget: Budget, depth: int) -> str:
    """Return a dict key as text: text as it is, other atoms in their JSON form.

    Raises:
        Refused: The key has no such form.
    """
    if type(key) is str:
        spend_text(key, budget, depth)
        return key
    simple = key.value if isinstance(key, Enum) else key
    try:
        text = plain(simple)
    except Refused:
        raise Refused(f"has a key of type {type(key).__name__}; keys must be text") from None
    if text is None or isinstance(text, bool):
        return "null" if text is None else str(text).lower()
    return text if isinstance(text, str) else str(text)


def field_names(kind: type) -> list[str] | None:
    """Return the field names of an attrs class or dataclass, or ``None`` for other classes."""
    if attrs.has(kind):
        return [attribute.name for attribute in attrs.fields(kind)]
    if dataclasses.is_dataclass(kind):
        return [field.name for field in dataclasses.fields(kind)]
    return None
