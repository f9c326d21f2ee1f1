"""What the tests of files share: reading back, and processes of their own."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
import pytest

from e11y.testing import FrozenClock, StandaloneHost
from e11y_file import FileAdapter, FileSettings


def rotated_files(path: Path) -> list[Path]:
    """Return the rotated files of ``path`` that can be seen, oldest first."""
    return sorted(path.parent.glob(f"{path.name}.2*"))


def lines_of(path: Path) -> list[bytes]:
    """Return the lines of all files of ``path``, oldest first, as ``zcat -f`` shows them."""
    while True:
        try:
            contents = [file.read_bytes() for file in [*rotated_files(path), *([path] if path.exists() else [])]]
        except FileNotFoundError:
            continue  # compressed at this moment
        plain = [gzip.decompress(each) if each[:2] == b"\x1f\x8b" else each for each in contents]
        return b"".join(plain).split(b"\n")[:-1]


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for what a background thread or another process does."""
    until = time.monotonic() + 45
    while not condition():
        assert time.monotonic() < until, "it does not happen"
        time.sleep(0.01)


def start_python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start an interpreter that runs ``code``."""
    command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def output_of(process: subprocess.Popen[str]) -> str:
    """Wait for the end of a process that has to succeed; return what it printed."""
    stdout, stderr = process.communicate(timeout=150)
    assert process.returncode == 0, stderr
    return stdout


def wait_for_tidying() -> None:
    """Wait until no background thread of an adapter runs."""
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("e11y-file-")])


@attrs.define
class Bench:
    """Makes adapters for one file, on a clock that stands still."""

    path: Path
    host: StandaloneHost
    _stack: ExitStack

    def adapter(self, **settings: Any) -> FileAdapter:
        adapter = FileAdapter(FileSettings(path=str(self.path), **settings), self.host)
        self._stack.callback(adapter.close)
        return adapter

    @property
    def faults(self) -> list[tuple[str, str]]:
        return [(operation, type(error).__name__) for operation, error in self.host.faults]

    @property
    def names(self) -> list[str]:
        """Names in the directory, also hidden ones."""
        return sorted(file.name for file in self.path.parent.iterdir())


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setattr("e11y_file.adapter._CLOSE_S", 30.0)  # a busy machine compresses slowly
    with ExitStack() as stack:
        yield Bench(tmp_path / "events.jsonl", StandaloneHost(clock=FrozenClock()), stack)
