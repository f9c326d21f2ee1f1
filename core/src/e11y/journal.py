"""Where observations wait until they are added up, off the caller's path."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final

Fold = Callable[[tuple[Any, ...]], None]
"""Adds one row up. Must not raise: whoever settles would be told, in place of the plugin that it is about."""

SOFT_LIMIT: Final = 4096
"""Rows above which each writer adds a few up itself, so that the journal cannot grow without end."""

_HELP = 16
_PART = 512


class Journal:
    """Takes rows without a lock and adds them up in order, one at a time. For plugins that count.

        self.journal = Journal()
        write = self.journal.writer(self._fold)           # in e11y_observe: Observe(write, needs=("amount",))
        host.every(0.25, self.journal.settle)             # in e11y_started
        self.journal.forget()                             # in e11y_forked

    Writing is one append to a deque: any thread, signal handler and finaliser may do it. Adding up happens in
    whoever settles: the periodic job, a scrape, and writers while more than ``SOFT_LIMIT`` rows wait; a writer only
    tries the lock and never waits for it.

    Attributes:
        lock: Held while rows are added up, and by whoever reads the sums.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._rows: deque[tuple[int, tuple[Any, ...]]] = deque()
        self._folds: list[Fold] = []

    def __len__(self) -> int:
        return len(self._rows)

    def writer(self, fold: Fold) -> Callable[..., None]:
        """Return a function that writes its arguments down as a row for ``fold``. For the start, not for each event."""
        number = len(self._folds)  # not the function itself: rows of atoms cost the garbage collector nothing
        self._folds.append(fold)
        rows, append, help_out = self._rows, self._rows.append, self._help

        def write(*row: Any) -> None:
            append((number, row))
            if len(rows) > SOFT_LIMIT:
                help_out()

        return write

    def settle(self) -> None:
        """Add up what waits now; what is written meanwhile may wait for the next time."""
        waiting = len(self._rows)
        while waiting > 0:
            with self.lock:
                self._add_up(_PART)
            waiting -= _PART

    def _help(self) -> None:
        if self.lock.acquire(blocking=False):
            try:
                self._add_up(_HELP)
            finally:
                self.lock.release()

    def _add_up(self, amount: int) -> None:
        rows, folds = self._rows, self._folds
        for _ in range(amount):
            try:
                number, row = rows.popleft()
            except IndexError:  # empty
                return
            folds[number](row)

    def forget(self) -> None:
        """Begin anew, also when another thread of the parent was adding up. For forked children only."""
        self.lock = threading.Lock()
        self._rows.clear()
