"""Rotated files become smaller, and nothing is lost or doubled wherever it is interrupted."""

from __future__ import annotations

import fcntl
import gzip
import sys
import threading
from pathlib import Path

import pytest

from e11y.testing import make_record
from e11y_file import compression
from e11y_file.archive import Archive, Rotated

from .conftest import Bench, lines_of, rotated_files, wait_for_tidying

LINES = b"".join(b"%d\n" % number for number in range(400_000))


def never() -> bool:
    return False


@pytest.fixture
def rotated(bench: Bench) -> Rotated:
    made = Archive(bench.path).next(1_769_860_800_000_000_000)
    made.plain.write_bytes(LINES)
    return made


@pytest.fixture(params=["isal", "zlib"])
def _library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "zlib":
        monkeypatch.setitem(sys.modules, "isal.isal_zlib", None)
    assert type(compression.new_compressor()).__module__ == {"isal": "isal_zlib", "zlib": "zlib"}[request.param]


@pytest.mark.usefixtures("_library")
def test_a_rotated_file_is_replaced_by_a_compressed_one(bench: Bench, rotated: Rotated) -> None:
    made = rotated.plain.stat()
    assert compression.compress(rotated, never)
    assert bench.names == ["events.jsonl.20260131T120000.000Z.gz"]
    assert gzip.decompress(rotated.compressed.read_bytes()) == LINES
    assert rotated.compressed.stat().st_mtime_ns == made.st_mtime_ns
    assert rotated.compressed.stat().st_size < len(LINES) / 2


def test_without_compression_rotated_files_stay_as_they_are(bench: Bench) -> None:
    bench.adapter(rotate="size", max_size=1, compress=False).write_batch([make_record(1), make_record(2)])
    wait_for_tidying()
    (plain,) = rotated_files(bench.path)
    assert plain.read_bytes() == make_record(1).encoded() + b"\n"


def test_it_happens_after_each_rotation(bench: Bench) -> None:
    adapter = bench.adapter(rotate="size", max_size=1)
    for number in range(4):
        adapter.write_batch([make_record(number)])
        wait_for_tidying()
        assert [file.suffix for file in rotated_files(bench.path)] == [".gz"] * number
    assert bench.host.counts["compressed_files"] == 3
    assert lines_of(bench.path) == [make_record(number).encoded() for number in range(4)]


def test_an_interruption_leaves_the_plain_file(bench: Bench, rotated: Rotated) -> None:
    asked = iter([False, True])
    assert not compression.compress(rotated, lambda: next(asked))
    assert bench.names == [rotated.plain.name]
    assert rotated.plain.read_bytes() == LINES


def test_the_plain_file_is_never_seen_beside_the_compressed_one(bench: Bench) -> None:
    files = []
    for _ in range(30):
        files.append(Archive(bench.path).next(1_769_860_800_000_000_000))
        files[-1].plain.write_bytes(b"line\n")

    def compress_all() -> None:
        for file in files:
            compression.compress(file, never)

    worker = threading.Thread(target=compress_all)
    worker.start()
    while worker.is_alive():
        doubled = [file.stamp for file in files if file.compressed.exists() and file.plain.exists()]
        assert doubled == []
    worker.join()
    assert len(rotated_files(bench.path)) == 30


def test_a_file_that_somebody_else_compresses_is_left_to_him(rotated: Rotated) -> None:
    with rotated.plain.open("rb") as theirs:
        fcntl.flock(theirs, fcntl.LOCK_EX)
        assert not compression.compress(rotated, never)
        rotated.part.touch()
        compression.repair(rotated)
        assert rotated.part.exists()


def test_a_file_that_is_deleted_meanwhile_stays_deleted(bench: Bench, rotated: Rotated) -> None:
    def delete() -> bool:
        rotated.plain.unlink(missing_ok=True)
        return False

    assert not compression.compress(rotated, delete)
    assert not compression.compress(rotated, never)
    assert bench.names == []


CRASHES = {
    "while it compressed": ["plain", "part"],
    "before the compressed file took its place": ["done", "part"],
    "before the plain file was deleted": ["done", "compressed"],
    "while it compressed a file that was then deleted": ["part"],
}


def crash(rotated: Rotated, left: list[str]) -> None:
    """Leave the names behind that a process leaves which is killed at that moment."""
    compressed = gzip.compress(LINES)
    contents = {"plain": LINES, "done": LINES, "compressed": compressed, "part": compressed[: len(compressed) // 2]}
    rotated.plain.unlink()
    for name in left:
        path: Path = getattr(rotated, name)
        path.write_bytes(contents[name])


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize("left", CRASHES.values(), ids=CRASHES.keys())
def test_the_next_process_finishes_what_a_crash_left(
    bench: Bench, rotated: Rotated, left: list[str], compress: bool
) -> None:
    crash(rotated, left)
    assert lines_of(bench.path) in (LINES.split(b"\n")[:-1], []), "a line is there twice"
    adapter = bench.adapter(compress=compress)
    adapter.write_batch([make_record()])
    wait_for_tidying()
    expected = [] if left == ["part"] else LINES.split(b"\n")[:-1]
    assert lines_of(bench.path) == [*expected, make_record().encoded()]
    kept = rotated.compressed if compress or "compressed" in left else rotated.plain
    assert bench.names == sorted(["events.jsonl", *([kept.name] if expected else [])])


def test_a_disk_without_room_leaves_the_plain_file(bench: Bench, rotated: Rotated) -> None:
    rotated.part.mkdir()  # what cannot be opened stands for what cannot be written
    bench.adapter().write_batch([make_record()])
    wait_for_tidying()
    assert rotated.plain.read_bytes() == LINES
    assert bench.faults == [(f"compression of {rotated.plain} (Is a directory)", "IsADirectoryError")]


def test_close_waits_for_the_compression(bench: Bench, rotated: Rotated) -> None:
    adapter = bench.adapter()
    adapter.write_batch([make_record()])
    adapter.close()
    assert bench.names == ["events.jsonl", rotated.compressed.name]
