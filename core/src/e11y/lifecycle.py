"""The ends of a process: exit, SIGTERM and fork."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType

STARTING = threading.RLock()
"""Held while the runtime is imported, made and activated. A fork waits for it: a child of a process that
is in the middle of an import would find half a module, and its import lock held by nobody."""

EARLY: list[bool] = []
"""One for each call that came in the middle of a start on its own thread; the runtime counts them as disabled."""

_LAST = -100
"""Priority of our finalizer in a process of :mod:`multiprocessing`: after its queues have been emptied (-5)."""

_guarded: list[bool] = []
_finishing: list[bool] = []
_stopping: list[bool] = []
_postponed: list[int] = []
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
        os.register_at_fork(after_in_child=partial(_begin_anew, after_fork))
    _finish_children()
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _stop_and_die)


@contextmanager
def stopping() -> Iterator[None]:
    """Let a SIGTERM that comes during the block have its effect after it.

    Whoever stops a process may signal it more than once, or while it is about to end by itself; what is being
    delivered at that moment is not cut off. The block must take a bounded time.
    """
    _stopping.append(True)
    try:
        yield
    finally:
        _stopping.pop()
        if not _stopping:
            with suppress(IndexError):  # there was none, or another thread that stops has it
                os.kill(os.getpid(), _postponed.pop())  # not raise_signal: any thread may stop, the main one handles it


def _stop_and_die(number: int, frame: FrameType | None) -> None:
    """Deliver, then let the signal do what it would have done."""
    _postponed.append(number)  # before it is asked who stops: their last look at it may be the next that happens
    if _stopping:
        return
    _postponed.clear()
    _stop()
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


def _begin_anew(after_fork: Callable[[], None]) -> None:
    """Begin anew in a forked child. A SIGTERM in the middle of it would deliver what is still the parent's."""
    _stopping.clear()  # other threads of the parent did, which do not exist here
    _postponed.clear()
    with stopping():
        after_fork()
    _finish_children()  # the parent may have imported multiprocessing after its start


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
