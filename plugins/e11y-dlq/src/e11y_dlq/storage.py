"""Object storage: finished segments beyond this machine, through fsspec."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from e11y import ConfigError
from e11y_dlq.segment import SUFFIX


class Storage:
    """A prefix of an object store that holds one object per segment.

    Whatever the store raises passes through.

    Args:
        url: For example ``s3://bucket/prefix``.
        options: What fsspec is given.

    Raises:
        ConfigError: What the URL needs is not installed.
    """

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        self.url = url.rstrip("/")
        self._options = dict(options)
        self._fs: Any = None
        self._root = ""
        self._pid = 0
        protocol = url.partition("://")[0]
        try:
            import_module("fsspec").get_filesystem_class(protocol)  # now, and not on a thread amid forks
        except (ImportError, ValueError) as error:
            raise ConfigError(
                f"storage {protocol}:// cannot be used: {error}",
                where="[tool.e11y.dlq] storage",
                fix="pip install 'e11y-dlq[s3]'  for s3://, or what fsspec needs for another protocol",
            ) from None

    def names(self) -> list[str]:
        """Return the names of the segments, oldest first."""
        fs, root = self._connected()
        try:
            found = fs.ls(root, detail=False, refresh=True)
        except FileNotFoundError:
            return []
        return sorted(Path(path).name.removesuffix(SUFFIX) for path in found if path.endswith(SUFFIX))

    def upload(self, path: Path) -> None:
        """Copy a segment to the store, over an earlier copy of it; returning means that it is there as a whole.

        Raises:
            OSError: The store holds another number of bytes than the file.
        """
        fs, root = self._connected()
        fs.put_file(str(path), f"{root}/{path.name}")
        fs.invalidate_cache()
        held = fs.info(f"{root}/{path.name}")["size"]
        if held != path.stat().st_size:
            raise OSError(f"the store holds {held} bytes of a segment")

    def fetch(self, name: str, folder: Path) -> Path:
        """Copy a segment into ``folder`` and return its path there; a half copy is never seen."""
        fs, root = self._connected()
        folder.mkdir(mode=0o700, exist_ok=True)
        path, half = folder / f"{name}{SUFFIX}", folder / f"{name}.half"
        os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        fs.get_file(f"{root}/{name}{SUFFIX}", str(half))
        half.replace(path)
        return path

    def delete(self, name: str) -> None:
        """Delete a segment from the store; it need not be there."""
        fs, root = self._connected()
        try:
            fs.rm_file(f"{root}/{name}{SUFFIX}")
        except FileNotFoundError:
            return

    def _connected(self) -> tuple[Any, str]:
        """Return the file system and the path of the prefix; a forked child gets a connection of its own."""
        if self._fs is None or self._pid != os.getpid():
            connect = import_module("fsspec.core").url_to_fs
            self._fs, self._root = connect(self.url, skip_instance_cache=True, **self._options)
            self._pid = os.getpid()
        return self._fs, self._root
