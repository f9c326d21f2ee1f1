"""A background thread that works when something is due."""

from __future__ import annotations

import threading
from collections.abc import Callable

from e11y.delivery.wake import Wake
from e11y.threads import start_thread

_AFTER_FAULT_S = 1.0


class Worker:
    """Runs ``work`` again and again on a daemon thread of its own, once it was started.

    Args:
        name: Of the thread.
        work: Does what is due and returns for how many seconds nothing will be.
        finish: Runs once on the thread, after the last ``work``.
        wake: Cuts the waiting short.
        on_fault: Told of what ``work`` or ``finish`` raised; the thread goes on.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], float],
        finish: Callable[[], None],
        wake: Wake,
        on_fault: Callable[[str, str, BaseException], None],
    ) -> None:
        self.name = name
        self.wake = wake
        self._work = work
        self._finish = finish
        self._on_fault = on_fault
        self.reset()

    def reset(self) -> None:
        """Forget the thread. For forked children only: it lives in the parent."""
        self.stopping = False
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    @property
    def alive(self) -> bool:
        thread = self._thread
        return thread is not None and thread.is_alive()

    @property
    def is_current(self) -> bool:
        """Whether the calling thread is this one."""
        thread = self._thread
        return thread is not None and thread.ident == threading.get_ident()

    def start(self) -> bool:
        """Start the thread unless it runs; return whether it runs. Cheap, and never waits for another starter.

        The interpreter refuses new threads while it shuts down, and the system may at any time: then
        the caller has to do the work itself, and the next call tries again.
        """
        if self._thread is not None:
            return self.alive
        if not self._starting.acquire(blocking=False):
            return False
        try:
            if not self.alive and not self.stopping:
                self._thread = start_thread(self._run, name=self.name)
        except RuntimeError as error:
            if "shutdown" not in str(error):  # at the end of the process that is how it is (CPython 3.12)
                self._on_fault(self.name, "start of its thread", error)
        finally:
            self._starting.release()
        return self.alive

    def stop(self) -> None:
        """Ask the thread to end after what it is doing."""
        self.stopping = True
        self.wake.wake()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread to end; return whether none runs."""
        thread = self._thread
        if thread is not None and not self.is_current:
            thread.join(max(0.0, timeout_s))
        return not self.alive

    def _run(self) -> None:
        self._thread = threading.current_thread()  # its starter may be interrupted before it says so
        while not self.stopping:
            pause_s = self._guarded(self._work)
            if pause_s and not self.stopping:
                self.wake.wait(pause_s)
        self._guarded(self._finish)

    def _guarded(self, call: Callable[[], float | None]) -> float:
        try:
            return call() or 0.0
        except BaseException as error:  # noqa: BLE001 - SystemExit from a plugin must not end delivery
            self._on_fault(self.name, "background work", error)
            return _AFTER_FAULT_S
