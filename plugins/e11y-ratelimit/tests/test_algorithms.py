"""Both algorithms keep their bound for whatever arrives whenever, and refuse nothing that fits."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y_ratelimit import RateLimitSettings

from .conftest import Step

gaps = st.lists(
    st.one_of(st.just(0.0), st.floats(0.0, 0.05), st.floats(0.0, 3.0), st.sampled_from([0.1, 0.25, 0.5, 1.0, 7.5])),
    max_size=150,
)


def arrivals(step: Step, pauses: list[float]) -> list[float]:
    """Return the times at which an event passed."""
    passed = []
    for pause in pauses:
        step.clock.advance(pause)
        if step.passes():
            passed.append(step.clock.monotonic())
    return passed


@given(st.integers(1, 12), st.sampled_from([0.5, 1.0, 3.0, 60.0]), gaps)
def test_a_bucket_never_lets_more_pass_than_it_holds_and_gains(limit: int, per_s: float, pauses: list[float]) -> None:
    passed = arrivals(Step(RateLimitSettings(limit=limit, per_s=per_s)), pauses)
    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= limit + (passed[last] - start) * limit / per_s + 1e-6


@given(st.integers(1, 12), st.sampled_from([0.5, 1.0, 3.0, 60.0]), gaps)
def test_a_bucket_refuses_only_when_it_is_empty(limit: int, per_s: float, pauses: list[float]) -> None:
    """The same decisions as the plain definition: a level that rises with time, up to the limit."""
    step = Step(RateLimitSettings(limit=limit, per_s=per_s))
    level = float(limit)
    for pause in pauses:
        before = step.clock.monotonic()
        step.clock.advance(pause)
        level = min(limit, level + (step.clock.monotonic() - before) * limit / per_s)
        passes = step.passes()
        if abs(level - 1) > 1e-6:
            assert passes == (level >= 1)
        level -= passes


@given(st.integers(1, 12), st.sampled_from([0.5, 1.0, 3.0, 60.0]), gaps)
def test_a_window_never_holds_more_than_the_limit(limit: int, per_s: float, pauses: list[float]) -> None:
    settings = RateLimitSettings(limit=limit, per_s=per_s, algorithm="sliding_window")
    passed = arrivals(Step(settings), pauses)
    for earlier, later in zip(passed, passed[limit:], strict=False):
        assert later - earlier >= per_s - 1e-9


@given(st.integers(1, 12), st.sampled_from([0.5, 1.0, 3.0, 60.0]), gaps)
def test_a_window_lets_pass_what_fits_into_one_that_is_a_fiftieth_longer(
    limit: int, per_s: float, pauses: list[float]
) -> None:
    step = Step(RateLimitSettings(limit=limit, per_s=per_s, algorithm="sliding_window"))
    passed: list[float] = []
    for pause in pauses:
        step.clock.advance(pause)
        now = step.clock.monotonic()
        if step.passes():
            passed.append(now)
        else:
            assert sum(now - earlier < per_s * 51 / 50 + 1e-9 for earlier in passed) >= limit


def test_a_hundred_a_minute_is_a_burst_and_then_one_every_600_ms() -> None:
    step = Step(RateLimitSettings(limit=100, per_s=60.0))
    assert arrivals(step, [0.0] * 1_000) == [0.0] * 100
    passed = arrivals(step, [0.01] * 12_000)
    assert len(passed) == 200
    assert min(later - earlier for earlier, later in pairwise(passed)) >= 0.6 - 1e-9


@pytest.mark.parametrize(("limit", "per_s"), [(3, 7.5), (100, 60.0), (1_000, 1.0), (7, 0.07)])
def test_refills_are_exact_however_many_there_are(limit: int, per_s: float) -> None:
    step = Step(RateLimitSettings(limit=limit, per_s=per_s))
    passed = len(arrivals(step, [0.0] * (limit + 1)))
    assert passed == limit
    for _ in range(3_000):
        step.clock.advance(per_s / limit)
        assert step.passes()
        assert not step.passes()


def test_a_bucket_that_rests_is_full_and_no_fuller() -> None:
    step = Step(RateLimitSettings(limit=5, per_s=1.0))
    for rest in (0.0, 1.0, 1e6, 0.5):
        step.clock.advance(rest)
        assert len(arrivals(step, [0.0] * 20)) == min(5, int(5 * rest) if rest else 5)


def test_years_of_uptime_change_nothing() -> None:
    step = Step(RateLimitSettings(limit=10_000, per_s=1.0))
    for _ in range(3):
        step.clock.advance(1e8)
        assert len(arrivals(step, [0.0] * 10_001)) == 10_000
        step.clock.advance(0.0010001)
        assert len(arrivals(step, [0.0] * 20)) == 10


def test_a_strict_window_after_its_burst() -> None:
    step = Step(RateLimitSettings(limit=3, per_s=1.0, algorithm="sliding_window"))
    assert len(arrivals(step, [0.0] * 5)) == 3
    assert arrivals(step, [0.5, 0.4, 0.09]) == []
    assert len(arrivals(step, [0.04, 0.0, 0.0, 0.0])) == 3
