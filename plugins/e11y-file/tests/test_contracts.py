"""The contract of core for adapters, for each way to force lines to the disk."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest

from e11y import Adapter, Host
from e11y.testing import AdapterContract
from e11y_file import FileAdapter, FileSettings

from .conftest import lines_of, wait_for_tidying


class FileContract(AdapterContract):
    patience_s = 20.0
    fsync: Literal["never", "batch", "interval"]
    rotate: Literal["never", "size"] = "never"

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "logs" / "events.jsonl"

    @pytest.fixture
    def make_adapter(self, path: Path) -> Callable[[Host], Adapter]:
        settings = FileSettings(
            path=str(path), fsync=self.fsync, fsync_interval_s=0.01, rotate=self.rotate, max_size=4_000
        )
        return lambda host: FileAdapter(settings, host)

    @pytest.fixture
    def break_destination(self, path: Path) -> Callable[[], None]:
        def put_a_file_where_the_directory_was() -> None:
            shutil.rmtree(path.parent, ignore_errors=True)
            path.parent.write_bytes(b"")

        return put_a_file_where_the_directory_was

    @pytest.fixture
    def silence_destination(self, path: Path) -> Iterator[Callable[[], None]]:
        path.parent.mkdir()
        with path.open("wb") as file:
            yield lambda: fcntl.flock(file, fcntl.LOCK_EX)

    @pytest.fixture
    def arrived(self, path: Path) -> Callable[[], bytes]:
        def read() -> bytes:
            wait_for_tidying()  # a file that is compressed between two looks is seen twice, or not at all
            return b"\n".join(lines_of(path))

        return read


class TestFile(FileContract):
    fsync = "never"


class TestSafeFile(FileContract):
    fsync = "batch"


class TestSoonSafeFile(FileContract):
    fsync = "interval"


class TestRotatedFile(FileContract):
    fsync = "never"
    rotate = "size"
