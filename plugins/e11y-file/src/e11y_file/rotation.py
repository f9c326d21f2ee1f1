"""When the next line belongs into a new file."""

from __future__ import annotations

import os
from collections.abc import Sequence

from e11y_file.settings import FileSettings

_PERIOD_NS = {"hour": 3_600 * 10**9, "day": 86_400 * 10**9}


class Rotation:
    """Decides by what the file itself tells, so that a restart changes nothing and processes agree.

    Args:
        settings: ``rotate`` and ``max_size`` count.
    """

    def __init__(self, settings: FileSettings) -> None:
        self._period_ns = _PERIOD_NS.get(settings.rotate)
        self._max_size = None if settings.rotate == "never" else settings.max_size

    def is_due(self, file: os.stat_result, line: bytes, now_ns: int) -> bool:
        """Return whether ``line`` would make the file too large, or is the first of a new hour or day (UTC)."""
        if not file.st_size:
            return False
        if self._period_ns and now_ns // self._period_ns > file.st_mtime_ns // self._period_ns:
            return True
        return self._max_size is not None and file.st_size + len(line) + 1 > self._max_size

    def count_fitting(self, size: int, lines: Sequence[bytes]) -> int:
        """Return how many of ``lines``, from the first, fit into a file of ``size`` bytes; at least one."""
        if self._max_size is None or size + sum(map(len, lines)) + len(lines) <= self._max_size:
            return len(lines)
        count = 0
        for line in lines:
            size += len(line) + 1
            if size > self._max_size:
                break
            count += 1
        return max(1, count)
