"""Several processes: their numbers are added up, nothing goes down, and files do not pile up."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.samples import Exemplar, Sample

from e11y import Event
from e11y_metrics import cardinality, counter, gauge, histogram, registry
from e11y_metrics.share import Share
from e11y_metrics.shared_family import mark

from .conftest import Run

WORKER = """
import os, sys
import e11y
from e11y_metrics import counter, gauge, histogram, registry

@counter("shared_jobs_total", tags=["color"])
@histogram("shared_size", value="size", buckets=(5, 10))
@gauge("shared_latest", value="size")
@gauge("shared_added", value="size", across="sum")
@gauge("shared_highest", value="size", across="max")
class ShareWorked(e11y.Event):
    color: str
    size: int

e11y.configure(
    {"plugins": ["metrics"], "metrics": {"directory": sys.argv[1], "interval": "20ms"}},
    adapters={"logs": {"type": "null"}},
)
for line in sys.stdin:
    match line.split():
        case ["track", color, size]:
            ShareWorked.track(color=color, size=int(size))
        case ["read"]:
            registry().get_sample_value("x")
        case ["exit"]:
            break
    print("done", flush=True)
"""


class Worker:
    """A process that does what it is told."""

    def __init__(self, directory: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WORKER, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def end(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(30) == 0
        self.close()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        self.close()

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@contextmanager
def workers(directory: Path, count: int) -> Iterator[list[Worker]]:
    started = [Worker(directory) for _ in range(count)]
    try:
        yield started
    finally:
        for worker in started:
            if worker.process.poll() is None:
                worker.kill()


@counter("shared_jobs_total", tags=["color"])
@histogram("shared_size", value="size", buckets=(5, 10))
@gauge("shared_latest", value="size")
@gauge("shared_added", value="size", across="sum")
@gauge("shared_highest", value="size", across="max")
class ShareWorked(Event):
    color: str
    size: int


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def value(name: str, **labels: str) -> float | None:
    return registry().get_sample_value(name, labels)


def test_processes_are_added_up_while_they_live_and_after(run: Run, tmp_path: Path) -> None:
    run(directory=str(tmp_path / "deep" / "metrics"))
    directory = tmp_path / "deep" / "metrics"
    with workers(directory, 2) as (first, second):
        first.tell("track red 3")
        first.tell("read")
        second.tell("track red 7")
        second.tell("track blue 20")
        second.tell("read")
        ShareWorked.track(color="red", size=4)
        for _ in range(2):
            assert value("shared_jobs_total", color="red") == 3
            assert value("shared_jobs_total", color="blue") == 1
            assert [value("shared_size_bucket", le=le) for le in ("5.0", "10.0", "+Inf")] == [2, 3, 4]
            assert (value("shared_size_sum"), value("shared_size_count")) == (34, 4)
            assert (value("shared_added"), value("shared_highest")) == (3 + 20 + 4, 20)
        assert len(files(directory)) == 5
        first.end()
        assert value("shared_jobs_total", color="red") == 3
        second.kill()
        assert value("shared_jobs_total", color="red") == 3
        assert value("shared_jobs_total", color="blue") == 1
        assert value("shared_size_sum") == 34
        assert (value("shared_added"), value("shared_highest")) == (4, 4)
    own = next(name for name in files(directory) if name.startswith(f"{os.getpid()}-"))
    assert files(directory) == sorted([own, "ended.msgpack", "lock"])
    assert oct((directory / own).stat().st_mode & 0o777) == "0o600"
    assert oct(directory.stat().st_mode & 0o777) == "0o700"


def test_the_last_numbers_of_a_process_that_ends_are_kept(run: Run, tmp_path: Path) -> None:
    run(directory=str(tmp_path))
    with workers(tmp_path, 1) as (worker,):
        worker.tell("track red 3")
        worker.end()
    assert files(tmp_path) == ["ended.msgpack", "lock"]
    assert (value("shared_jobs_total", color="red"), value("shared_latest")) == (1, 3)


def test_a_process_leaves_its_numbers_by_itself_now_and_then(run: Run, tmp_path: Path) -> None:
    run(directory=str(tmp_path))
    with workers(tmp_path, 1) as (worker,):
        worker.tell("track red 3")
        deadline = time.monotonic() + 20
        while value("shared_jobs_total", color="red") != 1:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_the_metrics_of_the_library_are_shared_too(run: Run, tmp_path: Path) -> None:
    run(directory=str(tmp_path))
    with workers(tmp_path, 2) as both:
        for worker in both:
            worker.tell("track red 3")
            worker.end()
    assert value("e11y_events_tracked_total", result="routed") == 2


def test_the_report_on_labels_covers_all_processes(run: Run, tmp_path: Path) -> None:
    run(directory=str(tmp_path))
    with workers(tmp_path, 2) as both:
        for number, worker in enumerate(both):
            worker.tell(f"track color{number} 3")
            worker.end()
    (report,) = [one for one in cardinality() if one.metric == "shared_jobs_total"]
    assert (report.values, report.limit, report.overflow) == (2, 1_000, 0)
    assert report.declared[0].startswith("__main__.ShareWorked (__main__, line ")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_has_a_file_of_its_own(run: Run, tmp_path: Path) -> None:
    run(directory=str(tmp_path))
    ShareWorked.track(color="red", size=1)
    assert value("shared_jobs_total", color="red") == 1
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            ShareWorked.track(color="red", size=1)
            status = 0 if value("shared_jobs_total", color="red") == 2 else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert value("shared_jobs_total", color="red") == 2
    assert len(files(tmp_path)) == 3


# The files themselves: one Share per pretended process.


class Numbers:
    """What a pretended process counted."""

    def __init__(self, directory: Path, limit: int = 3, across: str = "latest") -> None:
        self.counts: dict[str, float] = {}
        self.level: tuple[float, float] | None = None
        self.limit = limit
        self.across = across
        self.share = Share(directory, self.metrics, list)

    def metrics(self) -> list[Metric]:
        counted = Metric("seen", "Seen.", "counter")
        for color, count in self.counts.items():
            exemplar = Exemplar({"trace_id": "ab"}, 1.0)
            counted.samples.append(Sample("seen_total", {"color": color}, count, None, exemplar))
        mark(counted, limits={"color": self.limit}, max_series=100)
        level = Metric("level", "Level.", "gauge")
        if self.level is not None:
            level.samples.append(Sample("level", {}, self.level[0]))
        mark(level, across=self.across, limits={}, times=(self.level or (0, 0))[1:])
        return [counted, level, Metric("foreign", "Not marked.", "gauge")]

    def read(self) -> dict[str, float]:
        return {
            next(iter(sample.labels.values()), sample.name): sample.value
            for metric in self.share.read().metrics
            for sample in metric.samples
        }


def test_the_limit_on_values_holds_for_all_processes_and_what_was_shown_stays(tmp_path: Path) -> None:
    first, second, third = (Numbers(tmp_path) for _ in range(3))
    first.counts = {"a": 1, "b": 1}
    assert first.read() == {"a": 1, "b": 1}
    second.counts = {"c": 1, "d": 1}
    assert second.read() == {"a": 1, "b": 1, "c": 1, "[OTHER]": 1}
    third.counts = {"e": 5, "a": 5}
    third.share.finish()
    second.counts = {"c": 2, "d": 2}
    second.share.write()
    assert first.read() == {"a": 6, "b": 1, "c": 2, "[OTHER]": 7}
    second.share.finish()
    first.share.finish()
    assert Numbers(tmp_path).read() == {"a": 6, "b": 1, "c": 2, "[OTHER]": 7}


class Fleet:
    """Processes that count, write, end or are killed in any order."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.alive = [Numbers(directory) for _ in range(3)]
        self.expected = 0.0
        self.shown: dict[str, float] = {}

    def do(self, at: int, deed: str, color: str) -> None:
        one = self.alive[at]
        if deed == "count":
            one.counts[color] = one.counts.get(color, 0) + 1
            self.expected += 1
        elif deed == "read":
            found = one.read()
            assert len(found) <= one.limit + 1
            assert all(found.get(name, 0) >= value for name, value in self.shown.items())
            self.shown = found
        else:
            one.share.write()
        if deed == "finish":
            one.share.finish()
        elif deed == "kill":
            one.share.forget()  # lets go of the file, as the kernel does
        if deed in ("finish", "kill"):
            self.alive[at] = Numbers(self.directory)


