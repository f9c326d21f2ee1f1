"""The keeper: what one process does about its dead letters."""

from __future__ import annotations

import errno
import threading
from typing import Final

from e11y import E11yError, Host, Record, start_thread
from e11y_dlq.dead_letters import DeadLetters
from e11y_dlq.entry import line_of
from e11y_dlq.folder import Busy
from e11y_dlq.settings import DlqSettings
from e11y_dlq.storage import StorageFailed
from e11y_dlq.writer import Writer

_TIDY_S: Final = 3600.0
_AGAIN_S: Final = 60.0


class DeadLettersFull(E11yError):
    """There is no room for a letter of its importance."""


class Keeper:
    """Writes letters, and tidies up on a thread of its own, which starts when there is something to do.

    Args:
        letters: Of the application.
        settings: Of the plugin.
        host: Of the plugin.
    """

    def __init__(self, letters: DeadLetters, settings: DlqSettings, host: Host) -> None:
        self._letters = letters
        self._settings = settings
        self._host = host
        self._writer = Writer(letters.folder, settings, host.clock, host.random, self._finished)
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._tidy_due_s = host.clock.monotonic()

    def keep(self, record: Record, adapter: str, reason: str, share: float) -> bool:
        """Write a letter; return whether it is safe. What goes wrong is reported, never raised.

        Args:
            record: As the hook is given it.
            adapter: Purpose name, or an empty text.
            reason: Why it was given up.
            share: Of ``max_size``, how much may be full with this letter.
        """
        line = line_of(record, adapter, reason, self._host.clock.time_ns())
        try:
            if self._writer.append(line, share):
                self._host.count("kept")
                return True
        except OSError as error:
            self._host.count("unwritable")
            self._host.fault(f"writing a dead letter ({errno.errorcode.get(error.errno or 0, 'no code')})", error)
            return False
        self._host.count("refused_full")
        self._host.fault("making room for a dead letter", DeadLettersFull("there is no room"))
        return False

    def tend(self) -> None:
        """Do what is due, or have it done. For once a second, and quick."""
        try:
            self._writer.tend()
        except OSError as error:
            self._host.fault("bringing dead letters to the disk", error)
        if self._host.clock.monotonic() >= self._tidy_due_s and self._letters.folder.path.is_dir():
            self._wake_up()

    def close(self) -> None:
        """Finish the segment; with a storage, wait some time for it to be moved."""
        try:
            self._writer.close()
        except OSError as error:
            self._host.fault("bringing dead letters to the disk", error)
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(self._settings.upload_timeout_s)

    def abandon(self) -> None:
        """Let go of what is the parent's. For forked children."""
        self._writer.abandon()

    def _finished(self) -> None:
        if self._letters.storage is not None:
            self._wake_up()

    def _wake_up(self) -> None:
        self._tidy_due_s = self._host.clock.monotonic() + _TIDY_S
        self._wake.set()
        if self._thread is None or not self._thread.is_alive():
            try:
                self._thread = start_thread(self._run, name="e11y-dlq")
            except RuntimeError:  # the interpreter shuts down: the next process moves what is left
                return

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            last = self._stopping
            self._tidy()
            if last:
                return

    def _tidy(self) -> None:
        try:
            gone = self._letters.tidy(
                self._host.clock.time_ns(), self._settings.max_age_s, self._settings.segment_age_s
            )
        except Busy:
            self._tidy_due_s = self._host.clock.monotonic() + _AGAIN_S
        except StorageFailed as error:  # the segments stay here
            self._tidy_due_s = self._host.clock.monotonic() + _AGAIN_S
            self._host.fault(f"moving dead letters to the storage ({error.kind})", error)
        except Exception as error:  # noqa: BLE001 - nothing must end the thread, and the segments stay here
            self._tidy_due_s = self._host.clock.monotonic() + _AGAIN_S
            self._host.fault("tidying up dead letters", error)
        else:
            if gone:
                self._host.count("expired", gone)
