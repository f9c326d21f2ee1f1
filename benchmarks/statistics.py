"""Figures: the median of repeated measurements together with how far they scatter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum

import attrs


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` (0 to 1) of ``values`` lie, interpolated.

    Raises:
        ValueError: ``values`` is empty.
    """
    if not values:
        raise ValueError("a quantile of no values; measure at least once")
    ordered = sorted(values)
    position = share * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def median(values: Sequence[float]) -> float:
    """Return the middle of ``values``."""
    return quantile(values, 0.5)


def paired(subject: Sequence[float], yardstick: Sequence[float], offset: float = 0.0) -> float:
    """Return how many times ``yardstick`` the ``subject`` is, by the median of ratios taken side by side.

    The machine changes its speed while it measures. Two values that were taken within the same few
    milliseconds share its state, so their ratio holds where a ratio of two medians would not.

    Args:
        subject: Values of what is measured, pass by pass.
        yardstick: Values of what it is compared with, of the same passes in the same order.
        offset: What both contain and neither is about: the empty loop.
    """
    return median([(mine - offset) / (theirs - offset) for mine, theirs in zip(subject, yardstick, strict=True)])


@attrs.frozen
class Figure:
    """What several fresh processes measured.

    Args:
        median: Of all processes.
        low, high: The quartiles: half of the processes lie between them.
        count: How many processes.
    """

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure:
        """Return the figure of one value per process."""
        return cls(median(values), quantile(values, 0.25), quantile(values, 0.75), len(values))

    @property
    def spread(self) -> float:
        """How many times the low quartile the high one is; infinite when one process cannot tell."""
        if self.count < 2 or self.low <= 0:
            return math.inf
        return self.high / self.low

    @property
    def tells(self) -> bool:
        """Whether, read as a ratio, it differs from 1 by more than it scatters. Else it is not printed."""
        return self.median > 0 and self.spread < max(self.median, 1 / self.median)


class Verdict(Enum):
    """Whether a promise is kept."""

    KEPT = "yes"
    BROKEN = "NO"
    UNCLEAR = "unclear"
    """The median is over the limit, but some processes were under it: measure longer."""
    NOT_MEASURED = "not measured"


def verdict(figure: Figure | None, limit: float) -> Verdict:
    """Return whether ``figure`` is at most ``limit``."""
    if figure is None:
        return Verdict.NOT_MEASURED
    if figure.median <= limit:
        return Verdict.KEPT
    return Verdict.BROKEN if figure.low > limit else Verdict.UNCLEAR