@settings(deadline=None)  # each example writes files
@given(
    st.lists(
        st.tuples(
            st.integers(0, 2),
            st.sampled_from(["count", "count", "count", "write", "read", "finish", "kill"]),
            st.sampled_from("abcdef"),
        ),
        max_size=40,
    )
)
def test_whatever_processes_do_nothing_is_lost_and_nothing_goes_down(deeds: list[tuple[int, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        fleet = Fleet(Path(folder))
        for at, deed, color in deeds:
            fleet.do(at, deed, color)
        for at in range(3):
            fleet.do(at, "finish", "")
        fleet.do(0, "read", "")
        assert sum(fleet.shown.values()) == fleet.expected
        assert len(files(fleet.directory)) <= 3
        for one in fleet.alive:
            one.share.forget()


def test_the_applications_own_metrics_are_added_by_their_own_means(tmp_path: Path) -> None:
    program = """
import os, sys
from prometheus_client import Counter
own = Counter("own_seen_total", "Mine.")
import e11y
from e11y_metrics import registry
e11y.configure({"plugins": ["metrics"], "metrics": {"directory": sys.argv[1]}}, adapters={"logs": {"type": "null"}})
own.inc()
if (child := os.fork()) == 0:
    own.inc(2)
    os._exit(0)
os.waitpid(child, 0)
print(registry().get_sample_value("own_seen_total"), registry().get_sample_value("python_info"))
"""
    upstream = tmp_path / "upstream"
    upstream.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "ours")],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(upstream)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("3.0 None\n", "")


@pytest.mark.parametrize(("across", "live", "ended"), [("latest", 5, 9), ("sum", 12, 5), ("max", 7, 5), ("min", 5, 5)])
def test_gauges_of_several_processes(tmp_path: Path, across: str, live: float, ended: float) -> None:
    first, second = Numbers(tmp_path, across=across), Numbers(tmp_path, across=across)
    first.level, second.level = (5, 100.0), (7, 50.0)
    second.share.write()
    assert first.read()["level"] == live
    second.level = (9, 200.0)
    second.share.finish()
    assert first.read()["level"] == ended


def test_a_process_that_was_killed_while_files_were_added_up_is_counted_once(tmp_path: Path) -> None:
    first, second = Numbers(tmp_path), Numbers(tmp_path)
    second.counts = {"a": 4}
    second.share.write()
    (path,) = tmp_path.glob("*-*.msgpack")
    left = path.read_bytes()
    second.share.finish()
    path.write_bytes(left)  # added up, and then its remover died
    assert first.read() == {"a": 4}
    assert not path.exists()


def test_a_file_that_cannot_be_read_counts_as_nothing(tmp_path: Path) -> None:
    (tmp_path / "1-abcd.msgpack").write_text('{"families": [["seen", "Se')
    first = Numbers(tmp_path)
    first.counts = {"a": 1}
    assert first.read() == {"a": 1}
    assert not (tmp_path / "1-abcd.msgpack").exists()


def test_what_was_half_written_is_removed_after_a_while(tmp_path: Path) -> None:
    old, new = tmp_path / "1-abcd.tmp", tmp_path / "2-abcd.tmp"
    for path in (old, new):
        path.write_text("{")
    os.utime(old, (0, 0))
    Numbers(tmp_path).read()
    assert [path.name for path in tmp_path.glob("*.tmp")] == ["2-abcd.tmp"]


def test_somebody_may_empty_the_directory(tmp_path: Path) -> None:
    first = Numbers(tmp_path)
    first.counts = {"a": 1}
    assert first.read() == {"a": 1}
    for path in tmp_path.iterdir():
        path.unlink()
    assert first.read() == {}
    first.counts = {"a": 2}
    assert first.read() == {"a": 2}


def test_exemplars_of_live_processes_are_shown(tmp_path: Path) -> None:
    first = Numbers(tmp_path)
    first.counts = {"a": 1}
    (sample,) = [sample for metric in first.share.read().metrics for sample in metric.samples]
    assert sample.exemplar == Exemplar({"trace_id": "ab"}, 1.0)


def test_a_disk_that_refuses_is_told_and_ends_nothing(
    run: Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    bench = run(directory=str(tmp_path / "file"), interval="1s")
    ShareWorked.track(color="red", size=1)
    with pytest.raises(OSError, match="file"):
        registry().get_sample_value("x")
    bench.runtime.shutdown(5)
    bench.runtime.faults.tell(final=True)
    assert [record.message for record in caplog.records][-1:] == [
        "metrics: sharing the last numbers failed: FileExistsError (1 times)"
    ]


@pytest.mark.parametrize("level", [float("inf"), float("-inf"), 2**62 + 1, -1.5])
def test_any_number_travels_as_it_is(tmp_path: Path, level: float) -> None:
    first, second = Numbers(tmp_path), Numbers(tmp_path)
    first.level, first.counts = (level, 1.0), {"a": 2**62 + 1}
    first.share.write()
    assert second.read() == {"level": level, "a": 2**62 + 1}


def test_numbers_too_large_for_an_int_travel_as_floats(tmp_path: Path) -> None:
    first, second = Numbers(tmp_path), Numbers(tmp_path)
    first.counts = {"a": 2**70}
    first.share.write()
    assert second.read() == {"a": 2.0**70}


def test_a_lock_that_is_not_released_delays_a_scrape_and_an_end_for_some_time_only(tmp_path: Path) -> None:
    first = Numbers(tmp_path)
    first.counts = {"a": 1}
    first.share.write()
    with (tmp_path / "lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(TimeoutError, match="another process holds the lock of the metrics directory"):
            first.read()
        first.share.finish()
    assert Numbers(tmp_path).read() == {"a": 1}
