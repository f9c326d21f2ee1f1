"""Measures what @slo adds to the caller, in nanoseconds per event, and what counting a scope costs.

    python plugins/e11y-slo/tests/slo_tests/cost.py

Each figure is processor time, the best of several rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import e11y
from e11y.adapters import NullAdapter
from e11y_slo import SloPlugin, slo

ROUNDS = 15
EVENTS = 2_000


class PlainPaid(e11y.Event):
    state: str


@slo(contributes_to="cost", status_from=lambda state: "success" if state == "paid" else "failure")
class CountedPaid(e11y.Event):
    state: str


def best(call: Callable[[], object], settle: Callable[[], object]) -> float:
    """Return nanoseconds per call."""
    found = []
    for _ in range(ROUNDS):
        settle()
        started = time.thread_time_ns()
        for _ in range(EVENTS):
            call()
        found.append((time.thread_time_ns() - started) / EVENTS)
    return min(found)


def scope(kind: str) -> None:
    """Open and end a scope."""
    with e11y.scope("a", kind=kind, method="GET", route="/a", status=200):
        pass


def main() -> None:
    """Print the figures."""
    with e11y.Runtime({"plugins": ["slo"]}, adapters={"logs": NullAdapter()}, environ={}, event_types=()) as runtime:
        loaded = runtime.plugins.plugin("slo")
        assert loaded is not None
        plugin: Any = loaded.instance
        assert isinstance(plugin, SloPlugin)

        def settle() -> None:
            runtime.flush(5)
            plugin.journal.settle()

        def fold() -> float:
            settle()
            for _ in range(EVENTS):
                CountedPaid.track(state="paid")
            waiting = len(plugin.journal)
            started = time.thread_time_ns()
            plugin.journal.settle()
            return (time.thread_time_ns() - started) / waiting

        plain = best(lambda: PlainPaid.track(state="paid"), settle)
        counted = best(lambda: CountedPaid.track(state="paid"), settle)
        print(f"track()                          {plain:7.0f} ns")
        print(f"@slo, on the caller              {counted - plain:+7.0f} ns")
        print(f"added up later, off the caller   {min(fold() for _ in range(ROUNDS)):7.0f} ns")
        other, request = best(lambda: scope("other"), settle), best(lambda: scope("request"), settle)
        print(f"a scope                          {other:7.0f} ns")
        print(f"counted as a request             {request - other:+7.0f} ns")


if __name__ == "__main__":
    main()
