"""A real disk without room, and one that nobody may write to. Mounting one takes root."""

from __future__ import annotations

import fcntl
import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import e11y

KINDS = ["never", "batch"]


class DiskUsed(e11y.Event, severity="info"):
    number: int


def mount(*arguments: str) -> None:
    answer = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, f"this test has to be run by root: {answer.stderr}"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    point = tmp_path / "disk"
    point.mkdir()
    mount("-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs", str(point))
    try:
        yield point
    finally:
        e11y.shutdown(1)
        subprocess.run(["umount", "--lazy", str(point)], check=True)


def start(path: Path, **table: Any) -> e11y.Runtime:
    adapter = {"type": "file", "path": str(path), "backoff_base": "1ms", **table}
    e11y.configure({"plugins": ["file"], "adapters": {"logs": adapter}, "routes": {"default": ["logs"]}})
    return e11y.start()


def is_healthy(runtime: e11y.Runtime) -> bool:
    return runtime.adapters["logs"].healthy()


def numbers(path: Path) -> list[int]:
    """Return the numbers of all lines; a damaged one raises."""
    found: list[int] = []
    with path.open("rb") as locked:
        fcntl.flock(locked, fcntl.LOCK_SH)  # amid an attempt there is what will be taken back
        for file in [*sorted(path.parent.glob(f"{path.name}.2*")), path]:
            content = file.read_bytes()
            lines = gzip.decompress(content) if file.suffix == ".gz" else content
            assert lines == b"" or lines.endswith(b"\n")
            found += [json.loads(line)["payload"]["number"] for line in lines.split(b"\n")[:-1]]
    return found


@pytest.mark.parametrize("fsync", KINDS)
@pytest.mark.parametrize("rotation", [{"rotate": "never"}, {"max_size": "64KiB", "compress": False}])
def test_a_full_disk_holds_whole_lines_and_gets_the_rest_later(
    disk: Path, fsync: str, rotation: dict[str, Any]
) -> None:
    path = disk / "events.jsonl"
    runtime = start(path, fsync=fsync, **rotation)
    assert is_healthy(runtime)
    for number in range(5_000):
        assert DiskUsed.track(number=number)
    held = e11y.flush(2).undelivered["logs"]
    assert 0 < held < 5_000
    assert len(numbers(path)) == 5_000 - held
    assert not is_healthy(runtime)
    assert not e11y.ledger().check().lanes["logs"].given_up
    mount("-o", "remount,size=64m", str(disk))
    assert e11y.flush(20).undelivered == {}
    assert is_healthy(runtime)
    assert sorted(numbers(path)) == list(range(5_000))
    e11y.ledger().check()


@pytest.mark.parametrize("fsync", KINDS)
def test_a_read_only_disk_gets_everything_once_it_may_be_written(disk: Path, fsync: str) -> None:
    path = disk / "logs" / "events.jsonl"
    mount("-o", "remount,ro", str(disk))
    runtime = start(path, fsync=fsync)
    for number in range(100):
        assert DiskUsed.track(number=number)
    assert e11y.flush(3).undelivered == {"logs": 100}
    assert not is_healthy(runtime)
    mount("-o", "remount,rw", str(disk))
    assert e11y.flush(20).undelivered == {}
    assert numbers(path) == list(range(100))
    e11y.ledger().check()
