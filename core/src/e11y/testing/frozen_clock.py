"""A clock that stands still until a test moves it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


class FrozenClock:
    """Shows the same moment until ``advance()`` is called. Safe to read from any thread.

    Each reading of ``time_ns`` is one nanosecond later than the last, so that events keep the order in
    which they were tracked; no text that e11y writes shows less than a microsecond.

    Args:
        start: Where the clock stands at first.
    """

    def __init__(self, start: datetime = NOON) -> None:
        self._start_ns = round(start.replace(microsecond=0).timestamp()) * 1_000_000_000 + start.microsecond * 1_000
        self._ticks = itertools.count()
        self._elapsed_ns = 0
        self.time_ns: Callable[[], int] = lambda: self._start_ns + self._elapsed_ns + next(self._ticks)
        self.monotonic: Callable[[], float] = lambda: self._elapsed_ns / 1e9

    def advance(self, seconds: float) -> None:
        """Move both times forward.

        Raises:
            ValueError: ``seconds`` is negative; ``monotonic`` never goes back.
        """
        if seconds < 0:
            raise ValueError("a clock cannot be moved back; make a new one with start=...")
        self._elapsed_ns += round(seconds * 1e9)
