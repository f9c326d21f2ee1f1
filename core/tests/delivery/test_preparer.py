"""The preparer: from entries to records in lanes, one pass at a time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from e11y.delivery.intake import DROPPED, HIGH, INVALID, LOW
from e11y.delivery.lane_settings import LaneSettings
from e11y.record import Record
from e11y.sentinel import MISSING
from e11y.severity import Severity


def drain(it: Any) -> None:
    it.delivery.preparer.run_once()
    it.delivery.drain_inline(it.in_s(5))


def test_records_reach_each_of_their_lanes_in_order(threadless: Any, scripted: Any) -> None:
    it = threadless(logs=scripted(), errors=scripted())
    both, one = it.layout(), it.layout(Severity.WARN, adapters=("logs", "logs", "nowhere"))
    for n in range(0, 1200, 2):
        it.track(both, n, time_ns=n)
        it.track(one, n + 1, time_ns=n + 1)
    drain(it)
    adapters = {name: lane.adapter for name, lane in it.delivery.lanes.items()}
    assert adapters["logs"].values == list(range(1200))
    assert adapters["errors"].values == list(range(0, 1200, 2))
    snapshot = it.delivery.ledger.check()
    assert (snapshot.tracked, snapshot.routed) == (1200, 1200)
    assert (snapshot.lanes["logs"].delivered, snapshot.lanes["errors"].delivered) == (1200, 600)


def test_ids_come_from_the_context_the_entry_or_chance(threadless: Any, scripted: Any) -> None:
    it = threadless(logs=scripted())
    it.track(it.layout(), 1)
    it.track(it.layout(extras=("span_id",)), 99, 2)
    it.track(it.layout(), 3, snapshot=(0, 0, 0, 0, -1))
    drain(it)
    first, second, third = it.delivery.lanes["logs"].adapter.accepted
    assert first.trace == second.trace == 7
    assert second.span == 99
    assert third.trace not in (0, 7)
    assert len({first.span, second.span, third.span, 0}) == 4


def test_deferred_filters_run_before_anything_is_encoded(threadless: Any, scripted: Any) -> None:
    it = threadless(logs=scripted())
    layout = it.layout(
        deferred=(lambda payload: {**payload, "n": "masked"}, lambda payload: {**payload, "seen": payload["n"]})
    )
    it.track(layout, "clear")
    drain(it)
    (record,) = it.delivery.lanes["logs"].adapter.accepted
    assert record.payload == {"n": "masked", "seen": "masked"}
    assert b"clear" not in record.encoded()


@pytest.mark.parametrize("deferred", [lambda _: 1 / 0, lambda _: None])
def test_a_failing_deferred_filter_withholds_the_record(threadless: Any, scripted: Any, deferred: Any) -> None:
    it = threadless(logs=scripted())
    it.track(it.layout(deferred=(deferred,)), "secret")
    drain(it)
    assert it.delivery.lanes["logs"].adapter.accepted == []
    assert it.letters.kept == [("str", "", "filter failed")]
    assert b"secret" not in it.letters.records[0].encoded()
    assert it.faults[0][1] == "deferred filter of Test"
    assert it.delivery.ledger.check().filter_failed == 1


def test_routes_of_their_own(threadless: Any, scripted: Any) -> None:
    it = threadless(logs=scripted(), errors=scripted())
    layout = it.layout(extras=("route",), adapters=())
    it.track(layout, ("errors", "errors", "nowhere"), 1)
    it.track(layout, (), 2)
    it.track(it.layout(adapters=()), 3)
    drain(it)
    assert it.delivery.lanes["errors"].adapter.values == [1]
    assert it.delivery.ledger.check().unrouted == 2


def test_what_cannot_be_encoded_loses_only_itself(threadless: Any, scripted: Any) -> None:
    it = threadless(logs=scripted(), errors=scripted())
    plain, routed = it.layout(), it.layout(extras=("route",))
    bad = SimpleNamespace(secret="value")
    it.track(plain, 1)
    it.track(plain, bad)
    it.track(routed, ("logs",), bad)
    it.track(plain, 2)
    drain(it)
    assert it.delivery.lanes["logs"].adapter.values == [1, 2]
    assert it.letters.kept == [
        ("SimpleNamespace", "logs", "unencodable: TypeError"),
        ("SimpleNamespace", "errors", "unencodable: TypeError"),
        ("SimpleNamespace", "logs", "unencodable: TypeError"),
    ]
    snapshot = it.delivery.ledger.check()
    assert snapshot.routed == 4
    assert snapshot.lanes["logs"].dead_lettered == 2


def test_removed_fields_are_absent(threadless: Any, scripted: Any) -> None:
    it = threadless(logs=scripted())
    it.track(it.layout(names=("n", "gone")), 1, MISSING)
    drain(it)
    assert b'"payload":{"n":1}' in it.delivery.lanes["logs"].adapter.accepted[0].encoded()


def test_trails_go_to_adapters_that_want_them(threadless: Any, scripted: Any) -> None:
    it = threadless(tracker=scripted(wants_trail=True), logs=scripted())
    debug, error = it.layout(Severity.DEBUG, adapters=("logs",)), it.layout(Severity.ERROR)
    other = (9, 0, 0, 0, -1)
    it.track(error, 3, time_ns=3)
    it.track(debug, 1, time_ns=1)
    it.track(debug, 0, time_ns=2, snapshot=other)
    it.track(debug, 2, time_ns=2)
    drain(it)
    (record,) = it.delivery.lanes["tracker"].adapter.accepted
    assert [earlier.payload["n"] for earlier in record.trail] == [1, 2]
    assert it.delivery.lanes["logs"].adapter.values == [1, 0, 2, 3]


def test_a_trail_holds_every_record_below_error_filtered_and_wherever_it_went(threadless: Any, scripted: Any) -> None:
    it = threadless(tracker=scripted(wants_trail=True), logs=scripted())
    info, warn = it.layout(adapters=("logs",)), it.layout(Severity.WARN, adapters=("logs",))
    masked = it.layout(adapters=("logs",), deferred=(lambda payload: {"n": "masked"},))
    routed = it.layout(extras=("route",), adapters=())
    error = it.layout(Severity.ERROR)
    it.track(info, 1, time_ns=1)
    it.track(error, 2, time_ns=2)
    it.track(masked, "clear", time_ns=3)
    it.track(warn, 4, time_ns=4)
    it.track(routed, ("logs",), 5, time_ns=5)
    it.track(error, 6, time_ns=6)
    drain(it)
    first, second = it.delivery.lanes["tracker"].adapter.accepted
    assert [earlier.payload["n"] for earlier in first.trail] == [1]
    assert [earlier.payload["n"] for earlier in second.trail] == [1, "masked", 4, 5]
    assert [record.trail for record in it.delivery.lanes["logs"].adapter.accepted if record.trail] == [
        first.trail,
        second.trail,
    ]
    it.delivery.ledger.check()


def test_invalid_events_become_letters_without_values(threadless: Any, scripted: Any) -> None:
    it = threadless(logs=scripted())
    problems = (("amount", "must be more than 0"), ("amount", "must be a Decimal"), ("x", "unknown"))
    it.delivery.intake.queues[LOW].append(
        (INVALID, 5, (0, 0, 0, 0, -1), "order.paid", "shop.OrderPaid", Severity.INFO, problems)
    )
    it.delivery.intake.queues[LOW].append((INVALID, 5, (3, 0, 0, 0, -1), "order.paid", "shop.OrderPaid", 4, ()))
    drain(it)
    first, second = it.letters.records
    assert first.payload == {"problems": {"amount": "must be more than 0; must be a Decimal", "x": "unknown"}}
    assert (first.name, first.event_type, first.time_ns) == ("order.paid", "shop.OrderPaid", 5)
    assert (second.trace, second.severity) == (3, "error")
    assert {reason for _, _, reason in it.letters.kept} == {"invalid"}
    assert it.delivery.ledger.check().letters_kept == 2


def test_dropped_records_are_filtered_and_kept(threadless: Any, scripted: Any) -> None:
    it = threadless(logs=scripted())
    good = it.layout(deferred=(lambda payload: {"n": "masked"},), extras=("span_id",))
    bad = it.layout(deferred=(lambda payload: 1 / 0,))
    snapshot = (0, 0, 0, 0, -1)
    it.delivery.intake.queues[LOW].append((DROPPED, "rate_limited", (good.index, 1, snapshot, 77, "clear")))
    it.delivery.intake.queues[LOW].append((DROPPED, "rate_limited", (bad.index, 1, snapshot, "clear")))
    drain(it)
    assert it.letters.kept == [("masked", "", "rate_limited"), ("str", "", "rate_limited")]
    assert it.letters.records[0].span == 77
    assert [dict(record.metadata) for record in it.letters.records] == [{}, {"withheld": True}]


def test_a_broken_item_loses_only_itself(threadless: Any, scripted: Any) -> None:
    it = threadless(logs=scripted())
    it.delivery.intake.queues[HIGH].extend([(DROPPED, "odd", (99,)), (DROPPED, "odd", (99,))])
    it.track(it.layout(), 1)
    drain(it)
    assert it.delivery.lanes["logs"].adapter.values == [1]
    assert it.delivery.ledger.check().letters_lost == 2


def test_replayed_records_go_to_one_lane(threadless: Any, scripted: Any) -> None:
    it = threadless(logs=scripted(), errors=scripted())
    records = [Record.of("old", {"n": n}, time_ns=n) for n in range(3)]
    bad = Record.of("old", {"n": object()})
    with pytest.raises(TypeError):
        it.delivery.submit([bad], "logs")
    assert it.delivery.submit(records, "logs").taken == 3
    it.delivery.intake.queues[HIGH].append((-3, "logs", bad))
    it.letters.full = True
    drain(it)
    assert it.delivery.lanes["logs"].adapter.values == [0, 1, 2]
    lane = it.delivery.ledger.check().lanes["logs"]
    assert (lane.routed, lane.replayed, lane.delivered, lane.given_up) == (0, 4, 3, {"unencodable": 1})


def test_jobs_run_when_due_and_may_fail(threadless: Any, scripted: Any) -> None:
    it = threadless(logs=scripted())
    ran: list[float] = []
    it.delivery.every(10.0, lambda: ran.append(it.clock.now))
    it.delivery.every(10.0, lambda: 1 / 0)
    for _ in range(5):
        it.delivery.preparer.run_once()
        it.clock.now += 5.0
    assert ran == [1010.0, 1020.0]
    assert it.faults == [("preparer", "periodic work", "ZeroDivisionError")] * 2


def test_over_the_memory_limit_the_heaviest_lane_sheds_its_least_important(threadless: Any, scripted: Any) -> None:
    from e11y.errors import Retryable

    it = threadless(dead=scripted(*[Retryable("503")] * 999), logs=scripted(), more={"memory_limit": 200_000})
    info, error = it.layout(adapters=("dead",)), it.layout(Severity.ERROR, adapters=("dead",))
    healthy = it.layout(adapters=("logs",))
    for n in range(100):
        it.track(error, n)
        it.track(healthy, n)
        it.track(info, "x" * 2000)
        it.delivery.preparer.run_once()
        it.delivery.lanes["logs"].run_once(it.clock.now)
    pressure = it.delivery.pressure()
    assert pressure.lane_bytes <= pressure.lane_limit == 160_000
    assert pressure.intake_slots == 0
    snapshot = it.delivery.ledger.check()
    dead = snapshot.lanes["dead"]
    assert snapshot.lanes["logs"].delivered == 100
    assert dead.dead_lettered == len(it.letters.kept) > 50
    assert {(value, reason) for value, _, reason in it.letters.kept} == {
        ("x" * 2000, "shed: the memory limit was reached")
    }
    assert dead.difference == 0


def test_dead_letters_of_shed_records_are_limited(threadless: Any, scripted: Any) -> None:
    it = threadless(dead=scripted(), more={"memory_limit": 500_000})
    info = it.layout()
    for _ in range(20):
        for n in range(100):
            it.track(info, f"{n:0200}")
        it.delivery.preparer.run_once()
    dead = it.delivery.ledger.check().lanes["dead"]
    assert dead.dead_lettered == 500
    assert dead.given_up["shed"] > 500


def test_a_full_lane_that_blocks_holds_the_preparer_for_a_while(threadless: Any, scripted: Any) -> None:
    settings = LaneSettings(backpressure="block", max_block_time_s=2.0)
    it = threadless(
        dead=scripted(), logs=scripted(), more={"memory_limit": 500_000, "lane_settings": {"dead": settings}}
    )
    info, healthy = it.layout(adapters=("dead",)), it.layout(adapters=("logs",))
    for n in range(500):
        it.track(info, f"{n:0200}")
        it.delivery.preparer.run_once()
        if it.delivery.intake.slots():
            break
    assert it.delivery.intake.block_time_s == 2.0
    it.track(healthy, 1)
    it.clock.now += 1.9
    assert it.delivery.preparer.run_once() == 0
    it.clock.now += 0.2
    assert it.delivery.preparer.run_once() == 2
    it.delivery.lanes["dead"].run_once(it.clock.now + 1)
    assert it.delivery.preparer.run_once() == 0
    for n in range(300):
        it.track(healthy, f"{n:0300}")
        it.delivery.preparer.run_once()  # the heaviest lane is one that sheds: no reason to hold
    it.track(info, 1)
    assert it.delivery.preparer.run_once() == 1
