"""Object storage: finished segments beyond this machine, through fsspec."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from e11y import ConfigError, E11yError
from e11y_dlq.segment import SUFFIX

T = TypeVar("T")


class StorageFailed(E11yError):
    """The storage cannot be reached, refuses, or did something else than it was asked to.

    Args:
        what: One line that says what is wrong.
        kind: Name of what the store raised. Its text is not told: it may hold a URL with credentials.
    """

    def __init__(self, what: str, kind: str) -> None:
        super().__init__(
            what,
            where="[tool.e11y.dlq] storage",
            fix="see whether it is up, and whether  storage_options  are right; no letter is lost meanwhile",
        )
        self.kind = kind


class Storage:
    """A prefix of an object store that holds one object per segment.

    Each method raises ``StorageFailed`` for whatever the store raises.

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

        def listed(fs: Any, root: str) -> list[str]:
            try:
                return list(fs.ls(root, detail=False, refresh=True))
            except FileNotFoundError:
                return []

        found = self._asked(listed)
        return sorted(Path(path).name.removesuffix(SUFFIX) for path in found if path.endswith(SUFFIX))

    def upload(self, path: Path) -> None:
        """Copy a segment to the store, over an earlier copy of it; returning means that it is there as a whole.

        Raises:
            StorageFailed: Among others, the store holds another number of bytes than the file.
        """

        def put(fs: Any, root: str) -> int:
            fs.put_file(str(path), f"{root}/{path.name}")
            fs.invalidate_cache()
            return int(fs.info(f"{root}/{path.name}")["size"])

        held, size = self._asked(put), path.stat().st_size
        if held != size:
            raise StorageFailed(f"the storage holds {held} bytes of a segment of {size}", "ShortUpload")

    def fetch(self, name: str, folder: Path) -> Path:
        """Copy a segment into ``folder`` and return its path there; a half copy is never seen."""
        folder.mkdir(mode=0o700, exist_ok=True)
        path, half = folder / f"{name}{SUFFIX}", folder / f"{name}.half"
        os.close(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        self._asked(lambda fs, root: fs.get_file(f"{root}/{name}{SUFFIX}", str(half)))
        half.replace(path)
        return path

    def delete(self, name: str) -> None:
        """Delete a segment from the store; it need not be there."""

        def removed(fs: Any, root: str) -> None:
            try:
                fs.rm_file(f"{root}/{name}{SUFFIX}")
            except FileNotFoundError:
                return

        self._asked(removed)

    def _asked(self, work: Callable[[Any, str], T]) -> T:
        """Return what ``work`` does with the file system and the path of the prefix."""
        try:
            return work(*self._connected())
        except Exception as error:  # noqa: BLE001 - a store may raise anything
            kind = type(error).__name__
            raise StorageFailed(f"the storage of the dead letters cannot be used: {kind}", kind) from None

    def _connected(self) -> tuple[Any, str]:
        """Return the file system and the path of the prefix; a forked child gets a connection of its own."""
        if self._fs is None or self._pid != os.getpid():
            connect = import_module("fsspec.core").url_to_fs
            self._fs, self._root = connect(self.url, skip_instance_cache=True, **self._options)
            self._pid = os.getpid()
        return self._fs, self._root
