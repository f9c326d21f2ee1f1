"""The ends of a process: exit, SIGTERM and fork."""

from __future__ import annotations

import atexit
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

STARTING = threading.RLock()
"""Held while the runtime is imported, made and activated. A fork waits for it: a child of a process that
is in the middle of an import would find half a module, and its import lock held by nobody."""

_guarded: list[bool] = []
_watched: list[Callable[[float | None], object]] = []


def guard_forks() -> None:
    """Let forks wait for a start that is under way in another thread. Only the first call registers."""
    if not _guarded:
        _guarded.append(True)
        os.register_at_fork(before=STARTING.acquire, after_in_parent=STARTING.release, after_in_child=STARTING.release)


def watch_process(stop: Callable[[float | None], object], after_fork: Callable[[], None]) -> None:
    """Arrange that ``stop(None)`` runs at the end of the process and ``after_fork`` in forked children.

    Called at every start, and earlier where that may happen on another thread; only the first call registers.
    SIGTERM is taken only where nobody handles it: the signal's default would end the process without
    ``atexit``. An application or server that installs a handler, before or after, keeps it.
    """
    if not _watched:
        _watched.append(stop)
        atexit.register(stop, None)
        os.register_at_fork(after_in_child=after_fork)
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _stop_and_die)


def _stop_and_die(number: int, frame: FrameType | None) -> None:
    """Deliver, then let the signal do what it would have done."""
    for stop in _watched:
        stop(None)
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)
