"""A count that steps add to without a lock, and its recent course."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import count


class Tally:
    """Counts events and tells how many came lately.

    Attributes:
        add: Counts one. A single call into C, which no other thread can interrupt.

    Args:
        window_s: How far back ``recent`` looks.
        now: Seconds on the clock that readings use.
    """

    def __init__(self, window_s: float, now: float) -> None:
        self.add: Callable[[], int] = count().__next__
        self._window_s = window_s
        self._readings = 0
        self._marks: deque[tuple[float, int]] = deque([(now, 0)])

    def read(self, now: float) -> int:
        """Return the count since the beginning. One thread only: a reading consumes a step and takes it off again."""
        total = self.add() - self._readings
        self._readings += 1
        self._marks.append((now, total))
        while len(self._marks) > 1 and self._marks[1][0] <= now - self._window_s:
            self._marks.popleft()
        return total

    def recent(self) -> tuple[int, float]:
        """Return how many came within the window up to the last reading, and how many seconds that was."""
        (then, before), (now, total) = self._marks[0], self._marks[-1]
        return total - before, now - then
