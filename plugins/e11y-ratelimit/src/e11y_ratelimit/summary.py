"""The record that tells what limits suppressed in a window."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from e11y import Event
from e11y_ratelimit.excess import Excess
from e11y_ratelimit.option import rate_limit


@attrs.frozen
class Suppression:
    """What limits of one kind suppressed of one event type.

    Args:
        event: Name of the events.
        reason: ``rate_limited_key``, ``rate_limited_event`` or ``rate_limited_global``.
        dropped: Events that are lost.
        dead_lettered: Events that were handed to the dead letters.
    """

    event: str
    reason: str
    dropped: int
    dead_lettered: int


@rate_limit(False)
class RateLimitSummary(Event, severity="warn", dead_letter=True, name="e11y.rate_limited"):
    """Events were above a limit. Tracked at most once in ``summary``, and at the end; never without a reason.

    ``dead_letter`` says that it must arrive: samplers keep such types.
    """

    window_s: float
    suppressed: int
    limits: list[Suppression]


def track_summary(excesses: Iterable[Excess], window_s: float) -> None:
    """Track what was suppressed since the last call, if anything was."""
    found: dict[tuple[str, str], tuple[int, int]] = {}
    for excess in list(excesses):
        what = excess.event, excess.reason
        dropped, lettered = found.get(what, (0, 0))
        found[what] = dropped + excess.dropped.take(), lettered + excess.lettered.take()
    limits = [Suppression(*what, *counts) for what, counts in found.items() if any(counts)]
    if limits:
        suppressed = sum(one.dropped + one.dead_lettered for one in limits)
        RateLimitSummary.track(window_s=window_s, suppressed=suppressed, limits=limits)
