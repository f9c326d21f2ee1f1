"""The intake: what is appended comes out, what must give way is counted."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest

from e11y.delivery.intake import DROPPED, HIGH, INVALID, LOW, MID, Intake, queue_of
from e11y.delivery.ledger import Ledger
from e11y.record import TIME_NS
from e11y.severity import SEVERITIES

EVERYTHING = 1_000_000


def entry(n: int, time_ns: int = 0) -> tuple[Any, ...]:
    return (0, time_ns, (), n)


@pytest.fixture
def intake() -> Intake:
    return Intake(1000, Ledger())


def test_classes_by_severity() -> None:
    assert [queue_of(severity) for severity in SEVERITIES] == [LOW, LOW, LOW, MID, HIGH, HIGH]


def test_entries_come_out_by_time_and_low_before_high(intake: Intake) -> None:
    intake.queues[HIGH].append(entry(4, time_ns=5))
    intake.queues[LOW].extend((entry(3, time_ns=5), None, None, entry(1, time_ns=1)))
    intake.queues[MID].append(entry(2, time_ns=2))
    special = (INVALID, 0, (), "e", "E", 1, ())
    intake.queues[LOW].append(special)
    assert intake.entries() == 4
    assert intake.slots() == 7
    entries, others = intake.drain(EVERYTHING)
    assert [taken[3] for taken in entries] == [1, 2, 3, 4]
    assert others == [special]
    assert intake.slots() == 0
    assert intake.drain(EVERYTHING) == ([], [])


def test_below_the_hard_limit_nothing_is_shed(intake: Intake) -> None:
    intake.queues[LOW].extend([entry(0)] * (intake.limits[LOW] - 1))
    assert not intake.pressed(LOW)
    assert intake.wake.wait(0)
    intake.queues[LOW].append(entry(0))
    assert intake.pressed(LOW)


def test_high_takes_the_room_of_low(intake: Intake) -> None:
    intake.queues[LOW].extend([entry(0), None, (DROPPED, "r", entry(0))] * 200)
    intake.queues[MID].extend([entry(0)] * 200)
    intake.queues[HIGH].extend([entry(0)] * 200)
    assert not intake.pressed(HIGH)
    ledger = intake._ledger
    assert intake.slots() == 968
    assert ledger.shed.value() == 11
    assert ledger.letters_lost.value() == 10
    assert len(intake.queues[HIGH]) == len(intake.queues[MID]) == 200


def test_high_is_shed_only_when_nothing_lower_is_left(intake: Intake) -> None:
    intake.queues[HIGH].extend([entry(0)] * 1000)
    intake.queues[LOW].append(entry(0))
    assert intake.pressed(HIGH)
    assert intake._ledger.shed.value() == 1


def test_high_grows_into_free_room(intake: Intake) -> None:
    intake.queues[HIGH].extend([entry(0)] * 300)
    assert not intake.pressed(HIGH)
    assert intake._ledger.shed.value() == 0


def test_a_forked_child_starts_empty(intake: Intake) -> None:
    queues = intake.queues
    queues[LOW].append(entry(0))
    intake.empty()
    assert intake.queues is queues
    assert intake.slots() == 0


def test_blocking_waits_for_room(intake: Intake) -> None:
    intake.block_time_s = 30.0
    intake.queues[LOW].extend([entry(0)] * intake.limits[LOW])
    started = time.monotonic()
    threading.Timer(0.05, intake.queues[LOW].clear).start()
    assert not intake.pressed(LOW)
    assert 0.05 <= time.monotonic() - started < 20.0


def test_blocking_ends(intake: Intake) -> None:
    intake.block_time_s = 0.02
    intake.queues[LOW].extend([entry(0)] * intake.limits[LOW])
    assert intake.pressed(LOW)


def test_an_event_loop_never_waits(intake: Intake) -> None:
    intake.block_time_s = 60.0
    intake.queues[LOW].extend([entry(0)] * intake.limits[LOW])

    async def track() -> bool:
        return intake.pressed(LOW)

    assert asyncio.run(track())


def test_our_own_threads_never_wait(intake: Intake) -> None:
    intake.block_time_s = 60.0
    intake.own_threads.add(threading.get_ident())
    intake.queues[LOW].extend([entry(0)] * intake.limits[LOW])
    assert intake.pressed(LOW)


def test_nothing_is_lost_or_doubled_with_eight_appenders(intake: Intake) -> None:
    total = 8 * 5000
    seen: list[int] = []

    def append(worker: int) -> None:
        for n in range(5000):
            queue = (LOW, MID, HIGH)[n % 3]
            if len(intake.queues[queue]) > intake.soft_limits[queue] and intake.pressed(queue):
                intake._ledger.shed.add()
            else:
                intake.queues[queue].append(entry(worker * 5000 + n))

    threads = [threading.Thread(target=append, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        seen += [taken[3] for taken in intake.drain(EVERYTHING)[0]]
    seen += [taken[3] for taken in intake.drain(EVERYTHING)[0]]
    assert len(seen) == len(set(seen))
    assert len(seen) + intake._ledger.shed.value() == total


def test_a_long_queue_is_taken_in_parts_and_errors_wait_for_what_came_before_them(intake: Intake) -> None:
    intake.queues[LOW].extend(entry(number, time_ns=number) for number in range(1, 7))
    intake.queues[HIGH].extend((entry(10, time_ns=2), (DROPPED, "limit", entry(11)), entry(12, time_ns=5)))
    parts = []
    while intake.slots():
        entries, others = intake.drain(3)
        parts.append(([item[TIME_NS] for item in entries], len(others)))
    assert parts == [([1, 2, 2, 3], 1), ([4, 5, 5, 6], 0)]


def test_it_may_grow_and_shrink(intake: Intake) -> None:
    before = intake.limits
    intake.resize(2 * intake.limit_slots)
    assert intake.limits == tuple(2 * limit for limit in before)
    assert intake.gate.limit >= intake.soft_limits[HIGH] // 2
    intake.queues[LOW].extend([entry(0)] * intake.soft_limits[LOW])
    intake.resize(1)
    assert intake.pressed(LOW)
