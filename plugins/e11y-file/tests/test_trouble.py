"""A disk without room, a lock that is not given back, a directory that is gone: survived and told."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from e11y import Partial, Retryable
from e11y.testing import make_record

from .conftest import Bench, lines_of, output_of, rotated_files, start_python

LINE_BYTES = len(make_record().encoded()) + 1

FULL_DISK = """
import fcntl, json, logging, os, resource, sys, time
import e11y
from e11y import Event

class DiskFilled(Event):
    number: int

path, limit, options = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
logging.basicConfig(stream=sys.stdout, format="%(message)s")
e11y.configure({"environment": "production", "plugins": ["file"], "adapters": {
    "logs": {"type": "file", "path": path, "batch_interval": "1m", "batch_records": 100, **options}}})
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
sys.dont_write_bytecode = True  # or it is cut off, too, and nobody can import the module any more
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
for number in range(100):
    DiskFilled.track(number=number)
lane, until = e11y.ledger().snapshot().lanes["logs"], time.monotonic() + 30
while not (lane.routed == 100 and lane.retries) and time.monotonic() < until:
    time.sleep(0.01)
    lane = e11y.ledger().snapshot().lanes["logs"]
undelivered = dict(e11y.flush(0.5).undelivered)
with open(path, "rb") as file:
    fcntl.flock(file, fcntl.LOCK_SH)  # amid an attempt there is what will be taken back
    left = os.path.getsize(path)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
later = dict(e11y.flush(30).undelivered)
lane = e11y.ledger().check().lanes["logs"]
print(json.dumps([undelivered, left, later, lane.delivered]))
e11y.shutdown(5)
"""


@pytest.mark.parametrize("limit", [0, 1, 10_000, 10_001])
@pytest.mark.parametrize("fsync", ["never", "batch"])
def test_what_does_not_fit_on_the_disk_is_written_once_there_is_room(tmp_path: Path, limit: int, fsync: str) -> None:
    """A limit of the system on the size of files ends a write in the middle, as a full disk does."""
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"")
    output = output_of(start_python(FULL_DISK, path, limit, json.dumps({"fsync": fsync, "max_size": "1MiB"})))
    facts, *told = output.splitlines()
    assert json.loads(facts) == [{"logs": 100}, 0, {}, 100]
    assert [json.loads(line)["payload"]["number"] for line in lines_of(path)] == list(range(100))
    assert any(line.startswith(f"file: write of {path} (File too large) failed: OSError (") for line in told), told


def fail_with(number: int) -> Callable[..., int]:
    def fail(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    return fail


def test_what_cannot_be_taken_back_counts_as_written(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes a line and a half and then fails for good, so that not even the half can be cut off."""
    adapter = bench.adapter()
    adapter.write_batch([make_record(0)])
    write, sizes = os.write, iter([LINE_BYTES + 10])

    def write_some(descriptor: int, data: bytes) -> int:
        size = next(sizes, None)
        return write(descriptor, data[:size]) if size else fail_with(errno.EIO)()

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", write_some)
        disk.setattr(os, "ftruncate", fail_with(errno.EIO))
        with pytest.raises(Partial) as caught:
            adapter.write_batch([make_record(1), make_record(2), make_record(3)])
    assert sorted(caught.value.failures) == [1, 2]
    assert {str(failure) for failure in caught.value.failures.values()} == {f"{bench.path}: Input/output error"}
    adapter.write_batch([make_record(2), make_record(3)])
    torn = make_record(2).encoded()[:10]
    assert lines_of(bench.path) == [
        make_record(0).encoded(),
        make_record(1).encoded(),
        torn,
        make_record(2).encoded(),
        make_record(3).encoded(),
    ]


