"""What is lost of 100 000 events per second into a compressed file, counted in the file."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.case import Case
from benchmarks.cases.ours import LOGS
from benchmarks.measures.request import Request, Values
from benchmarks.pace import TICK_S, ticks
from benchmarks.workload import rows

RATE = 100_000


def measure(request: Request, cases: Mapping[str, Case]) -> Values:
    """Return events tracked, lost, written twice, lost without a word of the ledger; seconds late; CPU per event."""
    import e11y  # noqa: PLC0415 - only where it is measured

    seconds = 2.0 if request.quick else 10.0
    per_tick = round(RATE * TICK_S)
    data = [rows(per_tick, start=number * per_tick) for number in range(100)]
    with cases[request.case].open(request.directory) as emitter:
        start, cpu = time.perf_counter(), time.process_time()
        for tick in ticks(seconds):
            emitter.run(data[tick % len(data)])
        late = time.perf_counter() - start - seconds
        emitter.drain()
        cpu = time.process_time() - cpu
        ledger = e11y.ledger().check()
    tracked = round(seconds / TICK_S) * per_tick
    lines, distinct = _written(request.directory / LOGS)
    given_up = sum(sum(lane.given_up.values()) for lane in ledger.lanes.values())
    return {
        "tracked": tracked,
        "lost": tracked - distinct,
        "twice": lines - distinct,
        "unaccounted": abs(tracked - distinct - ledger.shed - given_up),
        "late_s": late,
        "cpu_us_per_event": cpu / tracked * 1e6,
    }


def _written(path: Path) -> tuple[int, int]:
    """Return the number of lines in the file, and of distinct events among them by their span ids."""
    with gzip.open(path, "rb") as file:
        spans = [json.loads(line)["span_id"] for line in file]
    return len(spans), len(set(spans))
