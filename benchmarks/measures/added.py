"""What a case adds to work that is done anyway, beside what a peer adds to the same work.

Case, peer and the work without either of them take turns in one process, in random order. A ratio is the median over
the passes of one difference divided by another of the same pass.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from benchmarks.case import Case, Emitter
from benchmarks.measures.request import Request, Values
from benchmarks.statistics import median, paired
from benchmarks.workload import CHUNK, Rows, rows

CLOCKS = ("wall", "cpu", "total")
"""Wall clock and CPU time of the caller, and CPU time of the process until everything is drained."""

_WARM_UP = 4

Run = Callable[[Rows], None]


def measure(request: Request, cases: Mapping[str, Case], *, peer: str) -> Values:
    """Return ns added per row on each clock, and the ratio to what ``peer`` adds.

    Args:
        request: What to measure.
        cases: All cases.
        peer: Name of the case that every process measures beside its own.
    """
    names = [request.case] + [peer] * (peer != request.case and not cases[peer].missing())
    order, data = random.Random(request.seed), rows(CHUNK)
    added: dict[str, dict[str, list[float]]] = {name: {clock: [] for clock in CLOCKS} for name in names}
    with ExitStack() as stack:
        ready = {name: stack.enter_context(cases[name].open(request.directory)) for name in names}
        turns = [(name, run) for name in names for run in (ready[name].run, _base(ready[name], name))]
        for number in range(_WARM_UP + (8 if request.quick else 40)):
            order.shuffle(turns)
            taken = {(name, run is ready[name].run): _pass(ready[name], run, data) for name, run in turns}
            for name in names if number >= _WARM_UP else ():
                for clock in CLOCKS:
                    added[name][clock].append(taken[name, True][clock] - taken[name, False][clock])
    mine = added[request.case]
    ratios = {f"{clock}/{name}": paired(mine[clock], added[name][clock]) for name in names[1:] for clock in CLOCKS}
    return {**{clock: median(mine[clock]) for clock in CLOCKS}, **ratios}


def _base(emitter: Emitter, name: str) -> Run:
    if emitter.base is None:
        raise ValueError(f"the case {name} has no base to be added to")
    return emitter.base


def _pass(emitter: Emitter, run: Run, data: Rows) -> Values:
    """Return ns per row of one chunk and one drain."""
    emitter.drain()
    total, wall, cpu = time.process_time_ns(), time.perf_counter_ns(), time.thread_time_ns()
    run(data)
    cpu, wall = time.thread_time_ns() - cpu, time.perf_counter_ns() - wall
    emitter.drain()
    total = time.process_time_ns() - total
    return {"wall": wall / len(data), "cpu": cpu / len(data), "total": total / len(data)}
