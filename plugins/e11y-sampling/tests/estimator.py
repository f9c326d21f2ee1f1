"""Counts events from their sampled records and compares with the truth.

    python plugins/e11y-sampling/tests/estimator.py --events 1000000

Each seed tracks so many events of all severities through ``track()``. The estimate of a severity is the sum of
``1 / sample_rate`` over its kept records (Horvitz and Thompson, 1952). Its standard error is known beforehand:

- **each by itself**: events are kept or dropped independently. Of N events at rate p: sqrt(N (1 - p) / p).
- **by trace**: a trace is one draw, whatever it holds (cluster sampling). Of traces with n events each:
  sqrt(sum(n * n) (1 - p) / p). This is larger, and how much larger follows from the sizes of the traces, not from
  the sampler: many events of few traces say less than as many of many.

``z`` is the distance from the truth in standard errors.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import e11y
from e11y import Capabilities, Event, Record, Runtime
from e11y.clock import Ids
from e11y.trace import Trace

SEEDS = (1, 2, 3, 4, 5)
RATES = {"debug": 0.01, "info": 0.1, "success": 0.1, "warn": 0.5, "error": 1.0, "fatal": 1.0}
MIX = {"debug": 40, "info": 30, "success": 20, "warn": 7, "error": 2, "fatal": 1}
"""Events of a severity in every hundred."""

_CHUNK = 20_000


class CountedDebug(Event, severity="debug"):
    n: int


class CountedInfo(Event, severity="info"):
    n: int


class CountedSuccess(Event, severity="success"):
    n: int


class CountedWarn(Event, severity="warn"):
    n: int


class CountedError(Event, severity="error"):
    n: int


class CountedFatal(Event, severity="fatal"):
    n: int


TYPES: dict[str, Callable[..., Any]] = {
    "debug": CountedDebug.track,
    "info": CountedInfo.track,
    "success": CountedSuccess.track,
    "warn": CountedWarn.track,
    "error": CountedError.track,
    "fatal": CountedFatal.track,
}


class Estimates:
    """An adapter that keeps sums only."""

    capabilities = Capabilities()

    def __init__(self) -> None:
        self.sums: dict[str, float] = defaultdict(float)
        self.records = 0

    def write_batch(self, records: Sequence[Record]) -> None:
        for record in records:
            self.sums[record.severity.value] += 1.0 / record.metadata["sample_rate"]
        self.records += len(records)

    def healthy(self) -> bool:
        return True

    def close(self) -> None:
        pass


def track_singly(severities: Sequence[str], flush: Callable[[], object], _: random.Random) -> dict[str, float]:
    """Track the events outside of every trace; return severity -> sum of squared cluster sizes, all of size 1."""
    for start in range(0, len(severities), _CHUNK):
        for n, severity in enumerate(severities[start : start + _CHUNK]):
            TYPES[severity](n=n)
        flush()
    return {severity: float(count) for severity, count in Counter(severities).items()}


def track_in_traces(severities: Sequence[str], flush: Callable[[], object], source: random.Random) -> dict[str, float]:
    """Track the events in traces of 1 to about 500, 20 on average; return severity -> sum of squared sizes."""
    squares: dict[str, float] = defaultdict(float)
    waiting = 0
    for events in _clusters(severities, source):
        with e11y.scope("work", trace=Trace(source.getrandbits(128) or 1)):
            for n, severity in enumerate(events):
                TYPES[severity](n=n)
        for severity, size in Counter(events).items():
            squares[severity] += size * size
        waiting += len(events)
        if waiting >= _CHUNK:
            flush()
            waiting = 0
    return squares


def _clusters(severities: Sequence[str], source: random.Random) -> Iterator[Sequence[str]]:
    start = 0
    while start < len(severities):
        size = min(500, max(1, round(source.lognormvariate(2.3, 1.2))))
        yield severities[start : start + size]
        start += size


MODES: dict[str, Callable[[Sequence[str], Callable[[], object], random.Random], dict[str, float]]] = {
    "each by itself": track_singly,
    "by trace": track_in_traces,
}


def measure(mode: str, seed: int, events: int) -> list[dict[str, Any]]:
    """Track ``events`` events; return a row for each severity."""
    source = random.Random(seed)
    severities = source.choices(list(MIX), weights=list(MIX.values()), k=events)
    adapter = Estimates()
    settings = {
        "environment": "test",
        "plugins": ["sampling"],
        "sampling": {"preset": "severity"},
        "scope": {"debug_buffer": False},  # a debug event that waits in its scope is not sampled
    }
    with Runtime(settings, adapters={"logs": adapter}, ids=Ids(seed), environ={}, event_types=()) as runtime:
        squares = MODES[mode](severities, lambda: runtime.flush(30), source)
        if runtime.flush(30).undelivered:
            raise SystemExit("not everything was delivered")
        runtime.ledger.check()
    truth = Counter(severities)
    rows = []
    for severity, rate in RATES.items():
        error = math.sqrt(squares[severity] * (1 - rate) / rate)
        off = adapter.sums[severity] - truth[severity]
        rows.append(
            {
                "mode": mode,
                "seed": seed,
                "severity": severity,
                "rate": rate,
                "truth": truth[severity],
                "estimate": round(adapter.sums[severity], 3),
                "standard_error": round(error, 3),
                "z": round(off / error, 3) if error else (0.0 if abs(off) < 1e-6 else math.inf),
            }
        )
    return rows


def main() -> None:
    """Print the table; fail when an estimate is more than four standard errors off."""
    parser = argparse.ArgumentParser(description="Count events from their sampled records.")
    parser.add_argument("--events", type=int, default=1_000_000, help="for each seed and mode (default: one million)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    chosen = parser.parse_args()
    rows = [row for mode in MODES for seed in SEEDS for row in measure(mode, seed, chosen.events)]
    if chosen.json:
        print(json.dumps(rows))
    else:
        print(f"{'mode':<15} {'seed':>4} {'severity':<8} {'rate':>5} {'truth':>9} {'estimate':>11} {'se':>9} {'z':>6}")
        for row in rows:
            print(
                f"{row['mode']:<15} {row['seed']:>4} {row['severity']:<8} {row['rate']:>5} {row['truth']:>9} "
                f"{row['estimate']:>11.0f} {row['standard_error']:>9.1f} {row['z']:>6.2f}"
            )
    sys.exit(any(abs(row["z"]) > 4 for row in rows))


if __name__ == "__main__":
    main()
