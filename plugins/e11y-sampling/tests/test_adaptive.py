"""Rates that change: error spikes lift them, load lowers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import e11y
from e11y import Event, HighValueEvent
from e11y.trace import Trace
from e11y_sampling import LoadLevel, LoadSettings, sample, sample_when
from e11y_sampling.load import Load

Run = Callable[..., Any]


@sample(rate=0.05)
class SpikeSeen(Event):
    pass


@sample(rate=0.0)
class SpikeNever(Event):
    pass


class SpikeBroke(Event, severity="error"):
    pass


class SpikePlain(Event):
    pass


class SpikeValuable(HighValueEvent):
    pass


@sample(rate=1.0)
class SpikeAlways(Event):
    pass


@sample_when("n", over=0)
class SpikeRuled(Event):
    n: int


SPIKE = {"enabled": True}


def share(event_type: type[Event], count: int = 400, **fields: Any) -> float:
    return sum(bool(event_type.track(**fields)) for _ in range(count)) / count


def breaks(count: int) -> None:
    for _ in range(count):
        SpikeBroke.track()


def test_more_errors_than_allowed_are_a_spike(run: Run) -> None:
    bench = run(error_spike=SPIKE)
    breaks(100)
    bench.wait(1)
    assert share(SpikeSeen) < 0.15
    breaks(1)
    bench.wait(1)
    assert share(SpikeSeen) == 1.0
    assert bench.rates[-400:] == [1.0] * 400


def test_a_spike_ends_when_the_errors_do(run: Run) -> None:
    bench = run(error_spike=SPIKE)
    breaks(101)
    bench.wait(300)
    assert share(SpikeSeen) == 1.0
    bench.wait(1)
    assert share(SpikeSeen) < 0.15


def test_a_spike_goes_on_with_the_errors(run: Run) -> None:
    bench = run(error_spike={**SPIKE, "lasts": "30s"})
    for _ in range(10):
        breaks(60)
        bench.wait(20)
    assert share(SpikeSeen) == 1.0
    bench.wait(120)
    assert share(SpikeSeen) < 0.15


def test_errors_of_calls_count(run: Run) -> None:
    bench = run(error_spike=SPIKE)
    for _ in range(101):
        SpikePlain.at(severity="error").track()
    bench.wait(1)
    assert share(SpikeSeen) == 1.0


def test_never_means_never(run: Run) -> None:
    bench = run(error_spike=SPIKE)
    breaks(101)
    bench.wait(1)
    assert share(SpikeNever) == 0.0


def test_a_spike_overrides_the_caller_of_a_trace(run: Run) -> None:
    bench = run(error_spike=SPIKE)
    breaks(101)
    bench.wait(1)
    with e11y.scope("work", trace=Trace(5, sampled=False)):
        assert share(SpikeSeen) == 1.0


@pytest.mark.parametrize(("errors", "is_spike"), [(8, False), (12, True)])
def test_far_more_than_usual_are_a_spike(run: Run, errors: int, is_spike: bool) -> None:
    bench = run(error_spike=SPIKE)
    for _ in range(5):  # two a minute are usual
        breaks(2)
        bench.wait(61)
    breaks(errors)
    bench.wait(1)
    assert (share(SpikeSeen) == 1.0) is is_spike


def test_many_errors_that_are_usual_are_no_spike(run: Run) -> None:
    bench = run(error_spike=SPIKE)
    for _ in range(300):
        breaks(1)
        bench.wait(1)
    assert share(SpikeSeen) < 0.15


def test_the_usual_number_is_not_learned_from_a_spike(run: Run) -> None:
    bench = run(error_spike={**SPIKE, "lasts": "60s"})
    for _ in range(3):
        breaks(2)
        bench.wait(61)
    for _ in range(300):
        breaks(1)
        bench.wait(1)
    assert share(SpikeSeen) == 1.0  # five minutes later sixty a minute are still unusual


def test_without_a_spike_nothing_is_counted(run: Run) -> None:
    assert "observers" not in run().source(SpikeSeen)
    assert "observers" in run(error_spike=SPIKE).source(SpikeSeen)


LOAD = {"enabled": True, "levels": [{"above": 10.0, "rate": 0.5}, {"above": 100.0, "rate": 0.1}], "window": "1s"}


def loaded(bench: Any, per_second: int, seconds: int = 1) -> None:
    for _ in range(seconds):
        for _ in range(per_second):
            SpikeAlways.track()
        bench.wait(1)


def test_load_caps_the_rates(run: Run) -> None:
    bench = run(load=LOAD)
    loaded(bench, 10)
    assert share(SpikePlain, 5) == 1.0  # exactly at the threshold is not above it
    loaded(bench, 50)
    assert 0.4 < share(SpikePlain) < 0.6
    assert share(SpikeSeen) < 0.15  # its own rate is lower than the cap
    loaded(bench, 150)
    before = len(bench.records)
    assert 0.04 < share(SpikePlain) < 0.16
    assert set(bench.rates[before:]) == {0.1}


@pytest.mark.parametrize("event_type", [SpikeBroke, SpikeAlways, SpikeValuable])
def test_what_must_be_kept_is_kept_under_load(run: Run, event_type: type[Event]) -> None:
    bench = run(load=LOAD)
    loaded(bench, 500)
    assert share(event_type) == 1.0
    assert share(SpikeRuled, n=1) == 1.0
    assert share(SpikeRuled, n=0) < 0.2


def test_the_caller_of_a_trace_does_not_lift_the_cap(run: Run) -> None:
    bench = run(load=LOAD)
    loaded(bench, 500)
    outcomes = []
    for number in range(400):
        with e11y.scope("work", trace=Trace(number + 1, sampled=True)):
            outcomes.append(bool(SpikePlain.track()))
    assert 0.05 < sum(outcomes) / 400 < 0.15


def test_a_level_is_left_slowly() -> None:
    settings = LoadSettings(enabled=True, levels=(LoadLevel(10.0, 0.5), LoadLevel(100.0, 0.1)), window_s=1.0)
    load = Load(settings, 0.0)
    now = 0.0

    def second(events: int) -> int:
        nonlocal now
        for _ in range(events):
            load.events.add()
        now += 1
        load.update(now)
        return load.level

    assert [second(n) for n in (10, 11, 50, 101)] == [0, 1, 1, 2]
    assert [second(90) for _ in range(60)] == [2] * 60  # just below the threshold: stays
    assert [second(79) for _ in range(30)] == [2] * 30
    assert second(79) == 1  # well below for thirty seconds
    assert [second(5) for _ in range(20)] == [1] * 20
    assert second(9) == 1  # not well below: waits anew
    assert [second(5) for _ in range(30)] == [1] * 30
    assert second(5) == 0
    assert second(1000) == 2
    assert [second(0) for _ in range(31)][-1] == 0


def test_types_that_appear_under_load_are_capped_too(run: Run) -> None:
    bench = run(load=LOAD)
    loaded(bench, 500)

    class SpikeLate(Event):
        pass

    assert share(SpikeLate) < 0.2
