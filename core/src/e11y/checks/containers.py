"""Checks of values with parts: lists, sets, tuples, dicts, attrs classes and dataclasses.

Whatever the declared container, the copy is made of lists and dicts: what JSON will say.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, cast

import attrs

from e11y.checks.atoms import copier
from e11y.checks.check import Accept, Budget, Check, Exceeded, Refused, article, mismatch, named
from e11y.checks.snapshot import snapshot, text_key
from e11y.sentinel import MISSING


def anything() -> Check:
    """Return the check of ``Any`` and ``object``: whatever has a JSON form, copied."""

    def accept(value: Any, budget: Budget, depth: int) -> Any:
        return snapshot(value, budget, depth, strict=True)

    return _copied(accept, "a value with a JSON form", {})


def sequence(kinds: tuple[type, ...], item: Check, expects: str) -> Check:
    """Return the check of ``list[T]``, ``set[T]``, ``frozenset[T]`` or ``tuple[T, ...]``."""

    def accept(value: Any, budget: Budget, depth: int) -> Any:
        budget.spend(depth)
        if not isinstance(value, kinds):
            raise mismatch(expects, value)
        items: list[Any] = list(cast("Iterable[Any]", value))
        return [_part(item, f"[{index}]", one, budget, depth) for index, one in enumerate(items)]

    json_type = {"type": "array", "items": item.json_type}
    if kinds == (list,) and item.fast == "{v}.__class__ is _str":
        return _copied(accept, expects, json_type, quick=_copy_texts)
    return _copied(accept, expects, json_type)


def fixed(items: tuple[Check, ...]) -> Check:
    """Return the check of ``tuple[A, B, C]``."""
    expects = f"a tuple of {len(items)}"

    def accept(value: Any, budget: Budget, depth: int) -> Any:
        budget.spend(depth)
        if not isinstance(value, tuple):
            raise mismatch(expects, value)
        if len(value) != len(items):
            raise Refused(f"must be {expects}, not of {len(value)}")
        return [
            _part(item, f"[{index}]", one, budget, depth)
            for index, (item, one) in enumerate(zip(items, value, strict=True))
        ]

    return _copied(accept, expects, {"type": "array", "prefixItems": [item.json_type for item in items]})


def mapping(key: Check, item: Check) -> Check:
    """Return the check of ``dict[K, V]``. Paths name keys by position, since a key may be personal."""

    def accept(value: Any, budget: Budget, depth: int) -> Any:
        budget.spend(depth)
        if not isinstance(value, Mapping):
            raise mismatch("a dict", value)
        copied = {}
        for index, (one, entry) in enumerate(dict(value).items()):
            kept = _part(key, f".key[{index}]", one, budget, depth)
            copied[text_key(kept, budget, depth + 1)] = _part(item, f".value[{index}]", entry, budget, depth)
        return copied

    return _copied(accept, "a dict", {"type": "object", "additionalProperties": item.json_type})


def structure(kind: type, fields: Callable[[], Mapping[str, Check]]) -> Check:
    """Return the check of an attrs class or dataclass; ``fields`` is asked late, so a class may hold itself."""
    expects = article(kind.__name__)

    def accept(value: Any, budget: Budget, depth: int) -> Any:
        budget.spend(depth)
        if not isinstance(value, kind):
            raise mismatch(expects, value)
        return {name: _part(check, f".{name}", getattr(value, name), budget, depth) for name, check in fields().items()}

    return _copied(accept, expects, {"type": "object", "title": kind.__name__})


def is_structure(kind: Any) -> bool:
    """Return whether ``kind`` is an attrs class or a dataclass."""
    return isinstance(kind, type) and (attrs.has(kind) or dataclasses.is_dataclass(kind))


def sized(value: Any) -> int:
    """Return an estimate of the bytes that a copied structure holds."""
    if value.__class__ is dict and not value:  # most calls of open events have no further keyword
        return 64
    total, stack = 0, [value]
    while stack:
        one = stack.pop()
        kind = one.__class__
        if kind is str or kind is bytes:
            total += 50 + len(one)
        elif kind is list:
            total += 56 + 8 * len(one)
            stack.extend(one)
        elif kind is dict:
            total += 64 + 50 * len(one)
            stack.extend(one)
            stack.extend(one.values())
        else:
            total += 24
    return total


def text_bytes(entry: Iterable[Any]) -> int:
    """Return the bytes of the texts and structures among the values of an entry."""
    total = 0
    for value in entry:
        kind = value.__class__
        if kind is str or kind is bytes:
            total += len(value)
        elif kind is list or kind is dict:
            total += sized(value)
    return total


def _copied(
    accept: Accept, expects: str, json_type: Mapping[str, Any], quick: Callable[[Any], Any] | None = None
) -> Check:
    slow = copier(accept)
    copy = slow if quick is None else partial(_quick_or_slow, quick, slow)
    name = named(accept, "copy")
    return Check(
        expects=expects,
        accept=accept,
        copy=f"{name}({{v}})",
        names={name: copy, "_sized": sized},
        size="_sized({v})",
        json_type=json_type,
    )


def _quick_or_slow(quick: Callable[[Any], Any], slow: Callable[[Any], Any], value: Any) -> Any:
    kept = quick(value)
    return slow(value) if kept is MISSING else kept


def _copy_texts(value: Any) -> Any:
    """Copy a short list of plain text without looking at budgets one by one."""
    if value.__class__ is not list or len(value) > 100:
        return MISSING
    for one in value:
        if one.__class__ is not str or len(one) > 600:
            return MISSING
    return value.copy()


def _part(check: Check, path: str, value: Any, budget: Budget, depth: int) -> Any:
    try:
        return check.accept(value, budget, depth + 1)
    except Exceeded:
        raise
    except Refused as refused:
        raise Refused(refused.reason, path + refused.path) from None
