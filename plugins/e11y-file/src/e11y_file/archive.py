"""The names of rotated files, which tell their order."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STAMP = "%Y%m%dT%H%M%S"
_PLAIN, _COMPRESSED, _HIDDEN = "plain", "compressed", "hidden"


@attrs.frozen
class Rotated:
    """One rotated file, which takes up to four names in its life; as a rule it has one of them.

    Args:
        folder: Where it is.
        name: Of the file that it was rotated from.
        stamp: Time of its last line.
    """

    folder: Path
    name: str
    stamp: str

    @property
    def plain(self) -> Path:
        """As it was rotated."""
        return self.folder / f"{self.name}.{self.stamp}"

    @property
    def compressed(self) -> Path:
        """Once it is compressed."""
        return self.folder / f"{self.name}.{self.stamp}.gz"

    @property
    def part(self) -> Path:
        """What is compressed so far. Hidden, as nobody may read these lines twice."""
        return self.folder / f".{self.name}.{self.stamp}.gz.part"

    @property
    def done(self) -> Path:
        """The plain file for the moment in which the compressed one takes its place. Hidden, too."""
        return self.folder / f".{self.name}.{self.stamp}.done"

    @property
    def time_ns(self) -> int:
        """Time of the last line, nanoseconds since 1970 UTC, to the millisecond."""
        return _milliseconds(self.stamp) * 1_000_000

    def size(self) -> int:
        """Return the bytes it takes under the name it has; 0 when it is gone or about to change its name."""
        for path in (self.compressed, self.plain):
            try:
                return path.stat().st_size
            except FileNotFoundError:
                continue
        return 0


class Archive:
    """The rotated files of one log file: ``events.jsonl.20260131T235959.999Z``, compressed ``....gz``.

    Names are unique and sort by age: a clock that is set back does not count. Files of other names, such
    as the ``events.jsonl.1`` of logrotate, are no part of it.

    Args:
        path: The log file itself, no symbolic link.
    """

    def __init__(self, path: Path) -> None:
        self.folder = path.parent
        self.name = path.name
        name, stamp = re.escape(path.name), r"(\d{8}T\d{6}\.\d{3}Z)"
        self._patterns = (
            (_COMPRESSED, re.compile(rf"{name}\.{stamp}\.gz", re.ASCII)),
            (_PLAIN, re.compile(rf"{name}\.{stamp}", re.ASCII)),
            (_HIDDEN, re.compile(rf"\.{name}\.{stamp}\.(?:gz\.part|done)", re.ASCII)),
        )

    def next(self, time_ns: int) -> Rotated:
        """Return a name for a file whose last line was written at ``time_ns``, above all names there are."""
        stamps = sorted((stamp for stamp, _ in self._found()), reverse=True)
        newest = next((time_ms for time_ms in map(_milliseconds, stamps) if time_ms), 0)
        return self._rotated(_stamp(max(time_ns // 1_000_000, newest + 1)))

    def all(self) -> list[Rotated]:
        """Return the rotated files, also those that an interrupted compression left hidden, oldest first."""
        return self._rotated_at({stamp for stamp, _ in self._found()})

    def unfinished(self, *, compress: bool) -> list[Rotated]:
        """Return those that an interrupted compression left hidden, and with ``compress`` also the plain ones."""
        skipped = {_COMPRESSED} if compress else {_COMPRESSED, _PLAIN}
        return self._rotated_at({stamp for stamp, kind in self._found() if kind not in skipped})

    def _rotated_at(self, stamps: set[str]) -> list[Rotated]:
        """Return the files of those stamps that are dates, oldest first; the others are somebody else's."""
        return [self._rotated(stamp) for stamp in sorted(stamps) if _milliseconds(stamp)]

    def _rotated(self, stamp: str) -> Rotated:
        return Rotated(self.folder, self.name, stamp)

    def _found(self) -> Iterator[tuple[str, str]]:
        """Yield the stamp and the kind of each name."""
        with os.scandir(self.folder) as entries:
            for entry in entries:
                for kind, pattern in self._patterns:
                    if found := pattern.fullmatch(entry.name):
                        yield found[1], kind


def _stamp(milliseconds: int) -> str:
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return f"{moment.strftime(_STAMP)}.{milliseconds % 1000:03d}Z"


def _milliseconds(stamp: str) -> int:
    """Return milliseconds since 1970; 0 for digits that are no date."""
    try:
        moment = datetime.strptime(stamp[:15], _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return 0
    return (moment - _EPOCH) // timedelta(milliseconds=1) + int(stamp[16:19])
