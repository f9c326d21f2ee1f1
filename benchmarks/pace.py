"""A paced source of events: so many per millisecond, sleeping in between."""

from __future__ import annotations

import time
from collections.abc import Iterator

TICK_S = 0.001


def ticks(seconds: float) -> Iterator[int]:
    """Yield the number of each millisecond when it is due; one that is overdue is yielded at once.

    Nothing is skipped when the consumer falls behind, so the number of events is always the same.
    """
    start = time.perf_counter()
    for number in range(round(seconds / TICK_S)):
        wait = start + number * TICK_S - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        yield number
