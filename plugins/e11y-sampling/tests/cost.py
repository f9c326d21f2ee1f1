"""Measures what sampling costs the caller, in nanoseconds for each call of ``track()``.

    python plugins/e11y-sampling/tests/cost.py

All cases are measured in turns in one process, each in a runtime of its own with a null adapter; of many bursts the
fastest counts. ``bare`` is the same event type without the plugin.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import e11y
from e11y import Event, Runtime
from e11y.adapters import NullAdapter
from e11y.trace import Trace
from e11y_sampling import sample, sample_when

_BURST = 2_000
_BURSTS = 40


def event_type(name: str, *decorators: Callable[[Any], Any]) -> Callable[..., object]:
    """Return the ``track`` of an event type with two fields."""
    made = type(Event)(name, (Event,), {"__annotations__": {"order_id": str, "amount": int}, "__module__": __name__})
    for decorate in decorators:
        made = decorate(made)
    track: Callable[..., object] = made.track
    return track


CASES: dict[str, tuple[dict[str, Any] | None, Callable[..., object]]] = {
    "bare": (None, event_type("CostBare")),
    "@sample(False)": ({}, event_type("CostFree", sample(False))),
    "rate 1.0": ({}, event_type("CostOne", sample(rate=1.0))),
    "rate 0.999999, by chance": ({"trace_consistent": False}, event_type("CostChance", sample(rate=0.999999))),
    "rate 0.999999, by trace": ({}, event_type("CostTrace", sample(rate=0.999999))),
    "rate 0.000001, by chance (dropped)": (
        {"trace_consistent": False},
        event_type("CostChanceLost", sample(rate=0.000001)),
    ),
    "rate 0.000001, by trace (dropped)": ({}, event_type("CostTraceLost", sample(rate=0.000001))),
    "value rule that holds": ({}, event_type("CostHolds", sample_when("amount", over=1), sample(rate=0.5))),
    "value rule that does not, 0.999999": (
        {},
        event_type("CostHoldsNot", sample_when("amount", over=99), sample(rate=0.999999)),
    ),
    "load and error spike watched": (
        {"load": {"enabled": True}, "error_spike": {"enabled": True}},
        event_type("CostAdaptive"),
    ),
}


def burst(track: Callable[..., object]) -> float:
    """Return nanoseconds for each call."""
    started = time.perf_counter_ns()
    for _ in range(_BURST):
        track(order_id="o-1", amount=5)
    return (time.perf_counter_ns() - started) / _BURST


def main() -> None:
    """Print the fastest burst of each case, outside of a trace and inside one whose caller sampled it."""
    print(f"{'':<38} {'no trace':>10} {'in a trace':>11} {'parent said yes':>16}")
    best: dict[str, list[float]] = {name: [float("inf")] * 3 for name in CASES}
    for _ in range(4):
        for name, (table, track) in CASES.items():
            settings: dict[str, Any] = {"environment": "test", "plugins": [] if table is None else ["sampling"]}
            if table:
                settings["sampling"] = table
            with Runtime(settings, adapters={"logs": NullAdapter()}, environ={}, event_types=()) as runtime:
                for place, trace in enumerate((None, Trace(2**70 + 12345), Trace(2**70 + 12345, sampled=True))):
                    with ExitStack() as stack:
                        if trace is not None:
                            stack.enter_context(e11y.scope("work", trace=trace))
                        for _ in range(_BURSTS // 4):
                            best[name][place] = min(best[name][place], burst(track))
                            runtime.flush(10)
    bare = best["bare"]
    for name, fastest in best.items():
        shown = (f"{ns:>7.0f} {ns - base:>+4.0f}" for ns, base in zip(fastest, bare, strict=True))
        print(f"{name:<38}", *shown)


if __name__ == "__main__":
    main()
