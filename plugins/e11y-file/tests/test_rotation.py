"""When a file is rotated, and what it is called then."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y.testing import FrozenClock, make_record
from e11y_file.archive import Archive

from .conftest import Bench, lines_of, rotated_files

LINE_BYTES = len(make_record().encoded()) + 1


def last_line_at(path: Path, *moment: int) -> None:
    """Make the file as old as if its last line was written at ``moment`` (UTC)."""
    seconds = datetime(*moment, tzinfo=UTC).timestamp()
    os.utime(path, (seconds, seconds))


def set_clock(bench: Bench, *moment: int) -> None:
    bench.host.clock = FrozenClock(datetime(*moment, tzinfo=UTC))


def test_no_file_exceeds_the_size_however_the_batches_are_cut(bench: Bench) -> None:
    adapter = bench.adapter(rotate="size", max_size=3 * LINE_BYTES + 1, compress=False)
    batches = [[0], [1, 2, 3], [4], [5, 6, 7, 8, 9, 10], [11, 12]]
    for batch in batches:
        adapter.write_batch([make_record(number) for number in batch])
    assert lines_of(bench.path) == [make_record(number).encoded() for number in range(13)]
    assert [file.stat().st_size // LINE_BYTES for file in [*rotated_files(bench.path), bench.path]] == [3, 3, 3, 3, 1]
    assert bench.host.counts["rotations"] == 4


def test_a_line_that_is_too_long_has_a_file_of_its_own(bench: Bench) -> None:
    adapter = bench.adapter(rotate="size", max_size=2 * LINE_BYTES, compress=False)
    long = make_record(1, {"text": "x" * 3 * LINE_BYTES})
    adapter.write_batch([make_record(0), long, make_record(2)])
    assert [len(file.read_bytes().splitlines()) for file in rotated_files(bench.path)] == [1, 1]
    assert lines_of(bench.path) == [record.encoded() for record in (make_record(0), long, make_record(2))]


@pytest.mark.parametrize(
    ("rotate", "last", "now", "count"),
    [
        ("day", (2026, 1, 31, 0, 0, 0), (2026, 1, 31, 23, 59, 59), 0),
        ("day", (2026, 1, 31, 23, 59, 59), (2026, 2, 1, 0, 0, 0), 1),
        ("day", (2026, 1, 1, 0, 0, 0), (2026, 2, 1, 0, 0, 0), 1),
        ("hour", (2026, 1, 31, 11, 0, 0), (2026, 1, 31, 11, 59, 59), 0),
        ("hour", (2026, 1, 31, 11, 59, 59), (2026, 1, 31, 12, 0, 0), 1),
        ("size", (2026, 1, 1, 0, 0, 0), (2026, 2, 1, 0, 0, 0), 0),
        ("never", (2026, 1, 1, 0, 0, 0), (2026, 2, 1, 0, 0, 0), 0),
        ("hour", (2026, 1, 31, 12, 0, 0), (2026, 1, 31, 11, 59, 59), 0),  # the clock was set back
    ],
)
def test_the_first_line_of_a_period_begins_a_new_file(
    bench: Bench, rotate: str, last: tuple[int, ...], now: tuple[int, ...], count: int
) -> None:
    bench.path.write_bytes(b"old\n")
    last_line_at(bench.path, *last)
    set_clock(bench, *now)
    bench.adapter(rotate=rotate, compress=False).write_batch([make_record()])
    assert len(rotated_files(bench.path)) == count
    assert lines_of(bench.path) == [b"old", make_record().encoded()]


def test_days_are_divided_by_size_as_well(bench: Bench) -> None:
    set_clock(bench, 2000, 1, 1)
    bench.adapter(rotate="day", max_size=LINE_BYTES, compress=False).write_batch([make_record(1), make_record(2)])
    assert len(rotated_files(bench.path)) == 1


def test_where_something_else_rotates_size_does_not_count(bench: Bench) -> None:
    bench.adapter(rotate="never", max_size=1).write_batch([make_record(1), make_record(2)])
    assert bench.names == ["events.jsonl"]


def test_an_empty_file_is_not_rotated(bench: Bench) -> None:
    bench.path.touch()
    last_line_at(bench.path, 2020, 1, 1)
    bench.adapter(rotate="day", max_size=1).write_batch([make_record()])
    assert bench.names == ["events.jsonl"]


def test_a_torn_line_at_the_end_of_a_file_does_not_damage_the_next_file(bench: Bench) -> None:
    bench.path.write_bytes(b'whole\n{"torn')
    last_line_at(bench.path, 2026, 1, 30)
    bench.adapter(rotate="day", compress=False).write_batch([make_record()])
    assert lines_of(bench.path) == [b"whole", b'{"torn', make_record().encoded()]
    assert [file.name[-20:] for file in rotated_files(bench.path)] == ["20260130T000000.000Z"]
    assert bench.host.counts["torn_lines"] == 1


def test_the_name_tells_when_the_last_line_was_written(bench: Bench) -> None:
    bench.path.write_bytes(b"old\n")
    last_line_at(bench.path, 2026, 1, 30, 23, 59, 58, 123_456)
    bench.adapter(rotate="day", compress=False).write_batch([make_record()])
    assert bench.names == ["events.jsonl", "events.jsonl.20260130T235958.123Z"]


def test_names_tell_the_order_when_there_are_many_in_a_millisecond_or_the_clock_is_set_back(bench: Bench) -> None:
    adapter = bench.adapter(rotate="size", max_size=1, compress=False)
    for number, second in enumerate((5, 5, 4, 59)):
        adapter.write_batch([make_record(number)])
        last_line_at(bench.path, 2026, 1, 31, 11, 59, second)
    adapter.write_batch([make_record(4)])
    assert [file.name[-11:] for file in rotated_files(bench.path)] == [
        "115905.000Z",
        "115905.001Z",
        "115905.002Z",
        "115959.000Z",
    ]
    assert lines_of(bench.path) == [make_record(number).encoded() for number in range(5)]


def test_names_of_others_are_let_alone(bench: Bench) -> None:
    theirs = [
        "events.jsonl.1",
        "events.jsonl.20260131",
        "events.jsonl.20269931T120000.000Z",
        "events.jsonl.gz",
        "other.jsonl.20990131T120000.000Z",
    ]
    for name in theirs:
        bench.path.with_name(name).write_bytes(b"theirs\n")
    adapter = bench.adapter(rotate="size", max_size=1, keep_files=0)
    adapter.write_batch([make_record(1), make_record(2)])
    adapter.close()
    assert bench.names == ["events.jsonl", *theirs]
    assert bench.host.counts["deleted_files"] == 1


@given(st.lists(st.integers(min_value=1, max_value=4_102_444_800_000), min_size=1, max_size=5))
def test_names_sort_as_they_were_given(tmp_path_factory: pytest.TempPathFactory, times_ms: list[int]) -> None:
    archive = Archive(tmp_path_factory.mktemp("names") / "a+b{1}.jsonl")
    given_names = []
    for time_ms in times_ms:
        rotated = archive.next(time_ms * 1_000_000)
        rotated.plain.touch()
        assert rotated.time_ns // 1_000_000 >= time_ms
        given_names.append(rotated)
    assert archive.all() == given_names


def test_a_file_that_cannot_be_renamed_grows_on(bench: Bench) -> None:
    bench.path = bench.path.with_name("x" * 240)
    adapter = bench.adapter(rotate="size", max_size=LINE_BYTES)
    adapter.write_batch([make_record(number) for number in range(3)])
    adapter.write_batch([make_record(3)])
    assert bench.path.read_bytes().split(b"\n")[:-1] == [make_record(number).encoded() for number in range(4)]
    assert bench.faults == [(f"rotation of {bench.path} (File name too long)", "OSError")] * 2


def test_a_torn_line_stands_alone_in_a_file_that_cannot_be_renamed(bench: Bench) -> None:
    bench.path = bench.path.with_name("x" * 240)
    bench.path.write_bytes(b'{"torn')
    bench.adapter(rotate="size", max_size=1).write_batch([make_record()])
    assert bench.path.read_bytes() == b'{"torn\n' + make_record().encoded() + b"\n"
    assert bench.host.counts["torn_lines"] == 1


def test_a_rotated_file_keeps_its_permissions_when_it_is_compressed(bench: Bench) -> None:
    bench.path.write_bytes(b"old\n")
    bench.path.chmod(0o604)
    adapter = bench.adapter(rotate="size", max_size=1)
    adapter.write_batch([make_record()])
    adapter.close()
    (rotated,) = rotated_files(bench.path)
    assert (rotated.suffix, stat.S_IMODE(rotated.stat().st_mode)) == (".gz", 0o604)


def test_what_a_link_leads_to_is_rotated_where_it_is(bench: Bench) -> None:
    real = bench.path.parent / "elsewhere" / "real.jsonl"
    real.parent.mkdir()
    bench.path.symlink_to(real)
    bench.adapter(rotate="size", max_size=1, compress=False).write_batch([make_record(1), make_record(2)])
    assert bench.path.is_symlink()
    assert lines_of(real) == [make_record(1).encoded(), make_record(2).encoded()]
