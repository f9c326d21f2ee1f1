"""The memory that one event holds while it waits in the queue, beside the values of its fields."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Mapping

from benchmarks.case import Case
from benchmarks.measures.request import Request, Values
from benchmarks.workload import rows

_EVENTS = 900
"""Few enough that no case of ours reaches a threshold at which it would work early."""


def measure(request: Request, cases: Mapping[str, Case]) -> Values:
    """Return bytes per event, taken by tracemalloc with the consumer held back and all values shared."""
    data = rows(_EVENTS)
    with cases[request.case].open(request.directory) as emitter:
        if emitter.held is None:
            raise ValueError(f"case {request.case!r} has no queue to weigh; choose one that says how it is held")
        emitter.run(data)
        emitter.drain()
        with emitter.held():
            gc.collect()  # also empties the free lists, which would hide what the queue takes
            tracemalloc.start()
            before, _ = tracemalloc.get_traced_memory()
            emitter.run(data)
            after, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        emitter.drain()
    return {"bytes": (after - before) / _EVENTS}
