"""What an event costs all threads together until its destination has it.

Case and peers are set up in one process and take turns in random order, a pass each: events and one drain. The CPU
time of the process counts; that of the server that takes the events is another's.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import ExitStack

from benchmarks.case import Case
from benchmarks.measures.caller import LOOP, total_ns
from benchmarks.measures.request import Request, Values
from benchmarks.statistics import median, paired
from benchmarks.workload import CHUNK, rows

PEERS = ("structlog", "otel-otlp")
"""Cases that every process measures beside its own."""

_WARM_UP = 2


def measure(request: Request, cases: Mapping[str, Case]) -> Values:
    """Return ns per event, and the ratio to each peer."""
    names = [name for name in (LOOP, *PEERS) if not cases[name].missing()]
    names += [request.case] if request.case not in names else []
    order = random.Random(request.seed)
    data = rows(CHUNK)
    with ExitStack() as stack:
        ready = {name: stack.enter_context(cases[name].open(request.directory)) for name in names}
        taken: dict[str, list[float]] = {name: [] for name in names}
        for number in range(_WARM_UP + (6 if request.quick else 30)):
            order.shuffle(names)
            for name in names:
                cost = total_ns(ready[name], data)
                if number >= _WARM_UP:
                    taken[name].append(cost)
    mine, offset = taken[request.case], median(taken[LOOP])
    ratios = {f"total/{name}": paired(mine, taken[name], offset=offset) for name in PEERS if name in taken}
    return {"total": median(mine) - offset, **{key: value for key, value in ratios.items() if request.case not in key}}
