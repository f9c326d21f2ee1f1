"""A wake-up call that anything may give, from anywhere."""

from __future__ import annotations

import threading

_LONGEST_WAIT_S = 3600.0


class Wake:
    """A raw lock used as a binary semaphore.

    ``wake()`` takes no lock and never blocks, so signal handlers, ``__del__`` and garbage collector
    callbacks may call it. ``threading.Event`` was rejected: its ``set`` takes a lock that a handler
    running inside ``set`` would wait for, and it costs twenty times as much.
    """

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start over, asleep. For forked children only: whoever waits is not told."""
        self._lock = threading.Lock()
        self._lock.acquire()

    def wait(self, timeout_s: float) -> bool:
        """Wait until somebody wakes or ``timeout_s`` seconds passed; return whether somebody did."""
        return self._lock.acquire(timeout=min(max(timeout_s, 0.0), _LONGEST_WAIT_S))

    def wake(self) -> None:
        """Let one ``wait`` return: the one that is under way, or the next."""
        try:
            self._lock.release()
        except RuntimeError:
            return  # "release unlocked lock": it is awake already
