"""Delivery as a whole, with its real threads."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest

from e11y.adapter import Capabilities
from e11y.delivery.intake import HIGH
from e11y.delivery.lane_settings import LaneSettings
from e11y.errors import ConfigError, Partial, Rejected, Retryable
from e11y.record import Record
from e11y.severity import Severity


class Hanging:
    """Hangs in its first write until it is released."""

    capabilities = Capabilities()

    def __init__(self) -> None:
        self.released = threading.Event()
        self.writing = threading.Event()
        self.closed = threading.Event()

    def write_batch(self, records: Sequence[Record]) -> None:
        self.writing.set()
        self.released.wait(60)

    def healthy(self) -> bool:
        return False

    def close(self) -> None:
        self.closed.set()


class Dead(Hanging):
    def write_batch(self, records: Sequence[Record]) -> None:
        raise ConnectionRefusedError


def side_by_side(delivery_of: Any, scripted: Any, poll: Any) -> tuple[float, float, float]:
    """Return how many seconds it takes to track, until the healthy one has everything, and to shut down."""
    healthy, hanging = scripted(), Hanging()
    it = delivery_of(healthy=healthy, hanging=hanging, dead=Dead())
    layout = it.layout()
    it.delivery.start_threads()
    started = time.monotonic()
    for n in range(1000):
        it.track(layout, n)
    tracked = time.monotonic()
    assert poll(lambda: len(healthy.accepted) == 1000, 30)
    arrived = time.monotonic()
    assert healthy.values == list(range(1000))
    assert hanging.writing.wait(30)
    it.delivery.ledger.check()
    closing = time.monotonic()
    report = it.delivery.shutdown(it.in_s(5.0))
    closed = time.monotonic()
    assert report.undelivered == {"hanging": 1000, "dead": 1000}
    assert report.seconds <= closed - closing
    assert healthy.closed == 1
    before = it.delivery.ledger.check()
    assert before.lanes["hanging"].dead_lettered == before.lanes["dead"].dead_lettered == 1000
    hanging.released.set()
    assert hanging.closed.wait(30)
    assert it.delivery.ledger.check() == before, "a write that ends late is not counted again"
    return tracked - started, arrived - tracked, closed - closing


def test_dead_hanging_and_healthy_side_by_side(delivery_of: Any, scripted: Any, poll: Any) -> None:
    for _ in range(3):  # a machine that stalls spoils one try
        tracking_s, arriving_s, closing_s = side_by_side(delivery_of, scripted, poll)
        if tracking_s < 0.5 and arriving_s < 1.0 and closing_s <= 5.2:
            break
    assert tracking_s < 0.5
    assert arriving_s < 1.0
    assert closing_s <= 5.2


def test_a_flush_delivers_what_was_tracked_before(delivery_of: Any, scripted: Any) -> None:
    logs = scripted()
    it = delivery_of(logs=logs)
    layout = it.layout()
    it.delivery.start_threads()
    it.delivery.start_threads()
    for round_ in range(5):
        it.track(layout, round_)
        report = it.delivery.flush(it.in_s(30))
        assert report.undelivered == {}
        assert report.seconds < 10.0
        assert logs.values[-1] == round_


def test_a_flush_says_what_is_still_held(delivery_of: Any) -> None:
    hanging = Hanging()
    it = delivery_of(hanging=hanging)
    it.delivery.start_threads()
    it.track(it.layout(), 1)
    assert hanging.writing.wait(30)
    report = it.delivery.flush(it.in_s(0.5))
    assert report.undelivered == {"hanging": 1}
    hanging.released.set()
    assert it.delivery.flush(it.in_s(30)).undelivered == {}


def test_eight_threads_lose_nothing(delivery_of: Any, scripted: Any) -> None:
    logs = scripted()
    it = delivery_of(logs=logs)
    layouts = [it.layout(severity) for severity in (Severity.INFO, Severity.WARN, Severity.ERROR)]
    it.delivery.start_threads()

    def track(worker: int) -> None:
        for n in range(2500):
            it.track(layouts[n % 3], worker * 2500 + n)

    threads = [threading.Thread(target=track, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert it.delivery.flush(it.in_s(30)).undelivered == {}
    snapshot = it.delivery.ledger.check()
    assert snapshot.tracked == 20_000
    assert len(logs.accepted) == len(set(logs.values)) == 20_000 - snapshot.shed
    assert snapshot.shed == 0


def test_shutdown_takes_stragglers_and_closes_unused_adapters(delivery_of: Any, scripted: Any) -> None:
    logs, unused = scripted(), scripted()
    it = delivery_of(logs=logs, unused=unused)
    layout = it.layout(adapters=("logs",))
    it.delivery.start_threads()
    for n in range(100):
        it.track(layout, n)
    report = it.delivery.shutdown(it.in_s(30))
    assert report.undelivered == {}
    assert report.seconds < 10.0
    assert len(logs.accepted) == 100
    assert (logs.closed, unused.closed) == (1, 1)
    assert it.delivery.shutdown(it.in_s(1)).undelivered == {}
    assert logs.closed == 1


def test_without_threads_everything_is_done_inline(
    delivery_of: Any, scripted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread at interpreter shutdown")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    logs, dead = scripted(), Dead()
    it = delivery_of(dead=dead, logs=logs)
    layout = it.layout()
    it.delivery.start_threads()
    it.track(layout, 1)
    assert it.delivery.flush(it.in_s(2)).undelivered == {"dead": 1}
    it.track(layout, 2)
    assert it.delivery.drain_inline(it.in_s(2)).undelivered == {"dead": 2}
    assert logs.values == [1, 2]
    it.track(layout, 3)
    report = it.delivery.shutdown(it.in_s(3))
    assert report.undelivered == {"dead": 3}
    assert report.seconds < 10.0
    assert logs.values == [1, 2, 3]
    assert logs.closed == 1
    it.delivery.ledger.check()


def test_a_preparer_that_hangs_does_not_hold_the_exit(delivery_of: Any, scripted: Any) -> None:
    release = threading.Event()
    it = delivery_of(logs=scripted())
    it.track(it.layout(deferred=(lambda payload: release.wait(30) and payload,)), 1)
    it.delivery.start_threads()
    started = time.monotonic()
    it.delivery.shutdown(it.in_s(0.5))
    assert time.monotonic() - started < 10.0
    assert it.delivery.ledger.snapshot().in_intake == 1
    release.set()


def test_our_own_threads_may_flush(delivery_of: Any, scripted: Any, poll: Any) -> None:
    """A job or an adapter that flushes must not wait for itself."""
    seconds: list[float] = []
    logs = scripted(lambda _: seconds.append(it.delivery.flush(it.in_s(0.3)).seconds))
    it = delivery_of(logs=logs)
    it.delivery.every(0.01, lambda: seconds.append(it.delivery.flush(it.in_s(0.3)).seconds))
    it.delivery.start_threads()
    it.track(it.layout(), 1)
    assert poll(lambda: len(logs.accepted) == 1 and len(seconds) > 2, 30)
    assert max(seconds) < 10.0


def test_dead_letters_that_fail_are_given_up(delivery_of: Any, scripted: Any) -> None:
    it = delivery_of(logs=scripted(Rejected("no")))
    it.letters.kept = None  # makes it raise
    it.delivery.start_threads()
    it.track(it.layout(), 1)
    assert it.delivery.flush(it.in_s(30)).undelivered == {}
    assert it.delivery.ledger.check().lanes["logs"].given_up == {"rejected": 1}
    assert ("dead letters", "keeping a record of test.info", "AttributeError") in it.faults


def test_replay_goes_to_adapters_that_exist(delivery_of: Any, scripted: Any) -> None:
    it = delivery_of(logs=scripted())
    with pytest.raises(ConfigError) as caught:
        it.delivery.submit([], "log")
    assert str(caught.value) == (
        "adapter 'log' is not configured, did you mean 'logs'?\n"
        "  where: records to replay\n"
        "  fix:   replay to one of: logs"
    )


def test_replay_stops_when_the_intake_is_full(delivery_of: Any, scripted: Any) -> None:
    it = delivery_of(logs=scripted(), more={"memory_limit": 100_000})
    records = [Record.of("old", {"n": "x" * 1000}) for _ in range(50)]
    receipt = it.delivery.submit(records, "logs")
    assert 0 < receipt.taken == receipt.outstanding < 50
    assert len(it.delivery.intake.queues[HIGH]) <= it.delivery.intake.limits[HIGH] + 2


def test_a_receipt_tells_what_became_of_each_record(delivery_of: Any, scripted: Any) -> None:
    def choosy(records: Sequence[Record]) -> Any:
        return Partial({1: Rejected("too old"), 2: Retryable("busy")}) if len(records) > 1 else None

    it = delivery_of(logs=scripted(choosy, choosy))
    records = [Record.of("old", {"n": n}, time_ns=n) for n in range(4)]
    receipt = it.delivery.submit(records, "logs")
    assert (receipt.taken, receipt.outstanding, receipt.wait(0)) == (4, 4, False)
    assert (receipt.delivered, receipt.failed) == ((), ())
    it.delivery.start_threads()
    assert receipt.wait(30)
    assert receipt.delivered == (records[0], records[3], records[2])
    assert receipt.failed == ((records[1], "rejected: too old"),)
    assert it.letters.kept == [(1, "logs", "rejected: too old")]
    assert it.delivery.lanes["logs"].courier.receipts == {}
    it.delivery.ledger.check()


def test_a_receipt_tells_what_the_exit_cut_off(delivery_of: Any, scripted: Any) -> None:
    it = delivery_of(logs=scripted(*[Retryable("busy")] * 99))
    records = [Record.of("old", {"n": n}) for n in range(3)]
    receipt = it.delivery.submit(records, "logs")
    it.delivery.shutdown(it.in_s(1.5))
    assert receipt.wait(0)
    assert receipt.failed == tuple((record, "deadline: the process shut down") for record in records)
    it.delivery.ledger.check()


def test_a_flush_tells_receipts_first(delivery_of: Any, scripted: Any) -> None:
    it = delivery_of(logs=scripted())
    receipts = [it.delivery.submit([Record.of("old", {"n": n})], "logs") for n in range(100)]
    it.delivery.start_threads()
    assert it.delivery.flush(it.in_s(30)).undelivered == {}
    assert [len(receipt.delivered) for receipt in receipts] == [1] * 100


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_starts_empty_and_works(delivery_of: Any, scripted: Any) -> None:
    hanging = Hanging()
    it = delivery_of(hanging=hanging, logs=scripted())
    layout = it.layout()
    bound_append, bound_add = it.delivery.intake.queues[0].append, it.delivery.ledger.tracked.add
    it.delivery.start_threads()
    for n in range(10):
        it.track(layout, n)
    assert hanging.writing.wait(30)
    it.track(layout, 11)
    child = os.fork()
    if not child:
        status = 1
        try:
            fresh = scripted()
            it.delivery.after_fork_in_child({"hanging": scripted(), "logs": fresh})
            bound_add()
            bound_append((layout.index, 1, (1, 0, 0, 0, -1), "child"))
            it.delivery.start_threads()
            assert it.delivery.flush(it.in_s(30)).undelivered == {}
            snapshot = it.delivery.ledger.check()
            assert (snapshot.tracked, snapshot.routed) == (1, 1)
            assert fresh.values == ["child"]
            assert it.delivery.shutdown(it.in_s(30)).undelivered == {}
            it.delivery.after_fork_in_child()
            status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    hanging.released.set()
    assert it.delivery.flush(it.in_s(30)).undelivered == {}
    assert it.delivery.ledger.check().tracked == 11


def test_a_closing_lane_waits_for_letters_that_are_being_kept(delivery_of: Any, scripted: Any) -> None:
    it = delivery_of(logs=scripted(Rejected("no")))
    keep, started = it.letters, threading.Event()

    def slowly(record: Record, adapter: str, reason: str) -> bool:
        started.set()
        time.sleep(0.3)
        return keep(record, adapter, reason)

    it.delivery._dead_letter = slowly
    it.delivery.start_threads()
    it.track(it.layout(), 1)
    it.delivery.preparer.flush(it.in_s(30))
    it.delivery.lanes["logs"].hurry()
    assert started.wait(30)
    it.delivery.lanes["logs"].begin_close(it.in_s(0.0))
    assert it.delivery.lanes["logs"].close(it.in_s(30)) == 0
    assert it.delivery.ledger.check().lanes["logs"].dead_lettered == 1


def test_a_second_driver_waits_no_longer_than_it_may(delivery_of: Any, scripted: Any) -> None:
    it = delivery_of(logs=scripted(), more={"lane_settings": {"logs": LaneSettings()}})
    lane = it.delivery.lanes["logs"]
    with lane._turn:
        assert not lane.drive(it.in_s(0.02))
    assert not lane.drive(it.in_s(-1))


def test_a_child_forgets_what_is_its_parents(delivery_of: Any, scripted: Any) -> None:
    it = delivery_of(hanging=Hanging())
    layout = it.layout()
    it.delivery.start_threads()
    it.track(layout, 1)
    assert it.delivery.lanes["hanging"].adapter.writing.wait(30)
    it.track(layout, 2)
    it.delivery.lanes["hanging"].adapter.released.set()
    it.delivery.preparer.worker.stop()
    it.delivery.lanes["hanging"].worker.stop()
    assert it.delivery.preparer.worker.join(30)
    assert it.delivery.lanes["hanging"].worker.join(30)
    fresh = scripted()
    it.delivery.after_fork_in_child({"hanging": fresh})
    snapshot = it.delivery.ledger.check()
    assert (snapshot.tracked, snapshot.in_intake, snapshot.lanes["hanging"].in_lane) == (0, 0, 0)
    it.delivery.after_fork_in_child()
    it.delivery.start_threads()
    it.track(layout, 3)
    assert it.delivery.shutdown(it.in_s(30)).undelivered == {}
    assert fresh.values == [3]


def test_what_arrives_while_the_preparer_ends_is_delivered(delivery_of: Any, scripted: Any) -> None:
    logs = scripted()
    it = delivery_of(logs=logs)
    layout = it.layout()
    it.delivery.start_threads()
    it.track(layout, 1)
    join = it.delivery.preparer.worker.join

    def late(timeout_s: float) -> bool:
        ended: bool = join(timeout_s)
        it.track(layout, 2)
        return ended

    it.delivery.preparer.worker.join = late
    it.delivery.shutdown(it.in_s(30))
    assert logs.values == [1, 2]
    it.delivery.ledger.check()


def test_a_flush_without_time_says_what_no_adapter_has_got(delivery_of: Any, scripted: Any) -> None:
    it = delivery_of(logs=scripted())
    layout = it.layout()
    it.delivery.preparer.worker.stopping = True  # nobody takes them
    for number in range(5):
        it.track(layout, number)
    assert it.delivery.flush(it.clock.monotonic()).unprepared == 5


def test_a_lane_that_sleeps_is_woken_by_records_of_two_types(delivery_of: Any, scripted: Any, poll: Any) -> None:
    """A trail and its error come in one chunk: neither type alone is all that waits."""
    logs = scripted()
    it = delivery_of(logs=logs)
    layouts = [it.layout(), it.layout(severity=Severity.ERROR)]
    it.delivery.start_threads()
    it.track(layouts[0], 0)
    assert poll(lambda: logs.values == [0])
    time.sleep(0.05)  # the lane has nothing left and goes to sleep
    for layout in layouts:
        it.track(layout, 1)
    assert poll(lambda: logs.values == [0, 1, 1])
    assert it.delivery.shutdown(it.in_s(30)).undelivered == {}
