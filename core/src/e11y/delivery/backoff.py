"""How long to wait before the next retry."""

from __future__ import annotations

import random

from e11y.delivery.lane_settings import LaneSettings

_MOST_DOUBLINGS = 30


def delay_s(settings: LaneSettings, attempt: int, retry_after_s: float | None, chance: random.Random) -> float:
    """Return the seconds to wait after the ``attempt``-th failed attempt (1: the first).

    The wait doubles up to the cap and then varies, so that processes that failed together do not come
    back together. What the destination asks for is a lower bound.
    """
    grown = settings.backoff_base_s * 2.0 ** min(attempt - 1, _MOST_DOUBLINGS)
    capped = min(grown, settings.backoff_cap_s)
    varied = capped * (1.0 + settings.backoff_jitter * (2.0 * chance.random() - 1.0))
    return max(varied, retry_after_s or 0.0)
