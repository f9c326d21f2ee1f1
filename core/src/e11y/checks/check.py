"""A check: how the values of one annotated type are accepted, copied, stored and read back.

Each check says the same thing twice. ``fast`` is an expression that the compiler writes into the event
type's function; it is true for the values that need no second look. ``accept`` is a function for
everything else: it takes the unusual but legal (a subclass of ``str``) and words the refusals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import attrs

MAX_DEPTH = 8
MAX_NODES = 1_000
MAX_BYTES = 64 * 1024


class Refused(Exception):
    """A value does not fit. Holds a path below the field and a reason, never the value."""

    def __init__(self, reason: str, path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


class Exceeded(Refused):
    """A structure is larger than a record may hold: the field's fault as a whole, so its path does not grow."""


class UnsupportedType(Exception):
    """An annotation that no check exists for."""


class Budget:
    """How much of a structure may still be copied: depth 8, 1 000 nodes, 64 KiB of text per field."""

    __slots__ = ("bytes", "nodes")

    def __init__(self) -> None:
        self.nodes = MAX_NODES
        self.bytes = MAX_BYTES

    def spend(self, depth: int, size: int = 0) -> None:
        """Take one node and ``size`` bytes.

        Raises:
            Exceeded: The structure is larger than a record may hold.
        """
        self.nodes -= 1
        self.bytes -= size
        if depth > MAX_DEPTH:
            raise Exceeded(f"is nested deeper than {MAX_DEPTH}")
        if self.nodes < 0:
            raise Exceeded(f"has more than {MAX_NODES} values")
        if self.bytes < 0:
            raise Exceeded(f"holds more than {MAX_BYTES // 1024} KiB of text")


_UNNAMED = re.compile(r"_([a-z]+)_[0-9a-f]{9,}")

Accept = Callable[[Any, Budget, int], Any]
"""``accept(value, budget, depth)`` returns the value to keep, or raises ``Refused``."""


@attrs.frozen(eq=False)
class Check:
    """How values of one type pass.

    Args:
        expects: For messages: ``a str``, ``one of 'EUR', 'USD'``.
        accept: The slow, complete form.
        fast: Expression over ``{v}`` that is true when ``{v}`` may be kept as it is; ``None``: values
            must be copied, see ``copy``.
        copy: Expression over ``{v}`` that gives a copy, or ``_MISSING`` when ``accept`` has to look.
        names: Constants that ``fast``, ``copy``, ``store`` and ``size`` mention.
        store: Expression over ``{v}`` for what goes into the entry, when it is not the value itself.
        restore: Turns what was stored back.
        size: Expression over ``{v}`` for the bytes of its texts, when there is no small bound.
        json_type: JSON Schema of the encoded value.
        bounds: Words of the constraints on top of the type: ``must be greater than 0``.
    """

    expects: str
    accept: Accept
    fast: str | None = None
    copy: str | None = None
    names: Mapping[str, Any] = attrs.field(factory=dict)
    store: str | None = None
    restore: Callable[[Any], Any] | None = None
    size: str | None = None
    json_type: Mapping[str, Any] = attrs.field(factory=dict)
    bounds: tuple[str, ...] = ()


def named(value: Any, stem: str) -> str:
    """Return a name for a constant of generated code that no other constant shares."""
    return f"_{stem}_{id(value):012x}"


def titled(check: Check, field: str) -> Check:
    """Return ``check`` with its constants named after the field, so that the generated source can be read."""
    unnamed = [name for name in check.names if _UNNAMED.match(name)]
    names: dict[str, str] = {}
    for name in sorted(unnamed, key=len, reverse=True):
        stem = _UNNAMED.sub(r"_\1", name)
        number = sum(1 for given in names.values() if given.startswith(f"{stem}_{field}"))
        names[name] = f"{stem}_{field}{number or ''}"

    def renamed(expression: str | None) -> str | None:
        for name, title in names.items():
            expression = expression and expression.replace(name, title)
        return expression

    return attrs.evolve(
        check,
        fast=renamed(check.fast),
        copy=renamed(check.copy),
        store=renamed(check.store),
        size=renamed(check.size),
        names={names.get(name, name): value for name, value in check.names.items()},
    )


def article(noun: str) -> str:
    """Return ``a str``, ``an int``."""
    vowel = noun[:1].lower() in "aeio" or noun[:2] in ("un", "up")
    return f"{'an' if vowel else 'a'} {noun}"


def mismatch(expects: str, value: Any) -> Refused:
    """Return the refusal of a value of the wrong type; only the type's name is told."""
    if value is None:
        return Refused(f"must be {expects}, not None")
    return Refused(f"must be {expects}, not {article(type(value).__name__)}")
