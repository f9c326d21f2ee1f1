"""The files of the metrics directory: one ``Share`` stands for each process."""

from __future__ import annotations

import fcntl
import os
import signal
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.samples import Exemplar, Sample

from e11y_metrics.share import DamagedTotals, Share
from e11y_metrics.shared_family import mark


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


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


def test_totals_that_cannot_be_read_fail_a_scrape_and_are_kept(tmp_path: Path) -> None:
    first, second = Numbers(tmp_path), Numbers(tmp_path)
    second.counts = {"a": 3}
    second.share.finish()
    first.counts = {"a": 1}
    assert first.read() == {"a": 4}
    ended = tmp_path / "ended.msgpack"
    damaged = ended.read_bytes()[:-3]
    ended.write_bytes(damaged)
    for work in (first.share.read, first.share.finish):
        with pytest.raises(DamagedTotals) as raised:
            work()
        assert str(raised.value) == (
            f"{ended} is damaged, or of another version: remove it, or empty the directory, to begin anew"
        )
    assert ended.read_bytes() == damaged
    ended.unlink()
    assert Numbers(tmp_path).read() == {"a": 1}


def test_files_do_not_pile_up_though_nobody_reads(tmp_path: Path) -> None:
    living = Numbers(tmp_path)
    for number in range(200):
        one = Numbers(tmp_path)
        one.counts = {"a": 1}
        one.share.write()
        one.share.forget()  # killed
        if number % 10 == 0:
            living.share.write()
        assert len(files(tmp_path)) <= 32 + 2 + 10
    assert living.read() == {"a": 200}


def test_many_that_live_are_not_added_up_each_time(tmp_path: Path) -> None:
    fleet = [Numbers(tmp_path) for _ in range(40)]
    for one in fleet:
        one.counts = {"a": 1}
        one.share.write()
    ended = tmp_path / "ended.msgpack"
    before = ended.stat().st_mtime_ns, ended.stat().st_ino
    for one in fleet[33:]:
        one.counts = {"a": 2}
        one.share.write()
    assert (ended.stat().st_mtime_ns, ended.stat().st_ino) == before
    for one in fleet:
        one.share.forget()
    assert Numbers(tmp_path).read() == {"a": 47}


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


def test_a_process_that_stood_still_goes_on_waiting_for_the_lock(tmp_path: Path) -> None:
    one = Numbers(tmp_path)
    one.counts = {"a": 1}
    with (tmp_path / "lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        pid = os.fork()
        if pid == 0:
            try:
                one.share.finish()
            finally:
                os._exit(0)
        time.sleep(0.2)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(1.5)
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.1)
        fcntl.flock(file, fcntl.LOCK_UN)
        os.waitpid(pid, 0)
    assert files(tmp_path) == ["ended.msgpack", "lock"]
