"""The folder that holds the segments of all processes of an application."""

from __future__ import annotations

import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from e11y import E11yError
from e11y_dlq.segment import SUFFIX, Segment

_LOCK: Final = "lock"
_IGNORE: Final = ".gitignore"
_POLL_S: Final = 0.05
_TIME: Final = "%Y%m%dT%H%M%S"
_NAME = re.compile(r"(?P<time>\d{8}T\d{6})-\d+-\d+-[0-9a-f]{6}")


class Busy(E11yError):
    """Another replay or purge holds the dead letters."""


class Folder:
    """Where segments are. Nothing is created before the first letter.

    Args:
        path: Of the folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        """Make the folder, readable by its owner alone, and keep it out of version control.

        Raises:
            OSError: It cannot be made.
        """
        if (self.path / _IGNORE).exists():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            self.path.mkdir(mode=0o700)
        with suppress(FileExistsError):
            os.close(os.open(self.path / _IGNORE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            (self.path / _IGNORE).write_text("*\n", "utf-8")

    def is_writable(self) -> bool:
        """Return whether letters could be kept here, as far as permissions tell."""
        existing = next(one for one in (self.path, *self.path.absolute().parents) if one.exists())
        return existing.is_dir() and os.access(existing, os.W_OK | os.X_OK)

    def open_mode(self) -> int | None:
        """Return the permissions of the folder if it lets others than its owner in, else ``None``."""
        try:
            mode = stat.S_IMODE(self.path.stat().st_mode)
        except OSError:
            return None  # it is not there yet, or its letters cannot be kept, which is told elsewhere
        return mode if mode & 0o077 else None

    def segments(self) -> list[Segment]:
        """Return the segments, oldest first."""
        return [Segment(path) for path in sorted(self.path.glob(f"*{SUFFIX}"))]

    def size_bytes(self) -> int:
        """Return the bytes that all segments hold."""
        return sum(segment.size_bytes() for segment in self.segments())

    def new_segment(self, time_ns: int, number: int, chance: int) -> tuple[Segment, int]:
        """Return a new, empty segment and the handle to append to it; it is locked until that is closed.

        Args:
            time_ns: When it begins, which its name says.
            number: How many this process began before it.
            chance: 24 random bits: processes in containers may have the same number.

        Raises:
            OSError: It cannot be made; ``BlockingIOError`` or ``FileExistsError``: try with other bits.
        """
        self.create()
        begun = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
        segment = Segment(self.path / f"{begun:{_TIME}}-{os.getpid()}-{number:04d}-{chance:06x}{SUFFIX}")
        handle = os.open(segment.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.fstat(handle).st_nlink:
                raise BlockingIOError  # somebody tidied it away between the two calls
        except OSError:
            os.close(handle)
            raise
        return segment, handle

    def sync(self) -> None:
        """Bring the names of new segments to the disk: a file without its name is lost in a crash of the machine."""
        handle = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    @contextmanager
    def held(self, patience_s: float = 0.0) -> Iterator[None]:
        """Keep other replays, purges and housekeeping away. Those that only append go on.

        Args:
            patience_s: How long to wait for somebody else to let go.

        Raises:
            Busy: Somebody else still holds it.
        """
        self.create()
        handle = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            until = time.monotonic() + patience_s
            while not _locked(handle):
                if time.monotonic() >= until:
                    raise Busy(
                        "another replay or purge is under way",
                        where=str(self.path),
                        fix="wait for it to end; if its process dies, the lock goes with it",
                    )
                time.sleep(_POLL_S)
            yield
        finally:
            os.close(handle)


def _locked(handle: int) -> bool:
    """Lock a file, unless somebody else has; return whether it is ours."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def begun_ns(segment: Segment) -> int | None:
    """Return when a segment was begun, ``None`` when its name does not say it."""
    named = _NAME.fullmatch(segment.name)
    if named is None:
        return None
    return round(datetime.strptime(named["time"], _TIME).replace(tzinfo=UTC).timestamp()) * 1_000_000_000
