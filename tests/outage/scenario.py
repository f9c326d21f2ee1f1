"""An outage: a steady load, a destination that fails and comes back, and beside it the same load without an outage.

Whoever has a network adapter says how to point it at the sink and how to read a push back (``Destination``), and
tests each ``Outage``:

    @pytest.mark.parametrize("outage", OUTAGES, ids=str)
    def test_an_outage_loses_nothing(outage, tmp_path):
        check(DESTINATION, outage, tmp_path)

Both loads run at the same time in processes of their own, so that whatever else the machine does slows both. Two more
checks are about outages that do not end: ``check_endless`` and, with each of ``LASTING``, ``check_exit``.
"""

from __future__ import annotations

import random
import signal
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from tests.outage.processes import EVENTS, SHUTDOWN_S, Application, Sink

BEFORE_S = 2.0
OUTAGE_S = 10.0
FEW = 4_000

_SLOWER = 1.25
_ATTEMPTS = 5
"""A slower call shows in each; what else the machine does hits one process or the other."""
_SEGMENT = 500


@attrs.frozen
class Destination:
    """How one adapter meets the sink.

    Args:
        table: From the sink's URL to the table of the adapter.
        numbers: From the text of a push to the numbers of the events in it.
        severity: Of the events: ``info`` or ``error``.
        quiet: Keys of the table that let the adapter take everything and send nothing, where sending keeps the
            process so busy that its callers find warm caches: then callers amid an outage, in which nothing is
            sent, are compared with those of a third application that sends nothing either.
    """

    table: Callable[[str], Mapping[str, Any]]
    numbers: Callable[[str], Iterable[int]]
    severity: str = "info"
    quiet: Mapping[str, Any] | None = None


@attrs.frozen
class Outage:
    """One way to fail.

    Args:
        name: For people.
        begin: Makes a sink fail.
        end: Brings it back.
        twice: Whether events may arrive twice: only those in a push whose answer nobody heard.
    """

    name: str
    begin: Callable[[Sink], None]
    end: Callable[[Sink], None]
    twice: bool = False

    def __str__(self) -> str:
        return self.name


def _killed(sink: Sink) -> None:
    sink.stop()


def _killed_in_a_push(mode: str) -> Callable[[Sink], None]:
    def begin(sink: Sink) -> None:
        sink.mode(mode)
        sink.wait()

    return begin


_KILLED = Outage("killed", _killed, Sink.start, twice=True)
_BLACK_HOLED = Outage(
    "black-holed",
    lambda sink: sink.signal(signal.SIGSTOP),
    lambda sink: sink.signal(signal.SIGCONT),
    twice=True,
)
_BUSY = Outage("answering 429", lambda sink: sink.mode("busy"), lambda sink: sink.mode("take"))

OUTAGES = (
    _KILLED,
    Outage("killed while reading a push", _killed_in_a_push("die-reading"), Sink.start),
    Outage("killed before answering a push", _killed_in_a_push("die"), Sink.start, twice=True),
    _BLACK_HOLED,
    _BUSY,
)
LASTING = (_KILLED, _BLACK_HOLED, _BUSY)
"""Those that begin without a push, so that they may go on for ever."""


@attrs.frozen
class Report:
    """What came of one outage.

    Args:
        outage: What happened.
        healthy, failing: Results of the application without and with the outage.
        compared: Result of the application whose callers those of the second are compared with.
        counts: How often each event of the second arrived.
        unheard: Events in a push whose answer nobody heard.
        letters: Number and reason of each dead letter of the second.
    """

    outage: Outage
    healthy: dict[str, Any] = attrs.field(repr=False)
    failing: dict[str, Any] = attrs.field(repr=False)
    compared: dict[str, Any] = attrs.field(repr=False)
    counts: Counter[int] = attrs.field(repr=False)
    unheard: set[int] = attrs.field(repr=False)
    letters: list[tuple[int, str]] = attrs.field(repr=False)

    def check(self) -> None:
        """Check everything that an outage must not do, but for the time of callers.

        Raises:
            AssertionError: It did.
        """
        lost = EVENTS - len(self.counts)
        twice = {number for number, count in self.counts.items() if count > 1}
        assert (lost, self.letters) == (0, [])
        assert twice <= (self.unheard if self.outage.twice else set()), f"{len(twice)} came twice without a reason"
        for result in (self.healthy, self.failing):
            assert (result["undelivered"], result["shed"], result["given_up"]) == (0, 0, 0)
            assert result["delivered"] == result["tracked"]
            assert result["shutdown_s"] < SHUTDOWN_S
        assert self.failing["retries"] > 0

    def ends_at_once(self) -> bool:
        """Return whether the processes ended within a second once they had shut down."""
        return max(result["exit_s"] for result in (self.healthy, self.failing)) < 1.0

    def is_unnoticed(self) -> bool:
        """Return whether the callers' p99 is that of the healthy run, as far as chance can tell."""
        healthy, failing = _p99s(self.compared["taken_ns"]), _p99s(self.failing["taken_ns"])
        slower = statistics.median(failing) / statistics.median(healthy)
        return slower < _SLOWER or chance_of(healthy, failing) > 0.001

    def summary(self) -> str:
        """Return the figures in one line."""
        twice = sum(count - 1 for count in self.counts.values())
        p99s = [statistics.median(_p99s(result["taken_ns"])) / 1000 for result in (self.compared, self.failing)]
        return (
            f"{self.outage}: {EVENTS - len(self.counts)} lost, {twice} twice, {self.failing['retries']} retries, "
            f"p99 {p99s[1]:.1f} us against {p99s[0]:.1f} us healthy, flush {self.failing['flush_s']:.2f} s, "
            f"exit {self.failing['exit_s']:.2f} s against {self.healthy['exit_s']:.2f} s"
        )


