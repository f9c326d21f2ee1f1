"""What is added is told apart from what is done anyway, and the cases do what their titles say."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import e11y
from benchmarks.case import Case, Emitter
from benchmarks.cases import CASES
from benchmarks.cases.asgi import DEBUG_EVENTS
from benchmarks.measures import added
from benchmarks.measures.request import Request
from benchmarks.workload import Rows, rows

DATA = rows(50)
ROOT = Path(__file__).parents[2]


def case(name: str, turns: int, *, has_base: bool = True) -> Case:
    """A case that adds ``turns`` of a loop to 200 of its base."""

    def loop(count: int, rows: Rows) -> None:
        for _ in rows:
            for _ in range(count):
                pass

    @contextmanager
    def opened(_: Path) -> Iterator[Emitter]:
        yield Emitter(lambda rows: loop(200 + turns, rows), base=(lambda rows: loop(200, rows)) if has_base else None)

    return Case(name, name, opened)


def request(directory: Path, name: str) -> Request:
    return Request(measure="asgi", case=name, seed=1, quick=True, directory=directory)


def test_the_base_is_no_part_of_the_ratio(tmp_path: Path) -> None:
    cases = {one.name: one for one in (case("mine", 400), case("theirs", 100))}
    ratios: list[float] = []
    while len(ratios) < 3 and max(ratios, default=0) <= 2.5:  # a machine that stalls spoils one try
        values = added.measure(request(tmp_path, "mine"), cases, peer="theirs")
        assert values.keys() == {"wall", "cpu", "total", "wall/theirs", "cpu/theirs", "total/theirs"}
        ratios.append(values["cpu/theirs"])
    assert ratios[-1] > 2.5  # 4; with the base in both it would be 2


def test_a_peer_is_not_compared_with_itself(tmp_path: Path) -> None:
    values = added.measure(request(tmp_path, "theirs"), {"theirs": case("theirs", 100)}, peer="theirs")
    assert values.keys() == {"wall", "cpu", "total"}


def test_a_case_without_a_base_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="^the case mine has no base to be added to$"):
        added.measure(request(tmp_path, "mine"), {"mine": case("mine", 1, has_base=False)}, peer="mine")


@pytest.mark.parametrize(("name", "events"), [("e11y-asgi", 0), ("e11y-asgi-debug", DEBUG_EVENTS)])
def test_each_request_is_told_once_and_leaves_no_debug_event(name: str, events: int, tmp_path: Path) -> None:
    with CASES[name].open(tmp_path) as emitter:
        emitter.run(DATA)
        emitter.drain()
        told = e11y.ledger().check()
        assert (told.lanes["logs"].delivered, told.discarded) == (len(DATA), events * len(DATA))
        assert emitter.base is not None
        emitter.base(DATA)
        assert e11y.ledger().check().tracked == told.tracked


def test_opentelemetry_records_each_request_and_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES["otel-asgi"]
    if case.missing():
        pytest.skip(f"{case.missing()} is not installed; see benchmarks/requirements.txt")
    from opentelemetry.sdk.trace import export

    spans: list[str] = []
    on_end = export.BatchSpanProcessor.on_end

    def noting(self: Any, span: Any) -> None:
        spans.append(span.name)
        on_end(self, span)

    monkeypatch.setattr(export.BatchSpanProcessor, "on_end", noting)
    with case.open(tmp_path) as emitter:
        emitter.run(DATA)
        assert emitter.drain() is True  # type: ignore[func-returns-value]  # what the SDK's force_flush says
    assert len(spans) == 4 * len(DATA)  # the request, the message received, two sent


COUNTED = """
import pathlib, sys
import e11y
from benchmarks.cases import CASES
from benchmarks.workload import rows
from prometheus_client import REGISTRY

with CASES["e11y-counted"].open(pathlib.Path(sys.argv[1])) as emitter:
    emitter.base(rows(20))
    emitter.run(rows(50))
    emitter.drain()
    print(e11y.ledger().check().lanes["logs"].delivered)
    for name in ("orders_counted_total", "orders_counted_amount_count"):
        print(sum(sample.value for metric in REGISTRY.collect() for sample in metric.samples if sample.name == name))
"""


def test_every_event_is_counted_and_those_of_the_base_are_not(tmp_path: Path) -> None:
    """In a process of its own: a process that knows the event type is refused without e11y-metrics."""
    command = [sys.executable, "-c", COUNTED, str(tmp_path)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=50, cwd=ROOT)
    assert answer.stdout.splitlines() == ["70", "50", "50"], answer.stderr


def test_prometheus_client_counts_its_events(tmp_path: Path) -> None:
    import prometheus_client

    registries: list[prometheus_client.CollectorRegistry] = []
    with pytest.MonkeyPatch.context() as patch:
        made = prometheus_client.CollectorRegistry

        def remember() -> prometheus_client.CollectorRegistry:
            registries.append(made())
            return registries[-1]

        patch.setattr(prometheus_client, "CollectorRegistry", remember)
        with CASES["prometheus-client"].open(tmp_path) as emitter:
            emitter.run(DATA)
    (registry,) = registries
    samples = [sample for metric in registry.collect() for sample in metric.samples]
    for name in ("orders_paid_total", "order_amount_count"):
        assert sum(sample.value for sample in samples if sample.name == name) == len(DATA)
