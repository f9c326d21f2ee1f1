"""Several processes: their numbers are added up, nothing goes down, and files do not pile up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from e11y import Event
from e11y_metrics import cardinality, counter, gauge, histogram, registry

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
            worker.close()


@counter("shared_jobs_total", tags=["color"])
@histogram("shared_size", value="size", buckets=(5, 10))
@gauge("shared_latest", value="size")
@gauge("shared_added", value="size", across="sum")
@gauge("shared_highest", value="size", across="max")
class ShareWorked(Event):
    color: str
    size: int


def files(directory: Path) -> list[str]:
    """Return the names of the files; a live worker may be about to replace its own at any moment."""
    return sorted(path.name for path in directory.iterdir() if path.suffix != ".tmp")


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
