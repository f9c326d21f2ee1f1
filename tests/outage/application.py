"""An application under a steady load, in a process of its own; it measures what its callers feel.

    python tests/outage/application.py ASKED.json

``ASKED.json`` holds ``settings`` of e11y, ``severity``, ``events``, ``per_second``, ``flush_s``, ``shutdown_s``, and the names of two files:
``result``, and ``letters`` for the numbers of dead letters. It waits for a line on its standard input before it begins, and
for another one when everything was tracked; then it flushes and shuts down.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import e11y

TICK_S = 0.005
WARM_UP = -1
"""Number of the events that make what is made at first use."""
ROOM_BYTES = 60_000_000
"""More than 20 000 records take; a tenth of what a web application has in use."""
_BLOCK_BYTES = 400
_BLOCKS_PER_ARENA = 2_000


class LoadGenerated(e11y.Event, severity="info"):
    number: int
    customer_id: str
    amount: float
    note: str


class LoadFailed(LoadGenerated, severity="error"):
    pass


EVENT_TYPES = {"info": LoadGenerated, "error": LoadFailed}


class Letters:
    """A plugin that keeps dead letters: a line with number and reason for each."""

    name = "letters"

    def __init__(self, path: str) -> None:
        self._file = Path(path).open("a", encoding="utf-8", buffering=1)  # noqa: SIM115 - lives as long as the process

    @e11y.hookimpl
    def e11y_dead_letter(self, record: e11y.Record, adapter: str, reason: str) -> bool:
        self._file.write(json.dumps([record.payload["number"], reason]) + "\n")
        return True


def warm_up(event_type: type[LoadGenerated]) -> None:
    """Track and deliver a few events."""
    for _ in range(100):
        event_type.track(number=WARM_UP, customer_id="c-1042", amount=12.5, note="warm")
    assert not e11y.flush(30).undelivered


def make_room() -> list[bytes]:
    """Give the heap room for what an outage keeps; return what must live as long as that room.

    Memory that a process never had before costs its first user a page fault, whoever keeps what in it. Here records
    are kept in memory that the process had, as in an application that has run for a while, so that callers amid an
    outage differ from those of a healthy run by nothing but what e11y does.
    """
    blocks = [bytes(_BLOCK_BYTES) for _ in range(ROOM_BYTES // _BLOCK_BYTES)]
    return blocks[::_BLOCKS_PER_ARENA]  # an arena of the allocator stays while one block of it does


def load(event_type: type[LoadGenerated], events: int, per_second: int) -> list[int]:
    """Track ``events`` at an even pace; return the nanoseconds that each call took."""
    track, clock = event_type.track, time.perf_counter_ns
    per_tick = round(per_second * TICK_S)
    taken: list[int] = []
    start = time.perf_counter()
    for tick in range(events // per_tick):
        wait = start + tick * TICK_S - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        for number in range(tick * per_tick, (tick + 1) * per_tick):
            before = clock()
            track(number=number, customer_id="c-1042", amount=12.5, note="a text of ordinary length")
            taken.append(clock() - before)
    return taken


def main(asked: dict[str, Any]) -> None:
    """Run the load and write down what became of it."""
    e11y.configure({"environment": "test", **asked["settings"]}, plugins=[Letters(asked["letters"])])
    e11y.start()
    event_type = EVENT_TYPES[asked["severity"]]
    warm_up(event_type)
    room = make_room()
    print("warm", flush=True)
    sys.stdin.readline()
    taken_ns = load(event_type, asked["events"], asked["per_second"])
    del room
    print("tracked", flush=True)
    sys.stdin.readline()
    flushed = e11y.flush(asked["flush_s"])
    began = time.monotonic()
    e11y.shutdown(asked["shutdown_s"])
    shutdown_s = time.monotonic() - began
    ledger = e11y.ledger().check()
    (lane,) = ledger.lanes.values()
    result = {
        "taken_ns": taken_ns,
        "flush_s": flushed.seconds,
        "undelivered": sum(flushed.undelivered.values()),
        "shutdown_s": shutdown_s,
        "tracked": ledger.tracked,
        "shed": ledger.shed,
        "delivered": lane.delivered,
        "dead_lettered": lane.dead_lettered,
        "given_up": sum(lane.given_up.values()),
        "retries": lane.retries,
        "ended": time.time(),
    }
    Path(asked["result"]).write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text("utf-8")))
