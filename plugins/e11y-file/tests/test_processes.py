"""Several processes write, rotate and compress one file; some are killed; not a line is lost or doubled."""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from e11y.testing import StandaloneHost, make_record
from e11y_file import FileAdapter, FileSettings

from .conftest import Bench, eventually, lines_of, output_of, rotated_files, start_python, wait_for_tidying

WRITER = """
import json, sys, threading
import e11y
from e11y import Event

path, writer, threads, count, options = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]

class LineWritten(Event):
    writer: int
    thread: int
    number: int

e11y.configure({
    "environment": "production",
    "plugins": ["file"],
    "memory_limit": "1GiB",
    "adapters": {"logs": {"type": "file", "path": path, "backpressure": "block", **json.loads(options)}},
})
e11y.start()

def write(thread):
    for number in range(count):
        assert LineWritten.track(writer=writer, thread=thread, number=number)

workers = [threading.Thread(target=write, args=(thread,)) for thread in range(threads)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
report = e11y.flush(100)
lane = e11y.ledger().check().lanes["logs"]
print(json.dumps({"delivered": lane.delivered, "undelivered": dict(report.undelivered)}))
"""

SIZE = 64 * 1024

pytestmark = pytest.mark.timeout(200)  # seconds on an idle machine, but there are 200 000 lines on two cores


def key_of(line: bytes) -> tuple[int, int, int]:
    payload = json.loads(line)["payload"]
    return payload["writer"], payload["thread"], payload["number"]


@pytest.mark.parametrize("compress", [True, False])
def test_each_line_is_there_once_across_all_rotations(tmp_path: Path, compress: bool) -> None:
    """20 threads in each of 2 processes, 5 000 lines a thread, a rotation every 64 KiB."""
    path = tmp_path / "events.jsonl"
    options = json.dumps({"max_size": "64KiB", "compress": compress})
    writers = [start_python(WRITER, path, writer, 20, 5_000, options) for writer in range(2)]
    assert [json.loads(output_of(writer)) for writer in writers] == [{"delivered": 100_000, "undelivered": {}}] * 2
    lines = lines_of(path)
    assert len(lines) == 200_000
    assert {key_of(line) for line in lines} == {
        (writer, thread, number) for writer in range(2) for thread in range(20) for number in range(5_000)
    }
    sizes = [file.stat().st_size for file in [*rotated_files(path), path]]
    assert max(sizes) <= SIZE
    assert len(sizes) > sum(map(len, lines)) / SIZE
    if compress:
        # What the last process still rotated when it left is compressed by the next one, given time.
        adapter = FileAdapter(FileSettings(path=str(path), rotate="size", max_size=SIZE), StandaloneHost())
        adapter.write_batch([make_record()])
        wait_for_tidying()
        adapter.close()
        assert {file.suffix for file in rotated_files(path)} == {".gz"}
        assert len(lines_of(path)) == 200_001
    assert not list(tmp_path.glob(".*"))


def test_killed_processes_damage_at_most_the_line_they_were_writing(tmp_path: Path) -> None:
    """While one process goes on, others are killed in the middle of their writing, rotating and compressing."""
    path = tmp_path / "events.jsonl"
    options = json.dumps({"max_size": "64KiB", "batch_interval": "1ms"})
    survivor = start_python(WRITER, path, 0, 4, 5_000, options)
    kills = 8
    chance = random.Random(8)
    for writer in range(1, kills + 1):
        victim = start_python(WRITER, path, writer, 1, 10_000_000, options)
        mark = b'"writer":%d,' % writer
        eventually(lambda mark=mark: any(mark in line for line in lines_of(path)[-2_000:]))  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.1))
        victim.send_signal(signal.SIGKILL)
        victim.communicate()
    assert json.loads(output_of(survivor))["delivered"] == 20_000
    output_of(start_python(WRITER, path, kills + 1, 1, 100, options))
    whole, damaged = [], 0
    for line in lines_of(path):
        try:
            whole.append(key_of(line))
        except ValueError:
            damaged += 1
    assert damaged <= kills
    assert max(Counter(whole).values()) == 1
    for writer, threads, count in ((0, 4, 5_000), (kills + 1, 1, 100)):
        expected = {(writer, thread, number) for thread in range(threads) for number in range(count)}
        assert {key for key in whole if key[0] == writer} == expected
    for writer in range(1, kills + 1):
        numbers = [number for by, _, number in whole if by == writer]
        assert sorted(numbers) == list(range(len(numbers))), "a killed process wrote in order, up to its end"
    assert not list(tmp_path.glob(".*"))


def test_a_forked_child_does_not_hold_the_lock_of_a_parent_that_was_killed(bench: Bench) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from e11y_file.log_file import LogFile

file = LogFile(Path(sys.argv[1]), 0o600, "never", print)
file.lock(lambda waited: False)
if os.fork() == 0:
    print("forked", flush=True)
    sys.stdin.read()
    file.lock(lambda waited: False)
    file.append([b"child"])
    os._exit(0)
signal.pause()
"""
    parent = start_python(code, bench.path)
    assert parent.stdin is not None
    assert parent.stdout is not None
    assert parent.stdout.readline() == "forked\n"
    parent.kill()
    parent.wait()
    bench.adapter().write_batch([make_record()])
    parent.stdin.close()
    eventually(lambda: lines_of(bench.path) == [make_record().encoded(), b"child"])
    parent.stdout.close()
    assert parent.stderr is not None
    parent.stderr.close()


def test_a_prefork_server_writes_to_one_file(tmp_path: Path) -> None:
    code = """
import os, sys, warnings
import e11y
from e11y import Event

warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 warns of any fork beside threads

class ForkedLine(Event):
    who: str

e11y.configure({"environment": "production", "plugins": ["file"], "adapters": {
    "logs": {"type": "file", "path": sys.argv[1], "max_size": "300B", "fsync": "interval"}}})
ForkedLine.track(who="parent")
e11y.flush(30)
children = []
for number in range(4):
    child = os.fork()
    if child == 0:
        for _ in range(10):
            ForkedLine.track(who=f"child {number}")
        e11y.shutdown(30)
        os._exit(0)
    children.append(child)
codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
ForkedLine.track(who="parent")
e11y.shutdown(30)
assert codes == [0] * 4, codes
"""
    path = tmp_path / "events.jsonl"
    output_of(start_python(code, path))
    counts = Counter(json.loads(line)["payload"]["who"] for line in lines_of(path))
    assert counts == {"parent": 2, **{f"child {number}": 10 for number in range(4)}}


def test_a_write_waits_while_somebody_reads_under_the_lock(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the lock is for besides: a reader that holds it sees a file that stands still."""
    monkeypatch.setattr("e11y_file.adapter._LOCK_S", 30.0)  # a reader on a busy machine is a slow one
    adapter = bench.adapter()
    adapter.write_batch([make_record(1)])
    reader = start_python(
        """
import fcntl, sys, time
with open(sys.argv[1]) as file:
    fcntl.flock(file, fcntl.LOCK_SH)
    print("locked", flush=True)
    time.sleep(0.3)
    assert len(file.readlines()) == 1
""",
        bench.path,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "locked\n"
    adapter.write_batch([make_record(2)])
    output_of(reader)
    assert len(lines_of(bench.path)) == 2
