"""Forcing the names in a directory to the disk."""

from __future__ import annotations

import os
from pathlib import Path


def sync_directory(path: Path) -> None:
    """Return once new, changed and deleted names are on the disk; the content of files is another matter.

    Raises:
        OSError: The disk does not confirm it.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
