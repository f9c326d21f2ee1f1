"""What can be set: where to write, when to rotate, what to keep."""

from __future__ import annotations

from typing import Literal

import attrs
from attrs.validators import ge, gt, min_len, optional

from e11y.units import byte_size, duration


@attrs.frozen(eq=False)
class FileSettings:
    """Table ``[tool.e11y.adapters.<purpose>]`` with ``type = "file"``.

    In TOML durations and sizes are text, and the key of a duration has no ``_s``.

    Args:
        path: File to append to; relative to the directory the process started in. Missing directories
            are made.
        rotate: ``"size"``: when the next line would exceed ``max_size``; ``"hour"`` and ``"day"``: also
            with the first line of a new hour or day (UTC); ``"never"``: something else rotates.
        max_size: Bytes that no file exceeds, unless its only line does.
        compress: Whether rotated files become ``.gz``.
        keep_files: Rotated files that stay, the newest ones; ``None``: all.
        keep_bytes: Bytes that rotated files may take; ``None``: no limit.
        keep_age_s: Seconds that a rotated file stays after its last line; ``None``: for ever.
        fsync: When lines are forced to the disk: after each ``"batch"``, within an ``"interval"``, or
            ``"never"``, which leaves it to the system.
        fsync_interval_s: Longest wait of ``"interval"``.
        mode: Permissions of new files, whatever the umask says; directories get ``x`` for each ``r``.
    """

    path: str = attrs.field(validator=min_len(1))
    rotate: Literal["never", "size", "hour", "day"] = "day"
    max_size: int = byte_size("100MiB", validator=gt(0))
    compress: bool = True
    keep_files: int | None = attrs.field(default=None, validator=optional(ge(0)))
    keep_bytes: int | None = byte_size(None, validator=optional(ge(0)))
    keep_age_s: float | None = duration(None, validator=optional(gt(0)))
    fsync: Literal["never", "batch", "interval"] = "never"
    fsync_interval_s: float = duration("1s", validator=gt(0))
    mode: Literal["0600", "0640", "0644"] = "0640"

    @property
    def limits_rotated(self) -> bool:
        """Whether rotated files are ever deleted."""
        return (self.keep_files, self.keep_bytes, self.keep_age_s) != (None, None, None)
