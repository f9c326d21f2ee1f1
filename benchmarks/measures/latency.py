"""The caller's latency at a steady 10 000 events per second.

Case and structlog take turns, second by second, each drained before the other's turn.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack

from benchmarks.case import Case, Emitter
from benchmarks.measures.request import Request, Values
from benchmarks.pace import TICK_S, ticks
from benchmarks.statistics import quantile
from benchmarks.workload import Row, row

RATE = 10_000
PEER = "structlog"

_SLICE_S = 1.0
_PERCENTILES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}


def measure(request: Request, cases: Mapping[str, Case]) -> Values:
    """Return percentiles in microseconds, their ratio to structlog's, and the seconds it fell behind."""
    slices = 3 if request.quick else 10
    names = [request.case, PEER] if request.case != PEER else [PEER]
    order = random.Random(request.seed)
    per_tick = round(RATE * TICK_S)
    data: list[Sequence[Row]] = [[row(number)] for number in range(per_tick * 50)]
    taken: dict[str, list[int]] = {name: [] for name in names}
    behind = 0.0
    with ExitStack() as stack:
        ready = {name: stack.enter_context(cases[name].open(request.directory)) for name in names}
        for emitter in ready.values():
            _slice(emitter, data, per_tick, 0.2, [])
        for _ in range(slices):
            order.shuffle(names)
            for name in names:
                late = _slice(ready[name], data, per_tick, _SLICE_S, taken[name])
                behind = max(behind, late) if name == request.case else behind
    return _values(request.case, taken) | {"behind_s": behind}


def _slice(emitter: Emitter, data: list[Sequence[Row]], per_tick: int, seconds: float, taken: list[int]) -> float:
    """Emit at the given rate, note what each call took, and return the seconds it ended late."""
    now = time.perf_counter_ns
    run = emitter.run
    start = time.perf_counter()
    for tick in ticks(seconds):
        first = tick * per_tick % len(data)
        for rows in data[first : first + per_tick]:
            began = now()
            run(rows)
            taken.append(now() - began)
    late = time.perf_counter() - start - seconds
    emitter.drain()
    return late


def _values(subject: str, taken: Mapping[str, list[int]]) -> Values:
    values: Values = {}
    for name, share in _PERCENTILES.items():
        values[name] = quantile(taken[subject], share) / 1000
        if subject != PEER:
            values[f"{name}/{PEER}"] = values[name] / (quantile(taken[PEER], share) / 1000)
    return values
