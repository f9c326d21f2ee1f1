"""The adapter: each batch becomes lines at the end of a file."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from e11y import Capabilities, DeliveryError, Host, Partial, Record, Rejected, Retryable, current_deadline
from e11y_file.background import Background
from e11y_file.log_file import LogFile, Unwritten
from e11y_file.rotation import Rotation
from e11y_file.settings import FileSettings
from e11y_file.tidying import Tidying

_LOCK_S = 2.0
_CLOSE_S = 5.0
_SPARE_S = 0.2
_TIDY_EVERY_S = 3600.0


class FileAdapter:
    """Appends each batch to a file that it rotates, and tends the rotated files in the background.

    Whatever is wrong with a disk may be over in a while, so every ``OSError`` is told as ``Retryable``. What
    was written of a batch is taken back before that: nothing is lost, nothing comes twice.

    Args:
        settings: Where to write, when to rotate, what to keep.
        host: Clock, counters, faults.
    """

    def __init__(self, settings: FileSettings, host: Host) -> None:
        self.capabilities = Capabilities(
            # An audit event has to be on the disk once it is acknowledged, and to stay there for its time.
            audit=settings.fsync == "batch" and settings.keep_files is None and settings.keep_bytes is None,
        )
        self._settings = settings
        self._host = host
        path = Path(os.path.abspath(settings.path))  # noqa: PTH100 - resolve() would follow links, once and for all
        self._file = LogFile(path, int(settings.mode, 8), settings.fsync, partial(host.count, "torn_lines"))
        self._rotation = Rotation(settings)
        self._tidier = Background("e11y-file-tidy", Tidying(self._file, settings, host).run, host.fault)
        self._syncer = Background("e11y-file-sync", self._sync_later, host.fault)
        self._tidy_at_s = float("-inf")
        self._closed = False
        self._missing_bytes = 0
        """What found no room the last time; a full disk may have some left, but less than a batch takes."""

    def write_batch(self, records: Sequence[Record]) -> None:
        """Append a JSON line per record.

        Raises:
            Retryable: The file cannot be opened or written, or its lock was not to be had.
            Partial: The same, for the rest of the batch.
            Rejected: The adapter is closed.
        """
        if self._closed:
            raise Rejected("the adapter is closed")
        lines = [*map(Record.encoded, records)]
        written = 0
        try:
            while written < len(lines):
                self._file.lock(self._may_wait)
                try:
                    written += self._append(lines[written:] if written else lines)
                finally:
                    self._file.unlock()
        except Unwritten as failure:
            raise self._failed(failure.error, written + failure.remains, lines) from None
        except OSError as error:
            raise self._failed(error, written, lines) from None
        self._missing_bytes = 0
        if self._settings.fsync == "interval":
            self._syncer.ask()
        now = self._host.clock.monotonic()
        if now >= self._tidy_at_s:
            self._tidy_at_s = now + _TIDY_EVERY_S
            self._tidier.ask()

    def healthy(self) -> bool:
        """Return whether the file, or the directory it is to be made in, can be written and the disk has room.

        There is no room as long as what found none the last time would find none.
        """
        try:
            return not self._closed and _is_writable(self._file.target, max(1, self._missing_bytes))
        except OSError:
            return False

    def close(self) -> None:
        """Force to the disk what has to be, let a compression finish if there is time, close the file."""
        self._closed = True
        try:
            self._file.leave()
        except OSError as error:
            self._fault("fsync", error)
        deadline = current_deadline()
        left = _CLOSE_S if deadline is None else deadline - self._host.clock.monotonic() - _SPARE_S
        self._syncer.close(0.0)
        self._tidier.close(left)

    def _append(self, lines: Sequence[bytes]) -> int:
        """Append what fits into the file, after a rotation if one is due; return how many lines. The lock is ours."""
        count = len(lines)
        if self._rotation.is_due(self._file.state, lines[0], self._host.clock.time_ns()):
            try:
                self._file.rotate()
            except OSError as error:
                # A directory that is not ours: a file that grows too large is better than lines that wait.
                self._fault("rotation", error)
            else:
                self._host.count("rotations")
                self._tidy_at_s = float("-inf")
                return 0
        else:
            count = self._rotation.count_fitting(self._file.state.st_size, lines)
        self._file.append(lines if count == len(lines) else lines[:count])
        return count

    def _failed(self, error: OSError, written: int, lines: Sequence[bytes]) -> DeliveryError:
        self._fault("write", error)
        if error.errno == errno.ENOSPC:
            self._missing_bytes = sum(len(line) + 1 for line in lines[written:])
        failure = Retryable(f"{self._file.path}: {_reason(error)}")
        return Partial(dict.fromkeys(range(written, len(lines)), failure)) if written else failure

    def _fault(self, operation: str, error: OSError) -> None:
        self._host.fault(f"{operation} of {self._file.path} ({_reason(error)})", error)

    def _may_wait(self, waited_s: float) -> bool:
        deadline = current_deadline()
        return waited_s < _LOCK_S and (deadline is None or self._host.clock.monotonic() < deadline)

    def _sync_later(self, stopping: threading.Event) -> None:
        stopping.wait(self._settings.fsync_interval_s)
        try:
            self._file.sync()
        except OSError as error:
            self._fault("fsync", error)


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _is_writable(target: Path, room_bytes: int) -> bool:
    found = target
    while not found.exists():
        found = found.parent
    disk = os.statvfs(found)
    has_room = disk.f_bavail * disk.f_frsize >= room_bytes or disk.f_blocks == 0
    if found == target:
        return has_room and found.is_file() and os.access(found, os.R_OK | os.W_OK)
    return has_room and found.is_dir() and os.access(found, os.W_OK | os.X_OK)
