"""A segment: one file of entries, written by one process, read and marked by any."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from e11y_dlq import entry
from e11y_dlq.entry import REMOVED, Unreadable
from e11y_dlq.letter import Letter

SUFFIX: Final = ".jsonl"


@attrs.frozen(eq=False)
class Stored:
    """A letter and where it is kept.

    Args:
        letter: What the entry says.
        line: Its record in the bytes that were to be sent.
        offset: Of the entry in its segment.
        length: Of the entry, line end included.
    """

    letter: Letter
    line: bytes = attrs.field(repr=False)
    offset: int
    length: int


@attrs.define
class Unread:
    """What a reading left out.

    Args:
        damaged: Lines that are no entries: torn by a crash, or damaged.
        foreign: Entries of a format that this version does not know.
    """

    damaged: int = 0
    foreign: int = 0


class Segment:
    """One file of a directory of dead letters.

    The process that writes it holds a lock on it as long as it does; the kernel releases that with the
    process. Everybody may read meanwhile, and remove entries: that writes over them in place.

    Args:
        path: Of the file; it may be gone.
        changed: Whether it differs from what it is a copy of.
    """

    def __init__(self, path: Path, *, changed: bool = False) -> None:
        self.path = path
        self.name = path.name.removesuffix(SUFFIX)
        self.changed = changed

    def read(self, unread: Unread | None = None) -> Iterator[Stored]:
        """Yield the letters that are whole now, oldest first; what is appended meanwhile is left for later.

        Args:
            unread: Is told what was left out.
        """
        unread = Unread() if unread is None else unread
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            end = os.fstat(file.fileno()).st_size
            offset = 0
            while offset < end:
                line = file.readline()
                start, offset = offset, offset + len(line)
                if not line or line[:1] == REMOVED:
                    continue
                try:
                    letter, sent = entry.read(line, f"{self.name}:{start}")
                except Unreadable as error:
                    self._count(unread, error, torn=not line.endswith(b"\n"))
                else:
                    yield Stored(letter, sent, start, len(line))

    def is_in_use(self) -> bool:
        """Return whether a process writes to it."""
        try:
            handle = os.open(self.path, os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
        return False

    def is_empty(self) -> bool:
        """Return whether it holds no letter.

        Torn lines are none: their writer never said that they are safe. An entry of an unknown format is
        somebody's letter.
        """
        unread = Unread()
        return not any(True for _ in self.read(unread)) and not unread.foreign

    def size_bytes(self) -> int:
        """Return the size of the file, 0 when it is gone."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return 0

    def remove(self, gone: Iterable[Stored]) -> None:
        """Overwrite entries with spaces: they are gone from the disk, the others stay where they are.

        The first byte is written first, and one byte arrives or does not: each entry is there or gone.
        """
        with self._opened() as handle:
            for stored in gone:
                os.pwrite(handle, REMOVED * (stored.length - 1), stored.offset)
            os.fsync(handle)

    def note_failure(self, stored: Stored, failed_ns: int, reason: str) -> None:
        """Write down that an entry was given up once more."""
        with self._opened() as handle:
            line = os.pread(handle, stored.length, stored.offset)
            at, spent = entry.spent_again(line, stored.letter.failures + 1, failed_ns, reason)
            os.pwrite(handle, spent, stored.offset + at)

    def delete_if_empty(self) -> bool:
        """Delete the file if nobody writes to it and it holds no letter; return whether it is gone."""
        if self.is_in_use() or not self.is_empty():
            return False
        self.path.unlink(missing_ok=True)
        return True

    @contextmanager
    def _opened(self) -> Iterator[int]:
        handle = os.open(self.path, os.O_RDWR)
        try:
            yield handle
            self.changed = True
        finally:
            os.close(handle)

    def _count(self, unread: Unread, error: Unreadable, *, torn: bool) -> None:
        if error.foreign:
            unread.foreign += 1
        elif not torn or not self.is_in_use():  # else its writer is in the middle of it
            unread.damaged += 1
