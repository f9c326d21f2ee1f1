"""Traces: kept or dropped as a whole, the caller's decision, and what survives it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import e11y
from e11y import Event
from e11y.trace import Trace
from e11y_sampling import sample, sample_when
from e11y_sampling.odds import place

Run = Callable[..., Any]


@sample(rate=0.1)
class TraceSeen(Event):
    n: int = 0


@sample(rate=0.01)
class TraceSeenRarely(Event):
    n: int = 0


@sample(rate=1.0)
class TraceAlways(Event):
    pass


@sample_when("n", over=5)
@sample(rate=0.1)
class TraceRuled(Event):
    n: int = 0


@sample(rate=0.0)
class TraceNever(Event):
    pass


class TraceDefault(Event):
    pass


class TraceBroke(Event, severity="error"):
    pass


@sample(rate=0.5)
class TraceBrokeOften(Event, severity="error"):
    pass


def outcome_in(trace: Trace, *event_types: type[Event]) -> list[bool]:
    with e11y.scope("work", trace=trace):
        return [bool(event_type.track()) for event_type in event_types]


def traces(count: int, **given: Any) -> list[Trace]:
    source = random.Random(7)
    return [Trace(source.getrandbits(128) or 1, **given) for _ in range(count)]


def test_a_trace_is_kept_or_dropped_as_a_whole(run: Run) -> None:
    run()
    kept = [outcome_in(trace, *[TraceSeen] * 20) for trace in traces(1000)]
    assert {len(set(outcomes)) for outcomes in kept} == {1}
    assert 60 < sum(outcomes[0] for outcomes in kept) < 140


def test_every_process_decides_alike(run: Run) -> None:
    run(seed=1)
    one = [outcome_in(trace, TraceSeen) for trace in traces(300)]
    run(seed=2)
    assert [outcome_in(trace, TraceSeen) for trace in traces(300)] == one


def test_what_is_kept_at_a_rate_is_kept_at_every_higher_one(run: Run) -> None:
    run()
    pairs = [tuple(outcome_in(trace, TraceSeenRarely, TraceSeen)) for trace in traces(3000)]
    assert set(pairs) == {(False, False), (False, True), (True, True)}


@given(st.integers(min_value=1, max_value=2**128 - 1))
def test_a_place_is_below_two_to_the_64(trace_id: int) -> None:
    assert 0 <= place(trace_id) < 2**64


@pytest.mark.parametrize(
    "ids",
    [
        range(1, 20_001),
        range(2**64, 2**64 + 20_000),
        [n << 40 for n in range(1, 20_001)],
        [random.Random(3).getrandbits(64) for _ in range(1)] + list(range(5, 20_004)),
        # what a sampler in front lets through: the lowest tenth of the ids
        [one.trace_id % (2**64 // 10) + 1 for one in traces(20_000)],
    ],
    ids=["counted", "counted in the upper half", "spaced", "mixed", "sampled before"],
)
def test_ids_that_are_not_random_are_spread_too(ids: Any) -> None:
    share = sum(place(trace_id) < 2**64 // 10 for trace_id in ids) / len(ids)
    assert abs(share - 0.1) < 0.01


SAMPLED_OUT = {"sampled": 100}
UNSAMPLED = {"unsampled_trace": 100}


@pytest.mark.parametrize(
    ("event_type", "parent", "sampled", "kept", "dropped"),
    [
        (TraceSeen, "honour", True, 100, {}),
        (TraceSeen, "honour", False, 0, UNSAMPLED),
        (TraceSeen, "veto", False, 0, UNSAMPLED),
        (TraceNever, "honour", True, 0, SAMPLED_OUT),
        (TraceNever, "honour", False, 0, SAMPLED_OUT),
        # these survive whatever the caller of the trace decided
        (TraceAlways, "honour", False, 100, {}),
        (TraceDefault, "honour", False, 100, {}),
        (TraceBroke, "honour", False, 100, {}),
    ],
)
def test_the_decision_of_the_caller(
    run: Run, event_type: type[Event], parent: str, sampled: bool, kept: int, dropped: dict[str, int]
) -> None:
    bench = run(parent=parent)
    for trace in traces(100, sampled=sampled):
        outcome_in(trace, event_type)
    assert len(bench.records) == kept
    assert bench.rates == [1.0] * kept
    assert bench.dropped == dropped


@pytest.mark.parametrize(("parent", "sampled"), [("veto", True), ("ignore", True), ("ignore", False), ("honour", None)])
def test_otherwise_the_trace_id_decides(run: Run, parent: str, sampled: bool | None) -> None:
    run(parent=parent)
    expected = [[place(trace.trace_id) < 2**64 // 10] for trace in traces(300)]
    assert [outcome_in(trace, TraceSeen) for trace in traces(300, sampled=sampled)] == expected


@pytest.mark.parametrize(("parent", "rate"), [("honour", 0.25), ("veto", 0.025)])
def test_a_known_share_of_the_callers_is_taken_in(run: Run, parent: str, rate: float) -> None:
    bench = run(parent=parent, parent_rate=0.25)
    for trace in traces(300, sampled=True):
        outcome_in(trace, TraceSeen)
    assert set(bench.rates) == {rate}


def test_a_rule_survives_the_decision_of_the_caller(run: Run) -> None:
    bench = run()
    (trace,) = traces(1, sampled=False)
    with e11y.scope("work", trace=trace):
        for n in range(10):
            TraceRuled.track(n=n)
    assert [record.payload["n"] for record in bench.records] == [6, 7, 8, 9]
    assert bench.dropped == {"unsampled_trace": 6}


def test_a_rated_error_heeds_its_rate_only(run: Run) -> None:
    bench = run()
    for trace in traces(400, sampled=False):
        outcome_in(trace, TraceBrokeOften)
    assert 140 < len(bench.records) < 260
    assert set(bench.rates) == {0.5}


def test_outside_of_a_trace_chance_decides(run: Run) -> None:
    bench = run()
    for n in range(2000):
        TraceSeen.track(n=n)
    assert 140 < len(bench.records) < 260


def test_chance_may_decide_everywhere(run: Run) -> None:
    bench = run(trace_consistent=False)
    (trace,) = traces(1, sampled=False)
    with e11y.scope("work", trace=trace):
        for n in range(2000):
            TraceSeen.track(n=n)
            TraceRuled.track(n=9)
    kept = sum(record.name == "trace.seen" for record in bench.records)
    assert 140 < kept < 260
    assert len(bench.records) == kept + 2000


class TraceStep(Event, severity="debug"):
    n: int = 0


def test_a_flushed_trail_is_never_sampled(run: Run) -> None:
    bench = run(preset="severity", names={"trace.step": 0.0})
    with e11y.scope("work") as work:
        for n in range(50):
            TraceStep.track(n=n)
        work.fail()
        TraceStep.track(n=50)
    assert [record.payload["n"] for record in bench.records] == list(range(51))
    assert bench.rates == [1.0] * 51
    TraceStep.track(n=51)  # outside of a scope it is an event like every other
    assert bench.dropped == {"sampled": 1}


def test_the_trail_of_a_dropped_error_is_not_written(run: Run) -> None:
    bench = run(severity={"error": 0.0})
    with e11y.scope("work"):
        TraceStep.track()
        TraceBroke.track()
    assert (len(bench.records), bench.dropped) == (0, {"sampled": 1})
