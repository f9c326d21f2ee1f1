"""Counts of what limits suppressed, kept without a lock."""

from __future__ import annotations

from itertools import count


class Tally:
    """Counts on any thread, is read on one.

    Attributes:
        add: Adds one; a single step of the interpreter, so no two threads can disturb each other.
    """

    __slots__ = ("_count", "_readings", "_taken", "add")

    def __init__(self) -> None:
        self._count = count()
        self.add = self._count.__next__
        self._readings = 0
        self._taken = 0

    def take(self) -> int:
        """Return what was counted since the last call. Reading uses up a step, which is taken off again."""
        total = self.add() - self._readings
        self._readings += 1
        new, self._taken = total - self._taken, total
        return new