def test_lines_that_are_not_safe_are_taken_back(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = bench.adapter(fsync="batch")
    adapter.write_batch([make_record(0)])
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", fail_with(errno.EIO))
        with pytest.raises(Retryable) as caught:
            adapter.write_batch([make_record(1)])
    assert str(caught.value) == f"{bench.path}: Input/output error"
    adapter.write_batch([make_record(1)])
    assert lines_of(bench.path) == [make_record(0).encoded(), make_record(1).encoded()]


def test_what_is_written_before_a_rotation_stays_written(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = bench.adapter(rotate="size", max_size=2 * LINE_BYTES, compress=False)
    records = [make_record(number) for number in range(5)]
    real_open, opened = os.open, iter([True])

    def open_once(path: Path, flags: int, *mode: int) -> int:
        if path != bench.path or next(opened, False):
            return real_open(path, flags, *mode)
        return fail_with(errno.ENOSPC)()

    with monkeypatch.context() as disk:
        disk.setattr(os, "open", open_once)
        with pytest.raises(Partial) as caught:
            adapter.write_batch(records)
    assert sorted(caught.value.failures) == [2, 3, 4]
    assert {str(failure) for failure in caught.value.failures.values()} == {f"{bench.path}: No space left on device"}
    adapter.write_batch(records[2:])
    assert lines_of(bench.path) == [record.encoded() for record in records]
    assert len(rotated_files(bench.path)) == 2


def test_a_lock_that_is_not_given_back_does_not_hang_the_lane(bench: Bench) -> None:
    adapter = bench.adapter()
    with bench.path.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(Retryable) as caught:
            adapter.write_batch([make_record()])
    assert str(caught.value) == f"{bench.path}: another process holds its lock"
    assert bench.faults == [(f"write of {bench.path} (another process holds its lock)", "TimeoutError")]
    adapter.write_batch([make_record()])
    assert lines_of(bench.path) == [make_record().encoded()]


def test_an_exit_does_not_wait_for_a_lock_beyond_its_deadline(tmp_path: Path) -> None:
    code = """
import fcntl, sys, threading
import e11y
import e11y_file.adapter
from e11y import Event

e11y_file.adapter._LOCK_S = 60.0  # so that nothing but the deadline ends the waiting

class LockWaited(Event):
    pass

e11y.configure({"environment": "production", "plugins": ["file"], "adapters": {
    "logs": {"type": "file", "path": sys.argv[1]}}})
with open(sys.argv[1], "wb") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    LockWaited.track()
    assert e11y.shutdown(3).undelivered == {"logs": 1}
    for thread in threading.enumerate():
        if thread.name.startswith("e11y-"):
            thread.join(20)
            assert not thread.is_alive(), "it waits on"
"""
    output_of(start_python(code, tmp_path / "events.jsonl"))


def test_a_directory_that_is_gone_is_made_anew(bench: Bench) -> None:
    bench.path = bench.path.parent / "logs" / "events.jsonl"
    adapter = bench.adapter()
    adapter.write_batch([make_record(1)])
    bench.path.unlink()
    bench.path.parent.rmdir()
    adapter.write_batch([make_record(2)])
    assert lines_of(bench.path) == [make_record(2).encoded()]


def test_a_thread_that_cannot_be_started_is_told_and_the_next_process_compresses(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as system:
        system.setattr(threading.Thread, "start", refuse)
        bench.adapter(rotate="size", max_size=1).write_batch([make_record(1), make_record(2)])
    assert bench.faults == [("start of thread e11y-file-tidy", "RuntimeError")]
    adapter = bench.adapter()
    adapter.write_batch([make_record(3)])
    adapter.close()
    assert [file.suffix for file in rotated_files(bench.path)] == [".gz"]
    assert lines_of(bench.path) == [make_record(number).encoded() for number in (1, 2, 3)]


def test_a_disk_that_does_not_confirm_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = bench.adapter(fsync="interval", fsync_interval_s=3600.0)
    adapter.write_batch([make_record()])
    monkeypatch.setattr(os, "fsync", fail_with(errno.EIO))
    adapter.close()
    assert not adapter.healthy()
    assert bench.faults == [(f"fsync of {bench.path} (Input/output error)", "OSError")]


def test_a_file_that_is_not_safe_yet_is_not_rotated(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = bench.adapter(fsync="interval", fsync_interval_s=3600.0, rotate="size", max_size=LINE_BYTES)
    adapter.write_batch([make_record(1)])
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", fail_with(errno.EIO))
        adapter.write_batch([make_record(2)])
    assert bench.faults == [(f"rotation of {bench.path} (Input/output error)", "OSError")]
    assert bench.names == ["events.jsonl"]
    adapter.write_batch([make_record(3)])
    assert lines_of(bench.path) == [make_record(number).encoded() for number in (1, 2, 3)]
    assert len(rotated_files(bench.path)) == 1


@pytest.mark.parametrize("fsync", ["never", "batch", "interval"])
def test_lines_are_forced_to_the_disk_as_the_settings_say(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, fsync: str
) -> None:
    forced: list[int] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        forced.append(os.fstat(descriptor).st_ino)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    adapter = bench.adapter(fsync=fsync, fsync_interval_s=3600.0)
    seen = []
    for number in range(2):
        adapter.write_batch([make_record(number)])
        seen.append(forced.count(bench.path.stat().st_ino))
    adapter.close()
    seen.append(forced.count(bench.path.stat().st_ino))
    assert seen == {"never": [0, 0, 0], "batch": [1, 2, 2], "interval": [0, 0, 1]}[fsync]


def test_an_interval_ends_by_itself(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    forced = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda descriptor: forced.set())
    adapter = bench.adapter(fsync="interval", fsync_interval_s=0.05)
    bench.path.touch()  # so that nothing but the line is forced
    adapter.write_batch([make_record()])
    assert forced.wait(30)
