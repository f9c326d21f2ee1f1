"""Walks through structures: rules and key names at the call, the content scan wherever it runs.

What a caller passed arrives as core's snapshot, of atoms, lists and dicts. What an enricher added may be
anything: sets, attrs classes and dataclasses are looked into like the others, what else is no atom is
filtered whole. A new structure is returned and the old one is left alone. A structure deeper than
allowed, one that holds itself included, ends in ``[FILTERED]``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import attrs

from e11y import REMOVE
from e11y_pii.options import Allow, Truncate
from e11y_pii.rules import Rules
from e11y_pii.scanner import FILTERED, Scanner
from e11y_pii.shape import ANYTHING, NO_FIELDS, Shape

_GROUPS = (list, tuple, set, frozenset)
_ATOMS = (str, int, float, Decimal, date, time, timedelta, UUID, bytes, bytearray, Enum, type(None))


def _opened(value: Any) -> Any:
    """Return an attrs instance or a dataclass instance as a dict, unknown objects filtered, all else as it is."""
    if isinstance(value, (*_ATOMS, Mapping, *_GROUPS)):
        return value
    kind: type[Any] = type(value)
    if attrs.has(kind):
        return {field.name: getattr(value, field.name) for field in attrs.fields(kind)}
    if dataclasses.is_dataclass(kind):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(kind)}
    return FILTERED


@attrs.frozen(eq=False)
class Guard:
    """Applies the rules of parts and filters by key name.

    Args:
        rules: Makes the rules.
        is_listed: Tells whether a key's value is filtered by its name.
        max_depth: How deep to look.
    """

    rules: Rules
    is_listed: Callable[[str], bool]
    max_depth: int

    def apply(self, value: Any, shape: Shape | None, depth: int = 0) -> Any:
        """Return ``value`` with the rules of ``shape`` applied and listed keys filtered."""
        if shape is not None and shape.strategy is not None:
            rule = self.rules.of(shape.strategy)
            # A text is cut by the scan, which has to see all of it.
            return value if rule is None or isinstance(shape.strategy, Truncate) else rule(value)
        value = _opened(value)
        if isinstance(value, Mapping):
            return self.mapping(value, shape, depth) if depth < self.max_depth else FILTERED
        if isinstance(value, _GROUPS):
            if depth >= self.max_depth:
                return FILTERED
            item = shape.item if shape is not None else None
            kept = [self.apply(one, item, depth + 1) for one in value]
            return [one for one in kept if one is not REMOVE]
        return value

    def mapping(self, value: Mapping[Any, Any], shape: Shape | None = None, depth: int = 0) -> dict[str, Any]:
        """Return a new dict; ``depth`` is its own."""
        fields, item = (NO_FIELDS, None) if shape is None else (shape.fields, shape.item)
        kept: dict[str, Any] = {}
        for key, one in value.items():
            name = key if key.__class__ is str else str(key)
            inner = fields.get(name, item)
            if inner is not None and inner.strategy is not None:
                changed = self.apply(one, inner, depth + 1)
                if changed is not REMOVE:
                    kept[name] = changed
            elif self.is_listed(name) and (inner is None or inner.open):
                kept[name] = None if one is None else FILTERED
            else:
                kept[name] = self.apply(one, inner, depth + 1)
        return kept


@attrs.frozen(eq=False)
class Sweep:
    """Scans texts, wherever they lie.

    Args:
        scanner: What to look for.
        max_depth: How deep to look.
    """

    scanner: Scanner
    max_depth: int

    def gather(self, value: Any, texts: list[str], shape: Shape = ANYTHING, depth: int = 0) -> bool:
        """Add every text of a value to ``texts``, keys too; return whether ``clean`` has work whatever they say."""
        strategy = shape.strategy
        if isinstance(strategy, Allow):
            return False
        opened = _opened(value)
        if opened is FILTERED and value is not FILTERED:
            return True
        value = opened
        if isinstance(value, str):
            texts.append(value)
            return isinstance(strategy, Truncate) and len(value) > strategy.length
        if isinstance(value, (bytes, bytearray)):
            texts.append(value.decode("latin-1"))
        if isinstance(strategy, Truncate):
            return value is not None
        if not isinstance(value, (Mapping, *_GROUPS)):
            return False
        if depth >= self.max_depth:
            return True
        parts: list[tuple[Any, Shape | None]]
        if isinstance(value, Mapping):
            names = [str(key) for key in value]
            texts += names
            parts = [(one, shape.fields.get(name, shape.item)) for name, one in zip(names, value.values(), strict=True)]
        else:
            parts = [(one, shape.item) for one in value]
        found = False
        for one, inner in parts:
            found |= self.gather(one, texts, inner or ANYTHING, depth + 1)
        return found

    def clean(self, value: Any, shape: Shape = ANYTHING, depth: int = 0) -> Any:
        """Return ``value`` with everything found in its texts replaced."""
        strategy = shape.strategy
        if isinstance(strategy, Allow):
            return value
        value = _opened(value)
        if isinstance(value, str):
            return self.scanner.redact(str.__str__(value), strategy.length if isinstance(strategy, Truncate) else None)
        if isinstance(strategy, Truncate):
            return None if value is None else FILTERED
        if isinstance(value, (bytes, bytearray)):
            return FILTERED if self.scanner.spans(value.decode("latin-1")) else value
        if not isinstance(value, (Mapping, *_GROUPS)):
            return value
        if depth >= self.max_depth:
            return FILTERED
        if isinstance(value, Mapping):
            return self._mapping(value, shape, depth)
        return [self.clean(one, shape.item or ANYTHING, depth + 1) for one in value]

    def _mapping(self, value: Mapping[Any, Any], shape: Shape, depth: int) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, one in value.items():
            name = self.scanner.redact(str(key))
            number = 2
            while name in kept:
                name, number = f"{self.scanner.redact(str(key))} {number}", number + 1
            kept[name] = self.clean(one, shape.fields.get(str(key), shape.item) or ANYTHING, depth + 1)
        return kept
