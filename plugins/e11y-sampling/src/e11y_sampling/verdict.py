"""What would become of one event, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from e11y import Severity
from e11y_sampling.odds import odds_of, place
from e11y_sampling.policy import Policy, Rate
from e11y_sampling.settings import SamplingSettings


@attrs.frozen
class Verdict:
    """The decision about one event, as far as it can be told beforehand.

    Args:
        rate: The rate that concerns it.
        share: The rate with the decision of the trace's caller taken in.
        sample_rate: What a kept record says.
        kept: Whether it is kept; ``None`` when chance decides.
        because: What decided.
    """

    rate: Rate
    share: float
    sample_rate: float
    kept: bool | None
    because: str


def judge(
    policy: Policy,
    settings: SamplingSettings,
    severity: Severity,
    value_of: Callable[[str], Any],
    *,
    trace_id: int = 0,
    sampled: int = -1,
) -> Verdict:
    """Return what becomes of an event while neither load nor errors are unusual.

    Args:
        policy: Of its type.
        settings: What parents mean, and whether traces decide.
        severity: Of the call.
        value_of: Returns the value of a field.
        trace_id: Of the trace it happens in; 0: in none.
        sampled: What the trace's caller decided: 1, 0, or -1 for nothing.
    """
    rate = policy.choose(severity, value_of)
    usual = odds_of(rate, settings)
    odds, because = usual, "the rate"
    if settings.trace_consistent and sampled >= 0:
        odds = usual.yes if sampled else usual.no
        if odds is not usual:
            because = "the decision of the trace's caller"
    sample_rate = 1.0 / odds.weight
    if odds.share in (0.0, 1.0):
        return Verdict(rate, odds.share, sample_rate, odds.share == 1.0, because)
    if settings.trace_consistent and trace_id:
        return Verdict(rate, odds.share, sample_rate, place(trace_id) < odds.bound, "the trace id")
    return Verdict(rate, odds.share, sample_rate, None, "chance")
