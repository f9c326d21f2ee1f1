"""The price of one event: to its caller, and to all threads together.

Case and yardsticks are set up in one process and take turns, chunk by chunk, in random order. A chunk
is 500 events, drained before the next, so a threaded case neither loses events nor competes with its
own backlog. The caller's part is read on two clocks: the wall's, and the CPU time of the calling thread.

Draining has a price of its own that no application pays per 500 events. So the CPU time of all threads is
taken in passes of their own: four chunks and one drain, which is as much as the queue of every peer holds.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial

import attrs

from benchmarks.case import Case, Emitter
from benchmarks.measures.request import Request, Values
from benchmarks.statistics import median, paired
from benchmarks.workload import CHUNK, Rows, rows

LOOP = "loop"
YARDSTICKS = ("empty", "floor", "structlog", "structlog-filtered")
"""Cases that every process measures beside its own."""

CLOCKS = ("wall", "cpu", "total")

_WARM_UP = 5
_CHUNKS_PER_DRAIN = 4
_PASSES_PER_TOTAL = 3


@attrs.frozen(eq=False)
class _Track:
    """Nanoseconds per event of one case, pass by pass."""

    wall: list[float] = attrs.field(factory=list)
    cpu: list[float] = attrs.field(factory=list)
    total: list[float] = attrs.field(factory=list)

    def on(self, clock: str) -> list[float]:
        """Return the values of one of ``CLOCKS``."""
        return {"wall": self.wall, "cpu": self.cpu, "total": self.total}[clock]


def measure(request: Request, cases: Mapping[str, Case]) -> Values:
    """Return ns per event on each clock, and the ratio to each yardstick on each clock."""
    names = [name for name in (LOOP, *YARDSTICKS) if not cases[name].missing()]
    names += [request.case] if request.case not in names else []
    order = random.Random(request.seed)
    passes = 12 if request.quick else 50
    data = rows(CHUNK)
    with ExitStack() as stack:
        ready = {name: stack.enter_context(cases[name].open(request.directory)) for name in names}
        tracks = {name: _Track() for name in names}
        for number in range(_WARM_UP + passes):
            order.shuffle(names)
            for name in names:
                track = tracks[name] if number >= _WARM_UP else _Track()
                _caller_pass(ready[name], data, track)
                if number % _PASSES_PER_TOTAL == 0:
                    track.total.append(total_ns(ready[name], data))
    return _values(request.case, tracks)


def _caller_pass(emitter: Emitter, data: Rows, track: _Track) -> None:
    with emitter.around():
        wall = time.perf_counter_ns()
        cpu = time.thread_time_ns()
        emitter.run(data)
        cpu = time.thread_time_ns() - cpu
        wall = time.perf_counter_ns() - wall
    emitter.drain()
    track.wall.append(wall / len(data))
    track.cpu.append(cpu / len(data))


def total_ns(emitter: Emitter, data: Rows) -> float:
    """Return the CPU time of the process per event of some chunks and one drain."""
    start = time.process_time_ns()
    for _ in range(_CHUNKS_PER_DRAIN):
        with emitter.around():
            emitter.run(data)
    emitter.drain()
    return (time.process_time_ns() - start) / len(data) / _CHUNKS_PER_DRAIN


def _values(subject: str, tracks: Mapping[str, _Track]) -> Values:
    values: Values = {}
    for clock in CLOCKS:
        offset = median(tracks[LOOP].on(clock))
        ratio = partial(paired, tracks[subject].on(clock), offset=offset)
        values[clock] = median(tracks[subject].on(clock)) - offset
        for name in YARDSTICKS:
            if name in tracks and name != subject:
                values[f"{clock}/{name}"] = ratio(tracks[name].on(clock))
        values[f"{clock} of floor"] = median(tracks["floor"].on(clock)) - offset
    return values
