"""Measures what a counter and a histogram add to the caller, beside prometheus-client's own calls, in one run.

    python plugins/e11y-metrics/tests/cost.py

Each figure is the best of several rounds, in nanoseconds per event; the empty loop is taken off.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Histogram

import e11y
from e11y.adapters import NullAdapter
from e11y_metrics import counter, histogram
from e11y_metrics.meter import Meter
from e11y_metrics.process import meter

ROUNDS = 15
EVENTS = 2_000

Currency = Literal["USD", "EUR", "GBP"]


class PlainPaid(e11y.Event):
    currency: str
    amount: float


@counter("cost_paid_total", tags=["currency"])
@histogram("cost_amount", value="amount", tags=["currency"])
class CountedPaid(e11y.Event):
    currency: str
    amount: float


def best(call: Callable[[], object], settle: Callable[[], object], rounds: int = ROUNDS, events: int = EVENTS) -> float:
    """Return nanoseconds per call."""
    found = []
    for _ in range(rounds):
        settle()
        started = time.perf_counter_ns()
        for _ in range(events):
            call()
        found.append((time.perf_counter_ns() - started) / events)
    return min(found)


def later(found: Meter, track: Callable[..., object]) -> float:
    """Return nanoseconds per event for adding up what waits."""
    for _ in range(EVENTS):
        track(currency="EUR", amount=0.5)
    waiting = len(found.journal)
    started = time.perf_counter_ns()
    found.journal.settle()
    return (time.perf_counter_ns() - started) / waiting


def main() -> None:
    """Print the figures."""
    registry = CollectorRegistry()
    own_counter = Counter("own_paid_total", "x", ["currency"], registry=registry)
    own_histogram = Histogram("own_amount", "x", ["currency"], registry=registry)

    def prometheus() -> None:
        own_counter.labels("EUR").inc()
        own_histogram.labels("EUR").observe(0.5)

    adapters = {"logs": NullAdapter()}
    with e11y.Runtime({"plugins": ["metrics"]}, adapters=adapters, environ={}, event_types=()) as runtime:

        def settle() -> None:
            runtime.flush(5)
            found = meter()
            if found is not None:
                found.journal.settle()

        plain_track, counted_track = PlainPaid.track, CountedPaid.track
        empty = best(lambda: None, settle)
        peer = best(prometheus, settle) - empty
        plain = best(lambda: plain_track(currency="EUR", amount=0.5), settle)
        counted = best(lambda: counted_track(currency="EUR", amount=0.5), settle)
        found = meter()
        assert found is not None
        folding = min(later(found, counted_track) for _ in range(ROUNDS))
        added = counted - plain
        print(f"prometheus-client  labels().inc() + labels().observe()   {peer:7.0f} ns")
        print(f"e11y-metrics       counter + histogram, on the caller    {added:7.0f} ns   {added / peer:.2f}x")
        print(f"                   added up later, off the caller        {folding:7.0f} ns")
        print(
            f"                   both                                  {added + folding:7.0f} ns   "
            f"{(added + folding) / peer:.2f}x"
        )


if __name__ == "__main__":
    main()
