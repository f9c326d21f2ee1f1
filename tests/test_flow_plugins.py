"""Plugins that decide on the flow of events, side by side: limits and rates."""

from __future__ import annotations

from typing import Any

import pytest

from e11y import Event, Outcome, Runtime
from e11y.adapters import MemoryAdapter
from e11y.testing import FrozenClock
from e11y_ratelimit import rate_limit
from e11y_sampling import sample


@rate_limit(3, per="1m")
@sample(rate=1.0)
class FlowLimited(Event):
    number: int


class FlowNamed(Event):
    pass


@pytest.mark.parametrize(
    "rates",
    [
        {"preset": "severity", "default_rate": 0.0},
        {"severity": {"warn": 0.0}},
        {"names": {"*": 0.0}},
        {"load": {"enabled": True, "levels": [{"above": 0.001, "rate": 0.0001}], "window": "1s"}},
    ],
)
def test_the_summary_of_limits_arrives_whatever_the_rates(rates: dict[str, Any]) -> None:
    memory, clock = MemoryAdapter(), FrozenClock()
    settings = {"environment": "test", "plugins": ["ratelimit", "sampling"], "sampling": rates}
    with Runtime(settings, adapters={"logs": memory}, clock=clock, environ={}, event_types=()) as runtime:
        runtime.ids.random.seed(1)
        outcomes = [FlowLimited.track(number=number) for number in range(5)]
        clock.advance(2)
        runtime.flush(20)
    assert outcomes == [Outcome.ACCEPTED] * 3 + [Outcome.RATE_LIMITED] * 2
    assert [record.name for record in memory.records] == ["flow.limited"] * 3 + ["e11y.rate_limited"]
    assert memory.records[-1].payload["suppressed"] == 2
    assert memory.records[-1].metadata["sample_rate"] == 1.0


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("flow.named", True),
        ("flow.*", True),
        ("*named", True),
        ("*", True),
        ("flow*med", True),
        ("flow", False),
        ("named", False),
        ("flow.name.", False),
        ("FLOW.*", False),
        ("f+low.named", False),
    ],
)
def test_limits_and_rates_read_patterns_alike(pattern: str, fits: bool) -> None:
    limited = {"plugins": ["ratelimit"], "ratelimit": {"events": [{"match": pattern, "limit": 1, "per": "1h"}]}}
    sampled = {"plugins": ["sampling"], "sampling": {"names": {pattern: 0.0}}}
    for settings, refused in ((limited, Outcome.RATE_LIMITED), (sampled, Outcome.SAMPLED_OUT)):
        with Runtime({"environment": "test", **settings}, environ={}, event_types=()):
            FlowNamed.track()
            assert (FlowNamed.track() is refused) is fits


def test_an_exact_name_counts_before_patterns_that_are_as_long() -> None:
    limit = {"match": "flow.named", "limit": 5, "per": "1h"}
    events = [{**limit, "match": "flow.*named", "limit": 1}, limit]
    names = {"flow.*named": 0.0, "flow.named": 1.0}
    settings = {"plugins": ["ratelimit", "sampling"], "ratelimit": {"events": events}, "sampling": {"names": names}}
    with Runtime({"environment": "test", **settings}, environ={}, event_types=()):
        assert [FlowNamed.track() for _ in range(6)] == [Outcome.ACCEPTED] * 5 + [Outcome.RATE_LIMITED]
