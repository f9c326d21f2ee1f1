"""The file that lines are appended to, shared with other processes."""

from __future__ import annotations

import fcntl
import os
import stat
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from e11y_file.archive import Archive
from e11y_file.directory import sync_directory

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_FIRST_PAUSE_S = 0.0005
_LONGEST_PAUSE_S = 0.02
_MOST_OPENINGS = 10


class Unwritten(Exception):
    """Lines could not be appended.

    Args:
        error: Why.
        remains: How many of them, from the first, are in the file nevertheless, as they could not be taken back.
    """

    def __init__(self, error: OSError, remains: int) -> None:
        super().__init__(error.strerror)
        self.error = error
        self.remains = remains


class LogFile:
    """One file by its path, under whose lock everything happens that changes it or its name.

    The lock is an advisory one (flock(2)) on the file itself. Whoever got it looks whether the path still
    leads to the file that is open, and opens the new one if not. So a line lands in a file only while the
    file has its name, and a file that lost its name under the lock never changes again: it can be compressed.
    A lock file beside it was rejected: it stays behind, and cannot be made where only the log file is ours.

    One thread at a time locks, appends, rotates; ``sync`` may run beside it.

    Args:
        path: Absolute; may be a symbolic link.
        mode: Permissions of a file that is made here.
        fsync: When lines are forced to the disk.
        on_torn: Called for each line that turns out not to be written to its end.

    Attributes:
        state: What the file was like when it was locked.
    """

    state: os.stat_result

    def __init__(
        self,
        path: Path,
        mode: int,
        fsync: Literal["never", "batch", "interval"],
        on_torn: Callable[[], object],
    ) -> None:
        self.path = path
        self._on_torn = on_torn
        self._mode = mode
        self._fsync = fsync
        self._descriptor: int | None = None
        self._end = -1
        self._watches_forks = False
        self.forget()

    def forget(self) -> None:
        """Close the file as it is. A forked child has to: it would share the lock of its parent."""
        self._guard = threading.Lock()
        self._process = os.getpid()
        self._close()

    @property
    def target(self) -> Path:
        """Where the path leads to now."""
        return Path(os.path.realpath(self.path))

    def lock(self, may_wait: Callable[[float], bool]) -> None:
        """Open the file unless it is open, and wait for its lock.

        Args:
            may_wait: Told for how many seconds the lock was waited for; returns whether to go on.

        Raises:
            OSError: The file cannot be opened; a ``TimeoutError``: somebody holds the lock.
        """
        if self._process != os.getpid():
            self.forget()
        replaced: OSError = OSError(0, "the path leads to another file each time")
        for _ in range(_MOST_OPENINGS):
            try:
                descriptor = self._descriptor if self._descriptor is not None else self._open()
            except FileNotFoundError as error:  # renamed between two looks
                replaced = error
                continue
            try:
                _wait_for_lock(descriptor, may_wait)
                self.state = os.fstat(descriptor)
                if self._is_at_path():
                    return
            except BaseException:
                self.leave()
                raise
            self.leave()
        raise replaced

    def unlock(self) -> None:
        """Let others write. Does nothing when the file was left meanwhile."""
        if self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def append(self, lines: Sequence[bytes]) -> None:
        """Append each line and a line end, under the lock: all of them or none.

        Args:
            lines: Without line ends.

        Raises:
            Unwritten: They could not be written, or not be forced to the disk.
        """
        descriptor, start = self._locked_descriptor(), self.state.st_size
        data = b"\n".join([*lines, b""])
        if self._has_torn_end():
            data = b"\n" + data
        sent = 0
        try:
            while sent < len(data):
                sent += os.write(descriptor, data[sent:] if sent else data)
            if self._fsync == "batch":
                os.fsync(descriptor)
        except OSError as error:
            self._end = -1
            taken_back = _cut(descriptor, start)
            # What is written but not safe is better written again than called safe.
            safe = 0 if taken_back or self._fsync == "batch" else sent
            raise Unwritten(error, data[:safe].lstrip(b"\n").count(b"\n")) from None
        self._end = start + sent
        self._waits_for_sync = self._fsync == "interval"

    def rotate(self) -> Path:
        """Give the file a name that tells the time of its last line, and leave it; return the name.

        Raises:
            OSError: The name cannot be changed; the file stays as it was, open and locked.
        """
        target = self.target
        rotated = Archive(target).next(self.state.st_mtime_ns).plain
        if self._has_torn_end():
            # Or it would damage the first line of the next file, too, when both are read in a row.
            os.write(self._locked_descriptor(), b"\n")
            self.state = os.fstat(self._locked_descriptor())
            self._end = self.state.st_size
        self.sync()
        target.rename(rotated)
        self.leave()
        return rotated

    def sync(self) -> None:
        """Force to the disk what waits for the end of its interval. May be called from any thread.

        Raises:
            OSError: The disk does not confirm it.
        """
        with self._guard:
            if self._descriptor is None or not self._waits_for_sync:
                return
            self._waits_for_sync = False
            descriptor = os.dup(self._descriptor)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def leave(self) -> None:
        """Sync, unlock and close the file.

        Raises:
            OSError: The disk does not confirm what was appended. The file is closed nevertheless.
        """
        try:
            self.sync()
        finally:
            with self._guard:
                self.unlock()  # not by closing: a child that was forked at this moment may have it open, too
                self._close()

    def _close(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        self._end = -1  # where the last append ended, as long as nobody can have appended since
        self._waits_for_sync = False
        if descriptor is not None:
            with suppress(OSError):  # it is closed, whatever close(2) says
                os.close(descriptor)

    def _open(self) -> int:
        if not self._watches_forks:
            self._watches_forks = True
            _forget_in_children(weakref.ref(self))
        target = self.target
        target.parent.mkdir(mode=self._mode | (self._mode & 0o444) >> 2, parents=True, exist_ok=True)
        try:
            descriptor = os.open(target, _FLAGS | os.O_CREAT | os.O_EXCL, self._mode)
        except FileExistsError:
            descriptor = os.open(target, _FLAGS)
        else:
            os.fchmod(descriptor, self._mode)
            if self._fsync != "never":
                sync_directory(target.parent)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(0, "it is no regular file")
        self._descriptor = descriptor
        return descriptor

    def _has_torn_end(self) -> bool:
        """Return whether somebody did not write the last line to its end, and tell of it."""
        size = self.state.st_size
        if not size or size == self._end:
            return False
        torn = os.pread(self._locked_descriptor(), 1, size - 1) not in (b"\n", b"")
        if torn:
            self._on_torn()
        return torn

    def _locked_descriptor(self) -> int:
        assert self._descriptor is not None, "append() without lock()"
        return self._descriptor

    def _is_at_path(self) -> bool:
        try:
            found = os.stat(self.path)  # noqa: PTH116 - for each batch, in a third of the time
        except FileNotFoundError:
            return False
        return (found.st_dev, found.st_ino) == (self.state.st_dev, self.state.st_ino)


def _wait_for_lock(descriptor: int, may_wait: Callable[[float], bool]) -> None:
    waited, pause = 0.0, _FIRST_PAUSE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not may_wait(waited):
                raise TimeoutError(0, "another process holds its lock") from None
        else:
            return
        time.sleep(pause)
        waited, pause = waited + pause, min(2 * pause, _LONGEST_PAUSE_S)


def _cut(descriptor: int, size: int) -> bool:
    """Take back what was appended beyond ``size``; return whether that worked."""
    try:
        # Not blindly: somebody may have emptied the file meanwhile, and it would grow to `size` again.
        if os.fstat(descriptor).st_size > size:
            os.ftruncate(descriptor, size)
    except OSError:
        return False
    return True


def _forget_in_children(file: weakref.ref[LogFile]) -> None:
    def forget() -> None:
        found = file()
        if found is not None:
            found.forget()

    os.register_at_fork(after_in_child=forget)
