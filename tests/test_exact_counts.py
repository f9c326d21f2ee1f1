"""Counts are exact whatever sampling and rate limits drop: metrics, sampling and ratelimit together."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import pytest

import e11y
from e11y import Event, Outcome, Runtime
from e11y.adapters import MemoryAdapter
from e11y_metrics import counter, histogram, registry
from e11y_ratelimit import rate_limit
from e11y_sampling import sample

EVENTS = 100_000
COLORS = ("red", "green", "blue")


@counter("exact_total", tags=["color", "severity"])
@histogram("exact_size", value="size", tags=["color"], buckets=(10, 50))
@sample(rate=0.01)
@rate_limit(20_000, per="1h")
class ExactSeen(Event):
    color: Literal["red", "green", "blue"]
    size: int


@counter("exact_debug_total")
@sample(rate=0.01)
class ExactDebugged(Event, severity="debug"):
    pass


@pytest.mark.timeout(120)
def test_a_hundred_thousand_events_are_all_counted() -> None:
    settings = {"environment": "test", "plugins": ["metrics", "sampling", "ratelimit"], "on_invalid": "report"}
    adapters = {"logs": MemoryAdapter(max_records=None)}
    outcomes: Counter[Outcome] = Counter()
    with Runtime(settings, adapters=adapters, environ={}, event_types=()) as runtime:
        for number in range(EVENTS):
            outcomes[ExactSeen.track(color=COLORS[number % 3], size=number % 100)] += 1
        assert ExactSeen.track(color="pink", size=1) is Outcome.INVALID  # type: ignore[arg-type]
        shown = registry()
        counted = [shown.get_sample_value("exact_total", {"color": color, "severity": "info"}) for color in COLORS]
        observed = [shown.get_sample_value("exact_size_count", {"color": color}) for color in COLORS]
        below = [shown.get_sample_value("exact_size_bucket", {"color": color, "le": "10.0"}) for color in COLORS]
        runtime.flush(20)
        ledger = runtime.ledger.check()
    assert counted == observed == [33_334, 33_333, 33_333]
    assert sum(filter(None, below)) == 11 * EVENTS / 100
    assert sum(outcomes.values()) == EVENTS
    assert outcomes[Outcome.RATE_LIMITED] >= 79_000
    assert 50 < outcomes[Outcome.ACCEPTED] < 400
    assert ledger.tracked == EVENTS + 1


@pytest.mark.parametrize("fails", [True, False])
def test_buffered_debug_events_are_counted_once(*, fails: bool) -> None:
    settings = {"environment": "test", "plugins": ["metrics", "sampling", "ratelimit"]}
    adapters = {"logs": MemoryAdapter(max_records=None)}
    with Runtime(settings, adapters=adapters, environ={}, event_types=()) as runtime:
        with e11y.scope("work") as work:
            for _ in range(500):
                assert ExactDebugged.track() is Outcome.BUFFERED
            if fails:
                work.fail("test")
        runtime.flush(20)
        assert registry().get_sample_value("exact_debug_total") == 500
        assert len(adapters["logs"].records) == (500 if fails else 0)
