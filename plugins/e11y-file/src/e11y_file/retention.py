"""Which rotated files have to go."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from e11y_file.archive import Rotated
from e11y_file.settings import FileSettings


def superfluous(files: Sequence[Rotated], settings: FileSettings, now_ns: int) -> list[Rotated]:
    """Return those of ``files`` (oldest first) that exceed a limit: always the oldest ones."""
    kept, taken = 0, 0
    for file in reversed(files):
        taken += file.size()
        if (
            (settings.keep_files is not None and kept >= settings.keep_files)
            or (settings.keep_bytes is not None and taken > settings.keep_bytes)
            or (settings.keep_age_s is not None and now_ns - file.time_ns > settings.keep_age_s * 1e9)
        ):
            break
        kept += 1
    return list(files[: len(files) - kept])


def delete(file: Rotated) -> None:
    """Delete a rotated file under whatever name it has. Another process may do the same."""
    for path in (file.plain, file.compressed):
        with suppress(FileNotFoundError):
            path.unlink()
