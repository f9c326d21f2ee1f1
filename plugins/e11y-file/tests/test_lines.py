"""What stands in the file."""

from __future__ import annotations

import itertools
import json
import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from e11y import Rejected, Retryable
from e11y.testing import StandaloneHost, make_record
from e11y_file import FileAdapter, FileSettings

from .conftest import Bench, lines_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def test_a_record_is_a_line(bench: Bench) -> None:
    records = [make_record(number) for number in range(3)]
    adapter = bench.adapter()
    adapter.write_batch(records[:2])
    adapter.write_batch(records[2:])
    assert bench.path.read_bytes() == b"".join(record.encoded() + b"\n" for record in records)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(st.lists(st.dictionaries(st.text(), VALUES, max_size=3), min_size=1, max_size=5))
def test_whatever_is_tracked_there_are_as_many_lines_as_records(tmp_path: Path, payloads: list[dict[str, Any]]) -> None:
    path = tmp_path / "any.jsonl"
    adapter = FileAdapter(FileSettings(path=str(path), max_size=300, compress=False), StandaloneHost())
    before = len(lines_of(path))
    adapter.write_batch([make_record(number, payload) for number, payload in enumerate(payloads)])
    adapter.close()
    added = lines_of(path)[before:]
    assert [json.loads(line)["span_id"] for line in added] == [f"{number + 1:016x}" for number in range(len(payloads))]


def test_what_was_in_the_file_stays(bench: Bench) -> None:
    bench.path.write_bytes(b"before\n")
    bench.adapter().write_batch([make_record()])
    assert bench.path.read_bytes() == b"before\n" + make_record().encoded() + b"\n"


def test_a_torn_line_stands_alone(bench: Bench) -> None:
    bench.path.write_bytes(b'whole\n{"torn')
    bench.adapter().write_batch([make_record()])
    assert bench.path.read_bytes() == b'whole\n{"torn\n' + make_record().encoded() + b"\n"
    assert bench.host.counts["torn_lines"] == 1


def test_a_line_that_another_process_left_torn_stands_alone_too(bench: Bench) -> None:
    adapter = bench.adapter()
    adapter.write_batch([make_record(1)])
    with bench.path.open("ab") as other:
        other.write(b'{"torn')
    adapter.write_batch([make_record(2)])
    adapter.write_batch([make_record(3)])
    first, second, third = (make_record(number).encoded() for number in (1, 2, 3))
    assert bench.path.read_bytes() == first + b'\n{"torn\n' + second + b"\n" + third + b"\n"
    assert bench.host.counts["torn_lines"] == 1


def test_missing_directories_are_made(bench: Bench) -> None:
    bench.path = bench.path.parent / "a" / "b" / "events.jsonl"
    assert bench.adapter().healthy()
    bench.adapter().write_batch([make_record()])
    assert len(lines_of(bench.path)) == 1


@pytest.mark.parametrize("umask", [0o000, 0o077])
@pytest.mark.parametrize(("mode", "of_directory"), [("0600", 0o700), ("0640", 0o750), ("0644", 0o755)])
def test_a_new_file_has_the_permissions_of_the_settings(bench: Bench, mode: str, of_directory: int, umask: int) -> None:
    bench.path = bench.path.parent / "new" / "events.jsonl"
    before = os.umask(umask)
    try:
        bench.adapter(mode=mode).write_batch([make_record()])
    finally:
        os.umask(before)
    assert stat.S_IMODE(bench.path.stat().st_mode) == int(mode, 8)
    bits = bench.path.parent.stat().st_mode & 0o777  # setgid comes from the folder that it is in
    assert bits == of_directory & ~umask


def test_the_permissions_of_an_existing_file_stay(bench: Bench) -> None:
    bench.path.touch(0o604)
    bench.path.chmod(0o604)
    bench.adapter().write_batch([make_record()])
    assert stat.S_IMODE(bench.path.stat().st_mode) == 0o604


def test_a_relative_path_belongs_to_the_directory_of_the_start(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bench.path.parent)
    adapter = FileAdapter(FileSettings(path="events.jsonl"), bench.host)
    monkeypatch.chdir("/")
    adapter.write_batch([make_record()])
    adapter.close()
    assert bench.names == ["events.jsonl"]


def test_a_file_that_was_renamed_is_opened_anew(bench: Bench) -> None:
    adapter = bench.adapter()
    adapter.write_batch([make_record(1)])
    moved = bench.path.rename(bench.path.with_name("events.jsonl.1"))
    adapter.write_batch([make_record(2)])
    assert moved.read_bytes() == make_record(1).encoded() + b"\n"
    assert bench.path.read_bytes() == make_record(2).encoded() + b"\n"


def test_a_file_that_was_deleted_is_made_anew(bench: Bench) -> None:
    adapter = bench.adapter()
    adapter.write_batch([make_record(1)])
    bench.path.unlink()
    adapter.write_batch([make_record(2)])
    assert bench.path.read_bytes() == make_record(2).encoded() + b"\n"


def test_a_file_that_was_emptied_is_filled_from_its_start(bench: Bench) -> None:
    adapter = bench.adapter()
    adapter.write_batch([make_record(1)])
    os.truncate(bench.path, 0)
    adapter.write_batch([make_record(2)])
    assert bench.path.read_bytes() == make_record(2).encoded() + b"\n"


def test_a_symbolic_link_is_followed_wherever_it_leads_to_now(bench: Bench) -> None:
    first, second = bench.path.with_name("first"), bench.path.with_name("second")
    bench.path.symlink_to(first)
    adapter = bench.adapter()
    adapter.write_batch([make_record(1)])
    bench.path.unlink()
    bench.path.symlink_to(second)
    adapter.write_batch([make_record(2)])
    assert first.read_bytes() == make_record(1).encoded() + b"\n"
    assert second.read_bytes() == make_record(2).encoded() + b"\n"


def test_a_path_that_never_leads_to_what_was_opened_is_given_up(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems number a file anew each time it is looked at."""
    numbers, look = itertools.count(), os.stat
    bench.path.touch()

    def look_anew(path: Path) -> object:
        return SimpleNamespace(st_dev=look(path).st_dev, st_ino=-next(numbers))

    adapter = bench.adapter()
    with monkeypatch.context() as system, pytest.raises(Retryable) as caught:
        system.setattr("e11y_file.log_file.os", SimpleNamespace(**{**vars(os), "stat": look_anew}))
        adapter.write_batch([make_record()])
    assert str(caught.value) == f"{bench.path}: the path leads to another file each time"


def test_a_pipe_is_no_file(bench: Bench) -> None:
    os.mkfifo(bench.path)
    adapter = bench.adapter()
    with pytest.raises(Retryable) as caught:
        adapter.write_batch([make_record()])
    assert str(caught.value) == f"{bench.path}: it is no regular file"
    assert not adapter.healthy()


def test_a_closed_adapter_rejects(bench: Bench) -> None:
    adapter = bench.adapter()
    adapter.close()
    with pytest.raises(Rejected) as caught:
        adapter.write_batch([make_record()])
    assert str(caught.value) == "the adapter is closed"
    assert not adapter.healthy()