def check(destination: Destination, outage: Outage, folder: Path) -> None:
    """Check that an outage loses nothing, that callers do not notice, and that the process ends at once.

    Raises:
        AssertionError: It did, or they do or it does not each time.
    """
    summaries = []
    for attempt in range(_ATTEMPTS):
        report = run(destination, outage, folder / str(attempt))
        report.check()
        if report.is_unnoticed() and report.ends_at_once():
            return
        summaries.append(report.summary())
    raise AssertionError("callers notice, or the end is late, each time: " + "; ".join(summaries))


def check_endless(destination: Destination, folder: Path) -> None:
    """Check that an outage without end makes a dead letter of each event.

    Raises:
        AssertionError: It does not.
    """
    lane = {"give_up_after": "1s", "breaker_probe_after": "100ms", "breaker_probe_cap": "200ms"}
    with _alone(destination, folder, lane) as (sink, application):
        sink.stop()
        application.begin()
        application.hears("tracked")
        result = application.finish()
    letters = application.letters()
    assert sorted(number for number, _ in letters) == list(range(FEW))
    assert {reason for _, reason in letters} == {"expired: not accepted for 1 s"}
    assert (result["dead_lettered"], result["given_up"], result["shed"]) == (FEW, 0, 0)


def check_exit(destination: Destination, outage: Outage, folder: Path) -> None:
    """Check that a process ends in time amid an outage, whatever an attempt may take, and accounts for each event.

    Raises:
        AssertionError: It does not account for one, or is late each time.
    """
    late = []
    for attempt in range(_ATTEMPTS):
        shutdown_s, end_s = _end(destination, outage, folder / str(attempt))
        if shutdown_s < 2.2 and end_s < 2.0 + 0.1 + 1.0:  # the last for the end of the interpreter
            return
        late.append(f"{shutdown_s:.2f} s for the shutdown, {end_s:.2f} s to the end")
    raise AssertionError("it ends late each time: " + "; ".join(late))


def _end(destination: Destination, outage: Outage, folder: Path) -> tuple[float, float]:
    """End a process amid an outage; return how long the shutdown took, and all until its end."""
    folder.mkdir()
    with _alone(destination, folder, {"timeout": "30s"}, flush_s=0.1, shutdown_s=2.0) as (sink, application):
        application.begin()
        outage.begin(sink)
        application.hears("tracked")
        began = time.monotonic()
        result = application.finish()
        end_s = time.monotonic() - began
    kept = {number for number, _ in application.letters()}
    taken, _ = sink.taken(destination.numbers)
    assert kept | set(taken) == set(range(FEW))
    assert result["delivered"] + result["dead_lettered"] + result["given_up"] == result["tracked"]
    return result["shutdown_s"], end_s


@contextmanager
def _alone(
    destination: Destination, folder: Path, lane: Mapping[str, Any], **asked: Any
) -> Iterator[tuple[Sink, Application]]:
    """Run a sink and one application with few events for it, ready to begin; both are dead afterwards."""
    sink = Sink(folder / "sink")
    try:
        table = {**destination.table(sink.url), **lane}
        application = Application(folder / "application", table, severity=destination.severity, events=FEW, **asked)
        try:
            yield sink, application
        finally:
            application.stop()
    finally:
        sink.stop()


def run(destination: Destination, outage: Outage, folder: Path) -> Report:
    """Run the load with and without an outage at the same time."""
    folder.mkdir(exist_ok=True)
    sinks = {name: Sink(folder / f"{name} sink") for name in ("healthy", "failing")}
    applications: dict[str, Application] = {}
    try:
        for name, sink in sinks.items():
            table = destination.table(sink.url)
            applications[name] = Application(folder / name, table, severity=destination.severity)
        if destination.quiet is not None:
            table = {**destination.table(sinks["healthy"].url), **destination.quiet}
            applications["quiet"] = Application(folder / "quiet", table, severity=destination.severity)
        for application in applications.values():
            application.begin()
        time.sleep(BEFORE_S)
        began = time.monotonic()
        outage.begin(sinks["failing"])
        for application in applications.values():
            application.hears("tracked")
        time.sleep(max(0.0, began + OUTAGE_S - time.monotonic()))
        outage.end(sinks["failing"])
        results = {name: application.finish() for name, application in applications.items()}
    finally:
        for process in (*applications.values(), *sinks.values()):
            process.stop()
    counts, unheard = sinks["failing"].taken(destination.numbers)
    letters = applications["failing"].letters()
    compared = results.get("quiet", results["healthy"])
    return Report(outage, results["healthy"], results["failing"], compared, counts, unheard, letters)


def chance_of(healthy: list[float], failing: list[float], tries: int = 4_000) -> float:
    """Return how probable it is that runs that do not differ are at least so far apart (a permutation test)."""
    rng = random.Random(1)
    seen = statistics.median(failing) - statistics.median(healthy)
    pool = [*healthy, *failing]
    further = 0
    for _ in range(tries):
        rng.shuffle(pool)
        further += statistics.median(pool[: len(failing)]) - statistics.median(pool[len(failing) :]) >= seen
    return (further + 1) / (tries + 1)


def _p99s(taken_ns: list[int]) -> list[float]:
    """Return the p99 of each quarter of a second."""
    parts = [sorted(taken_ns[start : start + _SEGMENT]) for start in range(0, len(taken_ns), _SEGMENT)]
    return [float(part[len(part) * 99 // 100]) for part in parts]
