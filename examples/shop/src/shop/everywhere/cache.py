"""The folder that keeps servers from one run to the next."""

from __future__ import annotations

import os
from pathlib import Path


def cache() -> Path:
    """Return the folder, the same one as ``.ci/victorialogs`` uses; it need not exist."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "e11y-servers"
