"""Threads that work for e11y: marked as such, and never the ones that a signal goes to."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from e11y.adapter import writing

_OF_A_THREAD = {
    getattr(signal, name)
    for name in ("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGPROF", "SIGSEGV", "SIGSYS", "SIGTRAP")
    if hasattr(signal, name)
}
"""Signals that a thread causes itself, and the one of profilers."""


class _Present(threading.local):
    is_own: bool = False


_present = _Present()


def start_thread(work: Callable[[], object], *, name: str) -> threading.Thread:
    """Start a daemon thread that works for e11y, and return it. For plugins that need one of their own.

    Args:
        work: What it does. :func:`is_own_thread` is true while it does so.
        name: For people; begin it with ``e11y-``.

    Raises:
        RuntimeError: The system has no thread to give, or the interpreter shuts down.
    """

    def owned() -> None:
        _present.is_own = True
        try:
            work()
        finally:
            _present.is_own = False  # under gevent the next one may run in the same thread

    thread = threading.Thread(target=owned, name=name, daemon=True)
    with _without_signals():
        thread.start()
    return thread


def is_own_thread() -> bool:
    """Return whether the present thread works for e11y just now, so that what happens on it is no news.

    True on core's workers and in :func:`start_thread`, and on any thread while it is in ``write_batch`` or
    ``close``: at the end of the process the main thread may deliver. Whoever makes events of what libraries do
    asks this first; otherwise each delivery would make events to deliver.
    """
    return _present.is_own or writing.deadline is not None


@contextmanager
def _without_signals() -> Iterator[None]:
    """Let a thread that is started inside the block never be the one to which the system hands a signal.

    Python runs handlers on the main thread alone. A signal that another thread gets does not interrupt what the
    main thread waits in: a ``time.sleep`` or ``signal.pause`` would go on, and the process would not end.
    A mask that the thread sets itself was rejected: under gevent it is no thread, but a part of this one.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    try:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals() - _OF_A_THREAD)
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
