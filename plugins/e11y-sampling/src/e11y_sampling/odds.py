"""The odds of an event: a rate turned into numbers that a step compares."""

from __future__ import annotations

from typing import Final

import attrs

from e11y import Drop
from e11y_sampling.policy import Rate
from e11y_sampling.settings import SamplingSettings

SAMPLED: Final = Drop("sampled")
"""Chance, or the trace id, was against it."""

UNSAMPLED_TRACE: Final = Drop("unsampled_trace")
"""The caller of its trace does not sample the trace."""

SPREAD: Final = 0x9E3779B97F4A7C15
"""2**64 divided by the golden ratio, odd: multiplying by it is a permutation of the 64-bit integers that puts
neighbours far apart (Knuth, The Art of Computer Programming, 6.4, Fibonacci hashing)."""

MASK: Final = 2**64 - 1
"""Takes the lowest 64 bits: the part of a trace id that is random also where ids begin with a time, or are only
64 bits long (W3C Trace Context Level 2, random-trace-id: the rightmost 7 bytes)."""


@attrs.frozen(eq=False)
class Odds:
    """Numbers of one rate at one moment.

    Args:
        share: Of the events to keep.
        weight: How many events a kept one stands for.
        drop: The answer for all others.
        yes: What counts instead where the caller of the trace samples it.
        no: What counts instead where it does not.
        bound: A trace is kept when its place is below.
    """

    share: float
    weight: float
    drop: Drop = SAMPLED
    yes: Odds = attrs.Factory(lambda self: self, takes_self=True)
    no: Odds = attrs.Factory(lambda self: self, takes_self=True)
    bound: int = attrs.field(init=False, default=attrs.Factory(lambda self: round(self.share * 2**64), takes_self=True))


NEVER: Final = Odds(0.0, 1.0)
UNSAMPLED: Final = Odds(0.0, 1.0, UNSAMPLED_TRACE)


def place(trace_id: int) -> int:
    """Return where a trace stands, from 0 to 2**64 - 1; a rate keeps all places below its share.

    The same in every process, and every trace that is kept at one rate is kept at all higher ones.
    """
    return trace_id * SPREAD & MASK


def odds_of(rate: Rate, settings: SamplingSettings, *, cap: float = 1.0, spike: bool = False) -> Odds:
    """Return the odds of a rate.

    Args:
        rate: The rate.
        settings: What parents mean.
        cap: Highest rate that the load allows.
        spike: Whether everything is to be kept.
    """
    if rate.share == 0.0:
        return NEVER
    share = 1.0 if spike else rate.share if rate.firm else min(rate.share, cap)
    if share == 0.0:
        return NEVER
    if spike or not rate.heeds_parent or settings.parent == "ignore":
        return Odds(share, 1.0 / share)
    asked = share
    if settings.parent == "honour":
        asked = 1.0 if rate.firm else cap
    yes = Odds(asked, 1.0 / (asked * settings.parent_rate))
    return Odds(share, 1.0 / share, yes=yes, no=UNSAMPLED)
