"""The writer: appends the letters of one process to segments of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Final

from e11y.clock import Clock
from e11y_dlq.folder import Folder
from e11y_dlq.segment import Segment
from e11y_dlq.settings import DlqSettings

_LOOK_S: Final = 5.0
_SYNC_EVERY_S: Final = {"always": 0.0, "second": 1.0, "never": None}
_ATTEMPTS: Final = 5


class Writer:
    """Appends lines, each with one write: a killed process damages at most the last.

    All methods may be called from any thread of the process that made it.

    Args:
        folder: Where.
        settings: Sizes, ages, ``fsync``.
        clock, chance: Time, and what tells its segments from others.
        finished: Called when a segment is finished.
    """

    def __init__(
        self, folder: Folder, settings: DlqSettings, clock: Clock, chance: Random, finished: Callable[[], None]
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._clock = clock
        self._chance = chance
        self._finished = finished
        self._busy = threading.Lock()
        self._segment: Segment | None = None
        self._handle = -1
        self._size = self._number = 0
        self._began_s = self._synced_s = self._looked_s = float("-inf")
        self._dirty = False
        self._others_bytes = 0

    def append(self, line: bytes, share: float) -> bool:
        """Append a line; return whether it was: ``False`` when that would fill more than ``share`` of the room.

        Raises:
            OSError: It could not be written, and nothing of it is left; or it could not be brought to the disk.
        """
        with self._busy:
            now = self._clock.monotonic()
            if self._total_bytes(now) + len(line) > self._settings.max_size * share:
                return False
            if self._segment is not None and self._is_full(len(line), now):
                self._finish()
            if self._segment is None:
                self._begin(now)
            self._write(line)
            self._dirty = True
            every_s = _SYNC_EVERY_S[self._settings.fsync]
            if every_s is not None and now - self._synced_s >= every_s:
                self._sync(now)
            return True

    def tend(self) -> None:
        """Bring to the disk what waits for that, and finish a segment that is old enough. For once a second."""
        with self._busy:
            now = self._clock.monotonic()
            if self._settings.fsync != "never" and self._dirty:
                self._sync(now)
            if self._segment is not None and now - self._began_s >= self._settings.segment_age_s:
                self._finish()

    def close(self) -> None:
        """Finish the segment. A later letter begins a new one."""
        with self._busy:
            if self._segment is not None:
                self._finish()

    def abandon(self) -> None:
        """Let go of the segment. For forked children: it is their parent's."""
        if self._handle >= 0:
            os.close(self._handle)

    def _total_bytes(self, now: float) -> int:
        """Return what all processes keep; what others wrote may be some seconds old."""
        if now - self._looked_s >= _LOOK_S:
            self._looked_s = now
            self._others_bytes = self._folder.size_bytes() - self._size
        return self._others_bytes + self._size

    def _is_full(self, more: int, now: float) -> bool:
        settings = self._settings
        return self._size + more > settings.segment_size or now - self._began_s >= settings.segment_age_s

    def _begin(self, now: float) -> None:
        for attempt in range(_ATTEMPTS):
            self._number += 1
            try:
                chance = self._chance.getrandbits(24)
                segment, handle = self._folder.new_segment(self._clock.time_ns(), self._number, chance)
            except (BlockingIOError, FileExistsError):
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                self._segment, self._handle, self._size, self._began_s = segment, handle, 0, now
                break
        if self._settings.fsync != "never":
            self._folder.sync()

    def _write(self, line: bytes) -> None:
        written = 0
        try:
            while written < len(line):
                written += os.write(self._handle, line[written:])
        except OSError:
            with suppress(OSError):
                os.ftruncate(self._handle, self._size)
            self._finish()
            raise
        self._size += written

    def _sync(self, now: float) -> None:
        os.fsync(self._handle)
        self._dirty = False
        self._synced_s = now

    def _finish(self) -> None:
        """Close the segment, whatever comes; delete it if all its letters were replayed meanwhile."""
        assert self._segment is not None
        segment, handle = self._segment, self._handle
        self._segment, self._handle = None, -1
        self._others_bytes += self._size
        self._size = 0
        self._dirty = False
        try:
            if self._settings.fsync != "never":
                os.fsync(handle)
        finally:
            os.close(handle)
            segment.delete_if_empty()
            self._finished()
