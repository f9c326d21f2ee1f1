"""Memory against a destination that is down: 10 000 events per second of about 5 KB, limit 100 MB."""

from __future__ import annotations

import gc
import resource
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs

from benchmarks.case import Case
from benchmarks.measures.request import Request, Values
from benchmarks.pace import TICK_S, ticks

RATE = 10_000
LIMIT = "100MB"

_TEXTS = 10
_TEXT_BYTES = 500
_ENTRY_BYTES = 5_120
"""What one entry counts in the intake: its text in slots of 512 bytes."""

_MB = 1_000_000


def measure(request: Request, cases: Mapping[str, Case]) -> Values:
    """Return the highest reading of e11y's own counter, the growth of the process, and the seconds it ended late."""
    del cases
    import e11y  # noqa: PLC0415 - only where it is measured
    from benchmarks.cases.e11y_events import OrderExported  # noqa: PLC0415 - needs e11y
    from benchmarks.dead_adapter import DeadPlugin  # noqa: PLC0415

    seconds = 6.0 if request.quick else 60.0
    per_tick = round(RATE * TICK_S)
    settings = {"plugins": [], "memory_limit": LIMIT, "adapters": {"logs": {"type": "dead"}}}
    e11y.configure(settings, plugins=[DeadPlugin])
    e11y.start()
    gc.collect()
    with _watched() as peaks:
        start = time.perf_counter()
        for tick in ticks(seconds):
            for number in range(tick * per_tick, (tick + 1) * per_tick):
                OrderExported.track(order_id=f"o-{number:08d}", lines=_texts(number))
        late = time.perf_counter() - start - seconds
    e11y.ledger().check()
    return {
        "counter_mb": peaks.counter / _MB,
        "rss_growth_mb": (peaks.rss - peaks.rss_before) / _MB,
        "late_s": late,
    }


def _texts(number: int) -> list[str]:
    """Return the lines of one order: new text objects for each event, always of the same shape."""
    return [f"{number:08d}-{line} ".ljust(_TEXT_BYTES, "x") for line in range(_TEXTS)]


@attrs.define
class _Peaks:
    """Highest readings so far, in bytes."""

    rss_before: int
    rss: int = 0
    counter: int = 0


@contextmanager
def _watched() -> Iterator[_Peaks]:
    """Read memory and counter twenty times a second until the block ends."""
    peaks = _Peaks(rss_before=_rss())
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.05):
            peaks.rss = max(peaks.rss, _rss())
            peaks.counter = max(peaks.counter, _counter())

    watcher = threading.Thread(target=watch, name="benchmark-memory")
    watcher.start()
    try:
        yield peaks
    finally:
        ended.set()
        watcher.join()


def _rss() -> int:
    """Return the resident memory of this process in bytes (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _counter() -> int:
    """Return the bytes that e11y counts against its limit: what lanes hold and what waits in the intake."""
    import e11y  # noqa: PLC0415 - only where it is measured

    ledger = e11y.ledger().snapshot()
    return sum(lane.bytes_held for lane in ledger.lanes.values()) + ledger.in_intake * _ENTRY_BYTES
