"""The ends of a process: exit, SIGTERM and fork."""

from __future__ import annotations

import atexit
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType

_watched: list[Callable[[float | None], object]] = []


def watch_process(stop: Callable[[float | None], object], after_fork: Callable[[], None]) -> None:
    """Arrange that ``stop(None)`` runs at the end of the process and ``after_fork`` in forked children.

    Called at every start; only the first call registers. SIGTERM is taken only where nobody handles it:
    the signal's default would end the process without ``atexit``. An application or server that installs
    a handler, before or after, keeps it.
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
