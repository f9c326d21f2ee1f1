"""Figures must say what was measured, and refuse what was not."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.statistics import Figure, Verdict, median, paired, quantile, verdict

positive = st.floats(min_value=1e-3, max_value=1e6)


def test_quantiles_are_interpolated_between_neighbours() -> None:
    assert quantile([4, 1, 3, 2], 0.5) == 2.5
    assert quantile([1, 2, 3, 4, 5], 0.25) == 2
    assert quantile([10, 20], 0.1) == 11
    assert quantile([7], 0.999) == 7


def test_a_quantile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="a quantile of no values; measure at least once"):
        quantile([], 0.5)


@given(st.lists(positive, min_size=1), st.floats(min_value=0, max_value=1))
def test_a_quantile_lies_within_the_values_and_needs_no_order(values: list[float], share: float) -> None:
    found = quantile(values, share)
    assert min(values) <= found <= max(values) or math.isclose(found, min(values)) or math.isclose(found, max(values))
    assert found == quantile(sorted(values, reverse=True), share)


def test_one_outlier_does_not_move_the_median() -> None:
    assert median([100, 101, 99, 100, 90_000]) == 100


def test_pairs_that_share_the_speed_of_the_machine_give_the_true_ratio() -> None:
    speeds = [1.0, 2.0, 1.0, 2.1, 0.9, 1.9]
    subject = [10 + 300 * speed for speed in speeds]
    yardstick = [10 + 200 * speed for speed in speeds]
    assert paired(subject, yardstick, offset=10) == pytest.approx(1.5)


@given(st.lists(st.tuples(positive, positive), min_size=1), st.floats(min_value=0.5, max_value=2))
def test_a_machine_that_is_slower_changes_no_ratio(pairs: list[tuple[float, float]], slowdown: float) -> None:
    subject, yardstick = [a for a, _ in pairs], [b for _, b in pairs]
    slow = paired([a * slowdown for a in subject], [b * slowdown for b in yardstick])
    assert slow == pytest.approx(paired(subject, yardstick), rel=1e-9)


def test_pairs_must_belong_to_the_same_passes() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired([1, 2], [1])


def test_a_figure_holds_median_and_quartiles() -> None:
    figure = Figure.of([5, 1, 4, 2, 3])
    assert figure == Figure(median=3, low=2, high=4, count=5)
    assert figure.spread == 2


def test_one_process_cannot_tell_a_ratio() -> None:
    figure = Figure.of([8.0])
    assert figure.spread == math.inf
    assert not figure.tells


@pytest.mark.parametrize(
    ("values", "tells"),
    [
        pytest.param([1.28, 1.30, 1.32], True, id="clearly more"),
        pytest.param([0.060, 0.062, 0.065], True, id="clearly less"),
        pytest.param([0.98, 1.02, 1.07], False, id="no difference"),
        pytest.param([0.8, 1.3, 1.9], False, id="a difference, swallowed by the spread"),
        pytest.param([0.0, 0.0, 0.0], False, id="no ratio at all"),
    ],
)
def test_a_ratio_tells_only_what_is_larger_than_its_spread(values: list[float], tells: bool) -> None:
    assert Figure.of(values).tells is tells


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([1.4, 1.5, 1.6], Verdict.KEPT, id="under the limit"),
        pytest.param([1.6, 1.6, 1.6], Verdict.KEPT, id="at the limit"),
        pytest.param([1.5, 1.7, 1.8, 1.6], Verdict.UNCLEAR, id="over it, but not every time"),
        pytest.param([1.7, 1.8, 1.9], Verdict.BROKEN, id="over the limit"),
    ],
)
def test_a_promise_is_kept_by_the_median_and_broken_beyond_doubt(values: list[float], expected: Verdict) -> None:
    assert verdict(Figure.of(values), 1.6) is expected


def test_what_was_not_measured_is_not_kept() -> None:
    assert verdict(None, 1.6) is Verdict.NOT_MEASURED
