"""Which rotated files stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y.testing import make_record
from e11y_file import FileSettings
from e11y_file.archive import Archive
from e11y_file.retention import superfluous

from .conftest import Bench, rotated_files, wait_for_tidying

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def rotate_before(bench: Bench, *days: int) -> None:
    """Make a rotated file of 100 bytes for each number of days before now, the oldest first."""
    for each in days:
        moment = NOW - timedelta(days=each)
        Archive(bench.path).next(round(moment.timestamp()) * 10**9).plain.write_bytes(b"x" * 99 + b"\n")


@pytest.mark.parametrize(
    ("limits", "days_kept"),
    [
        ({}, ["28", "29", "30", "31"]),
        ({"keep_files": 4}, ["28", "29", "30", "31"]),
        ({"keep_files": 2}, ["30", "31"]),
        ({"keep_files": 0}, []),
        ({"keep_bytes": 400}, ["28", "29", "30", "31"]),
        ({"keep_bytes": 399}, ["29", "30", "31"]),
        ({"keep_bytes": 0}, []),
        ({"keep_age_s": 86400.0 * 10}, ["28", "29", "30", "31"]),
        ({"keep_age_s": 86400.0 * 1.5}, ["30", "31"]),
        ({"keep_files": 3, "keep_bytes": 200, "keep_age_s": 86400.0 * 10}, ["30", "31"]),
    ],
)
def test_the_oldest_go_first(bench: Bench, limits: dict[str, Any], days_kept: list[str]) -> None:
    rotate_before(bench, 3, 2, 1, 0)
    bench.path.with_name("events.jsonl.1").touch()
    bench.adapter(compress=False, **limits).write_batch([make_record()])
    wait_for_tidying()
    assert [file.name[19:21] for file in rotated_files(bench.path)] == days_kept
    assert bench.host.counts["deleted_files"] == 4 - len(days_kept)
    assert bench.path.with_name("events.jsonl.1").exists()


def test_what_counts_is_the_compressed_size(bench: Bench) -> None:
    rotate_before(bench, 1, 0)
    bench.adapter(keep_bytes=150).write_batch([make_record()])
    wait_for_tidying()
    assert [file.suffix for file in rotated_files(bench.path)] == [".gz", ".gz"]


def test_age_is_looked_at_without_a_rotation_too(bench: Bench) -> None:
    rotate_before(bench, 0)
    adapter = bench.adapter(rotate="size", keep_age_s=3600.0)
    adapter.write_batch([make_record(1)])
    wait_for_tidying()
    assert len(rotated_files(bench.path)) == 1
    bench.host.clock.advance(3601)  # type: ignore[attr-defined]
    adapter.write_batch([make_record(2)])
    wait_for_tidying()
    assert rotated_files(bench.path) == []


LIMITS = st.none() | st.integers(min_value=0, max_value=6)


@given(count=st.integers(0, 6), keep_files=LIMITS, keep_bytes=LIMITS, keep_age_s=st.none() | st.floats(1, 6))
def test_what_goes_is_older_than_what_stays_and_no_more_than_has_to(
    tmp_path_factory: pytest.TempPathFactory,
    count: int,
    keep_files: int | None,
    keep_bytes: int | None,
    keep_age_s: float | None,
) -> None:
    archive = Archive(tmp_path_factory.mktemp("retention") / "log")
    for second in range(count):
        archive.next(second * 10**9 + 10**6).plain.write_bytes(b"\n")
    settings = FileSettings(path="log", keep_files=keep_files, keep_bytes=keep_bytes, keep_age_s=keep_age_s)
    now_ns = count * 10**9 + 10**6
    young = count if keep_age_s is None else int(keep_age_s)
    allowed = min(limit for limit in (count, keep_files, keep_bytes, young) if limit is not None)
    files = archive.all()
    assert superfluous(files, settings, now_ns) == files[: count - allowed]
