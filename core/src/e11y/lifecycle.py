"""The ends of a process: exit, SIGTERM and fork."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

STARTING = threading.RLock()
"""Held while the runtime is imported, made and activated. A fork waits for it: a child of a process that
is in the middle of an import would find half a module, and its import lock held by nobody."""

_LAST = -100
"""Priority of our finalizer in a process of :mod:`multiprocessing`: after its queues have been emptied (-5)."""

_guarded: list[bool] = []
_finishing: list[bool] = []
_watched: list[Callable[[float | None], object]] = []


def guard_forks() -> None:
    """Let forks wait for a start that is under way in another thread. Only the first call registers."""
    if not _guarded:
        _guarded.append(True)
        os.register_at_fork(before=STARTING.acquire, after_in_parent=STARTING.release, after_in_child=STARTING.release)


def watch_process(stop: Callable[[float | None], object], after_fork: Callable[[], None]) -> None:
    """Arrange that ``stop(None)`` runs at the end of the process and ``after_fork`` in forked children.

    Called at every start, and earlier where that may happen on another thread; only the first call registers.
    Children of :mod:`multiprocessing` end past ``atexit``, by ``os._exit``: they get a finalizer of that module.
    SIGTERM is taken only where nobody handles it: the signal's default would end the process without
    ``atexit``. An application or server that installs a handler, before or after, keeps it.
    """
    if not _watched:
        _watched.append(stop)
        atexit.register(stop, None)
        os.register_at_fork(after_in_child=after_fork)
        os.register_at_fork(after_in_child=_finish_children)  # its parent may have imported multiprocessing later
    _finish_children()
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _stop_and_die)


def _stop_and_die(number: int, frame: FrameType | None) -> None:
    """Deliver, then let the signal do what it would have done."""
    _stop()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def _finish_children() -> None:
    """Arrange that every child of :mod:`multiprocessing` stops what it has started; only the first call registers.

    A child runs what was registered for after its fork once it has thrown away the finalizers of its parent, or
    those that were made while it imported the main module. A start inside of the child comes later than that.
    """
    util = sys.modules.get("multiprocessing.util")
    if util is None or _finishing:
        return
    _finishing.append(True)
    util.register_after_fork(_finishing_child, _finishing_child)
    _finishing_child()


def _finishing_child(this: object = None) -> None:
    """Let the present process stop at its end, if :mod:`multiprocessing` has started it."""
    del this
    from multiprocessing import parent_process, util  # noqa: PLC0415 - imported already, by whom it concerns

    if parent_process() is not None:
        util.Finalize(None, _stop, exitpriority=_LAST)


def _stop() -> None:
    for stop in _watched:
        stop(None)
