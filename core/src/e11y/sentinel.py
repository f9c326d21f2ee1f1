"""Constants that stand for the absence of a value."""

from __future__ import annotations

from typing import Final


class Sentinel:
    """A constant with a name. It has no state, so the garbage collector never looks at it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return type(self).__name__.strip("_")

    def __reduce__(self) -> str:
        return type(self).__name__.strip("_")


class _MISSING(Sentinel):
    __slots__ = ()


class _REMOVE(Sentinel):
    __slots__ = ()


MISSING: Final = _MISSING()
"""The caller did not pass this field, or a failed enricher did not add it."""

REMOVE: Final = _REMOVE()
"""Answer of a filter: this field must not leave the process."""
