"""The small parts: wake, worker, back-off, retry limit, breaker, lane queue, trails."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import pytest

from e11y.adapter import Capabilities
from e11y.clock import SystemClock
from e11y.delivery.backoff import delay_s
from e11y.delivery.breaker import Breaker, State
from e11y.delivery.budget import Budget
from e11y.delivery.intake import SLOT_BYTES, Intake
from e11y.delivery.lane import Lane
from e11y.delivery.lane_queue import LaneQueue
from e11y.delivery.lane_settings import LaneSettings
from e11y.delivery.ledger import Ledger
from e11y.delivery.retrylimit import RetryLimit
from e11y.delivery.trails import Trails
from e11y.delivery.wake import Wake
from e11y.delivery.worker import Worker
from e11y.record import Record
from e11y.threads import is_own_thread, start_thread


def test_wake_is_remembered_once() -> None:
    wake = Wake()
    wake.wake()
    wake.wake()
    assert wake.wait(0)
    assert not wake.wait(-1)


def test_wake_ends_a_wait() -> None:
    wake = Wake()
    threading.Timer(0.02, wake.wake).start()
    started = time.monotonic()
    assert wake.wait(float("inf"))
    assert time.monotonic() - started < 30


def test_delays_double_up_to_the_cap() -> None:
    settings = LaneSettings(backoff_jitter=0.0)
    delays = [delay_s(settings, attempt, None, random.Random(1)) for attempt in (1, 2, 3, 6, 7, 10_000)]
    assert delays == pytest.approx([0.1, 0.2, 0.4, 3.2, 5.0, 5.0])


def test_delays_vary_within_the_jitter() -> None:
    chance = random.Random(1)
    delays = [delay_s(LaneSettings(), 1, None, chance) for _ in range(200)]
    assert all(0.09 <= delay <= 0.11 for delay in delays)
    assert len(set(delays)) > 100


def test_the_retry_limit_refills() -> None:
    limit = RetryLimit(2.0, 0.0)
    assert [limit.take(0.0), limit.take(0.0)] == [0.0, 0.0]
    assert limit.take(0.0) == pytest.approx(0.5)
    assert limit.take(0.5) == 0.0
    assert limit.take(0.4) == pytest.approx(0.5)  # a clock of the past gives nothing


def test_a_breaker_needs_failures_in_a_row() -> None:
    breaker = Breaker(LaneSettings(breaker_failures=2))
    breaker.failed(0.0)
    breaker.succeeded()
    breaker.failed(0.0)
    assert breaker.state is State.CLOSED
    breaker.failed(0.0)
    assert breaker.state is State.OPEN
    breaker.failed(1.0)
    assert breaker.wait_s(4.0) == pytest.approx(1.0)


def test_an_empty_lane_queue_has_nothing_to_shed_or_take() -> None:
    queue = LaneQueue()
    assert queue.shed() is None
    assert queue.take(9, 9) == []


def test_shedding_takes_the_oldest_of_the_lowest_class() -> None:
    queue = LaneQueue()
    for sequence, index in enumerate([2, 1, 0, 0]):
        record = Record.of("e", {"n": sequence})
        record.sequence, record.held_bytes = sequence, 10
        queue.classes[index].append(record)
    order = []
    while (record := queue.shed()) is not None:
        order.append(record.payload["n"])
    assert order == [2, 3, 1, 0]
    assert queue.shed_bytes == 40


def crumb(trace: int, n: int = 0, held_bytes: int = 100) -> Record:
    record = Record.of("e", {"n": n}, trace=trace, snapshot=(trace, 0, 0, 0, -1))
    record.held_bytes = held_bytes
    return record


def test_trails_forget_the_trace_that_was_silent_longest() -> None:
    trails = Trails()
    for trace in range(1, 1001):
        trails.remember(crumb(trace))
    trails.remember(crumb(1))
    trails.remember(crumb(1001))
    assert trails.of(2) == ()
    assert (len(trails.of(1)), len(trails.of(3)), len(trails.of(1001))) == (2, 1, 1)


def test_a_trail_keeps_its_newest_records() -> None:
    trails = Trails()
    for n in range(150):
        trails.remember(crumb(1, n))
    assert [record.payload["n"] for record in trails.of(1)] == list(range(50, 150))


def test_trails_are_bounded_in_bytes() -> None:
    trails = Trails()
    for trace in (1, 2, 3):
        for n in range(3):
            trails.remember(crumb(trace, n, held_bytes=1 << 20))
    assert (len(trails.of(1)), len(trails.of(2)), len(trails.of(3))) == (0, 3, 3)
    trails.remember(crumb(4, held_bytes=9 << 20))
    assert [trails.of(trace) for trace in (2, 3, 4)] == [(), (), ()]
    trails.remember(crumb(5, held_bytes=1))
    assert len(trails.of(5)) == 1


def test_what_belongs_to_no_scope_leaves_no_trail() -> None:
    trails = Trails()
    record = Record.of("e", {}, trace=1)
    trails.remember(record)
    assert trails.of(1) == ()


def test_a_worker_survives_what_it_runs(poll: Any) -> None:
    calls: list[int] = []
    faults: list[tuple[str, str]] = []

    def work() -> float:
        calls.append(1)
        if len(calls) == 1:
            raise SystemExit
        return 0.01

    worker = Worker(
        "w", work, lambda: calls.append(-1), Wake(), lambda source, operation, _: faults.append((source, operation))
    )
    assert worker.start()
    assert worker.start()
    worker.wake.wake()  # cuts the pause after the fault short
    assert poll(lambda: len(calls) > 3)
    worker.stop()
    assert worker.join(30)
    assert faults == [("w", "background work")]
    assert calls[-1] == -1
    assert not worker.start()


def test_a_worker_and_the_threads_of_plugins_work_for_e11y() -> None:
    seen: list[bool] = []
    worker = Worker("w", lambda: 1.0, lambda: seen.append(is_own_thread()), Wake(), lambda *_: None)
    worker.start()
    worker.stop()
    assert worker.join(30)

    thread = start_thread(lambda: seen.append(is_own_thread()), name="e11y-test")
    thread.join()
    assert (thread.name, thread.daemon, seen) == ("e11y-test", True, [True, True])
    assert not is_own_thread()


def test_a_worker_that_gets_no_thread_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    faults: list[str] = []
    worker = Worker("w", lambda: 1.0, lambda: None, Wake(), lambda source, operation, error: faults.append(operation))

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        assert not worker.start()
    assert faults == ["start of its thread"]
    assert worker.start()
    worker.stop()
    assert worker.join(30)


def test_a_worker_knows_itself_before_its_starter_does(monkeypatch: pytest.MonkeyPatch) -> None:
    knows: list[bool] = []
    ran = threading.Event()

    def work() -> float:
        knows.append(worker.is_current)
        ran.set()
        worker.stopping = True
        return 0.0

    start = threading.Thread.start

    def start_and_pause(thread: threading.Thread) -> None:
        start(thread)
        assert ran.wait(30)

    worker = Worker("w", work, lambda: None, Wake(), lambda *_: None)
    monkeypatch.setattr(threading.Thread, "start", start_and_pause)
    worker.start()
    assert knows == [True]


def test_nobody_waits_for_another_starter() -> None:
    worker = Worker("w", lambda: 1.0, lambda: None, Wake(), lambda *_: None)
    with worker._starting:
        assert not worker.start()
    assert worker.join(0)


def test_a_budget_cannot_shed_what_is_being_written() -> None:
    lane = Lane("logs", Accepting(), LaneSettings(), SystemClock(), random.Random(1), lambda *_: False, lambda *_: None)
    lane.worker.stopping = True
    lane.queue.added_bytes = 1000  # all in the hands of the driver
    budget = Budget(Intake(1, Ledger()), [lane], 100, 0.0)
    budget.enforce(0.0)
    assert budget.bytes_held() == 1000
    assert lane.ledger.snapshot().given_up == {}


def a_lane() -> Lane:
    lane = Lane("logs", Accepting(), LaneSettings(), SystemClock(), random.Random(1), lambda *_: False, lambda *_: None)
    lane.worker.stopping = True
    return lane


def test_the_intake_may_use_what_the_lanes_leave_free() -> None:
    lane, intake = a_lane(), Intake(1, Ledger())
    budget = Budget(intake, [lane], 100 * SLOT_BYTES, 0.0)
    assert intake.limit_slots == 100
    lane.queue.added_bytes = 50 * SLOT_BYTES
    budget.enforce(0.0)
    assert intake.limit_slots == 50
    lane.queue.added_bytes = 95 * SLOT_BYTES
    budget.enforce(0.0)
    assert intake.limit_slots == 20
    intake.queues[0].extend([None] * 70)
    assert budget.lane_limit_bytes == 30 * SLOT_BYTES


def test_preparing_pauses_while_a_lane_gets_on_and_goes_on_when_it_is_stuck() -> None:
    lane = a_lane()
    budget = Budget(Intake(1, Ledger()), [lane], 1_000, 0.0)
    assert not budget.must_hold(0.0)
    lane.queue.added_bytes = 300
    lane.queue.classes[0].append(Record.of("order.paid", {}))
    assert not budget.must_hold(0.0), "nothing has been seen to leave it yet"
    lane.ledger.delivered += 1
    assert budget.must_hold(1.0)
    assert budget.must_hold(1.1)
    assert not budget.must_hold(1.3)


class Accepting:
    capabilities = Capabilities()

    def write_batch(self, records: Any) -> None:
        pass

    def healthy(self) -> bool:
        return True

    def close(self) -> None:
        pass
