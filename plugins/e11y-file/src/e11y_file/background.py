"""Work that must not hold up the lane: done on a thread that lives only while there is any."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

from e11y import start_thread

_ENDS_SOON_S = 0.5


class Background:
    """Does one kind of work when asked, one at a time; asking again while it is done repeats it once.

    A thread that stayed would cost each process one for a task that takes a second a day.

    Args:
        name: Of the thread.
        work: Does everything there is to do; breaks off once the event it is given is set.
        on_fault: Told of what ``work`` raised, or of a thread that could not be started.
    """

    def __init__(
        self, name: str, work: Callable[[threading.Event], None], on_fault: Callable[[str, BaseException], None]
    ) -> None:
        self.name = name
        self._work = work
        self._on_fault = on_fault
        self._forget()

    def _forget(self) -> None:
        """Start over without a thread: in a forked child there is none."""
        self._process = os.getpid()
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._asked = False
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        """Have the work done soon. Never waits for it."""
        if self._process != os.getpid():
            self._forget()
        with self._guard:
            self._asked = True
            if self._thread is not None or self._stopping.is_set():
                return
            try:
                self._thread = start_thread(self._run, name=self.name)
            except RuntimeError as error:  # the system has no thread left, or the interpreter shuts down
                self._on_fault(f"start of thread {self.name}", error)

    def close(self, timeout_s: float) -> None:
        """Wait up to ``timeout_s`` seconds for the end of the work, then have it break off."""
        thread = self._thread
        if thread is not None:
            thread.join(max(0.0, timeout_s))
        self._stopping.set()
        if thread is not None:
            thread.join(_ENDS_SOON_S)

    def _run(self) -> None:
        while self._is_wanted():
            try:
                self._work(self._stopping)
            except Exception as error:  # noqa: BLE001 - reported; the next request tries again
                self._on_fault(self.name, error)

    def _is_wanted(self) -> bool:
        with self._guard:
            wanted, self._asked = self._asked and not self._stopping.is_set(), False
            if not wanted:
                self._thread = None
            return wanted
