"""A lane: every answer an adapter can give, on a clock that stands still."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from e11y.adapter import current_deadline
from e11y.delivery.breaker import State
from e11y.delivery.lane_settings import LaneSettings
from e11y.errors import Declined, DeliveryError, Partial, Rejected, Retryable
from e11y.record import Layout, Record
from e11y.severity import Severity
from e11y.threads import is_own_thread


def settings(**changes: Any) -> LaneSettings:
    return LaneSettings(**{"backoff_jitter": 0.0, **changes})


def test_a_batch_waits_for_its_interval(bench: Any) -> None:
    it = bench()
    it.put(1, 2)
    assert it.step() == pytest.approx(0.2)
    assert it.step(0.19) == pytest.approx(0.01)
    assert it.adapter.batches == []
    assert it.step(0.011) == 0.0
    assert it.adapter.values == [1, 2]
    assert it.step() is None
    assert it.snapshot.delivered == 2
    assert it.snapshot.bytes_held == 0


def test_a_batch_is_due_at_the_end_of_its_pause(bench: Any) -> None:
    it = bench()
    it.clock.now = 12.0
    it.put(1)
    it.step()
    it.step(0.1)
    it.step(0.1)  # 12.2 - 12.0 is less than 0.2 in floating point
    assert it.adapter.values == [1]


def test_a_record_is_given_up_at_the_end_of_its_pause(bench: Any) -> None:
    it = bench(Retryable("503", retry_after_s=60.0), settings=settings(give_up_after_s=20.0))
    it.clock.now = 1004.1
    it.put(1)
    it.lane.hurry()
    it.step()
    it.step(20.0)  # 1024.1 - 1004.1 is less than 20 in floating point
    assert it.snapshot.in_lane == 0


def test_a_full_batch_is_written_at_once(bench: Any) -> None:
    it = bench(settings=settings(batch_records=3))
    it.put(1, 2, 3, 4)
    it.step()
    assert it.adapter.values == [1, 2, 3]
    assert it.step() == pytest.approx(0.2)


def test_a_batch_is_bounded_in_bytes(bench: Any) -> None:
    it = bench(settings=settings(batch_bytes=500))
    it.put(*["x" * 100] * 8)
    it.step()
    assert 1 < len(it.adapter.batches[0]) < 4


def test_classes_of_severity_are_merged_in_order_of_arrival(bench: Any) -> None:
    it = bench()
    it.put(1)
    it.put(2, queue=2)
    it.put(3, queue=1)
    it.put(4)
    it.lane.hurry()
    it.step()
    assert it.adapter.values == [1, 2, 3, 4]


def test_without_batching_records_go_one_at_a_time(bench: Any) -> None:
    it = bench(batching=False)
    it.put(1, 2, 3)
    it.run(1)
    assert [len(batch) for batch in it.adapter.batches] == [1, 1, 1]


def test_without_acknowledgement_records_are_handed_over(bench: Any) -> None:
    it = bench(acknowledges=False)
    it.put(1, 2)
    it.run(1)
    assert (it.snapshot.delivered, it.snapshot.handed_over) == (0, 2)


@pytest.mark.parametrize("error", [Retryable("503"), TimeoutError(), ConnectionResetError()])
def test_a_retryable_failure_backs_off_and_recovers(bench: Any, error: Exception) -> None:
    it = bench(error, error, error)
    it.put(1)
    it.lane.hurry()
    waits = []
    while (pause := it.step()) is not None:
        waits.append(pause)
        it.clock.now += pause
    assert [wait for wait in waits if wait] == pytest.approx([0.1, 0.2, 0.4])
    assert it.adapter.values == [1]
    assert it.snapshot.retries == 3
    assert it.snapshot.difference == 0
    assert ("adapter logs", "write_batch", type(error).__name__) in it.faults


def test_retry_after_is_a_lower_bound(bench: Any) -> None:
    it = bench(Retryable("429", retry_after_s=7.0))
    it.put(1)
    it.lane.hurry()
    it.step()
    assert it.step() == pytest.approx(7.0)


def test_new_records_wait_behind_a_failing_batch(bench: Any) -> None:
    it = bench(Retryable("503"))
    it.put(1)
    it.lane.hurry()
    it.step()
    it.put(2)
    it.run(5)
    assert it.adapter.values == [1, 2]


def test_a_record_is_given_up_after_its_time(bench: Any) -> None:
    it = bench(*[Retryable("503")] * 1000)
    it.put(1)
    it.run(299)
    assert it.snapshot.in_lane == 1
    it.run(3)
    assert it.letters.kept == [(1, "logs", "expired: not accepted for 300 s")]
    assert it.snapshot.dead_lettered == 1
    assert it.snapshot.in_lane == 0
    assert it.snapshot.bytes_held == 0


def test_a_record_is_given_up_by_the_time_that_it_waited_itself(bench: Any) -> None:
    it = bench(*[Retryable("503")] * 1000)
    it.put(1)
    it.run(100)
    it.put(2)
    it.run(100)
    it.put(3)
    assert it.letters.kept == []
    it.run(101)
    assert [value for value, _, _ in it.letters.kept] == [1]
    it.run(198)
    assert 3 not in [value for value, _, _ in it.letters.kept]
    it.run(2)
    assert [value for value, _, _ in it.letters.kept] == [1, 2, 3]


def test_no_record_is_given_up_that_a_living_destination_was_never_asked_to_take(bench: Any) -> None:
    def slowly(_: object) -> None:
        it.clock.now += 200.0

    it = bench(slowly, slowly, slowly, settings=settings(batch_records=1))
    it.put(1, 2, 3)
    it.run(700)
    assert it.adapter.values == [1, 2, 3]


def test_a_probe_that_is_due_comes_before_giving_up(bench: Any) -> None:
    it = bench(*[Retryable("503")] * 5)
    it.put(1)
    it.run(5)
    assert it.lane.courier.breaker.state is State.OPEN
    it.put(2)
    it.step(400.0)
    it.run(1)
    assert [value for value, _, _ in it.letters.kept] == [1]
    assert it.adapter.values == [2]


def test_a_long_outage_leaves_no_more_in_the_lane_than_came_lately(bench: Any) -> None:
    it = bench(*[Retryable("503")] * 5000, settings=settings(give_up_after_s=60.0, batch_records=10))
    for number in range(600):
        it.put(number)
        it.run(1)
        assert it.snapshot.in_lane <= 72  # a minute, the batch that is tried, and what came with it
    assert len(it.letters.kept) >= 539


def test_what_is_being_appended_is_not_given_up_with_what_is_old(bench: Any) -> None:
    """The preparer appends a whole chunk, and says when it came after that."""
    down = settings(give_up_after_s=20.0, breaker_failures=1, breaker_probe_after_s=600.0)
    it = bench(Retryable("503"), settings=down)
    it.put(1)
    it.run(1.0)
    it.put(2)
    it.clock.now += 21.0
    it.append(3, 4)
    it.run()
    assert it.letters.kept == [(n, "logs", "expired: not accepted for 20 s") for n in (1, 2)]
    it.lane.queue.arrived(2, it.clock.now)
    it.run(19.0)
    assert it.snapshot.in_lane == 2
    it.run(2.0)
    assert it.snapshot.in_lane == 0


def test_what_is_taken_before_anybody_said_when_it_came_is_new(bench: Any) -> None:
    it = bench(None, Retryable("503"), settings=settings(give_up_after_s=20.0))
    it.put(1)
    it.run(60.0)
    it.append(2)
    it.lane.hurry()
    it.step()
    it.lane.queue.arrived(1, it.clock.now)
    it.run(5.0)
    assert it.adapter.values == [1, 2]


def test_what_was_shed_leaves_the_age_of_the_others(bench: Any) -> None:
    it = bench(*[Retryable("503", retry_after_s=60.0)] * 99, settings=settings(give_up_after_s=20.0))
    it.put(1)
    it.lane.hurry()
    it.step()
    it.put(2, 3)
    it.lane.courier.give_up(it.lane.queue.shed(), "shed", offer=False)
    it.run(21.0)
    assert it.snapshot.in_lane == 0
    assert it.snapshot.given_up == {"shed": 1}


def test_max_retries_gives_up_early(bench: Any) -> None:
    it = bench(*[Retryable("503")] * 9, settings=settings(max_retries=3, breaker_failures=99))
    it.put(1)
    it.run(60)
    assert len(it.adapter.batches) == 4
    assert it.letters.kept == [(1, "logs", "retries exhausted: 4 attempts")]


def test_a_rejected_batch_is_given_up_as_a_whole(bench: Any) -> None:
    it = bench(Rejected("entry too old"))
    it.put(1, 2)
    it.run(1)
    assert it.letters.kept == [(n, "logs", "rejected: entry too old") for n in (1, 2)]
    assert len(it.adapter.batches) == 1


def test_what_nobody_keeps_is_given_up_by_reason(bench: Any) -> None:
    it = bench(Rejected("no"))
    it.letters.full = True
    it.put(1, 2)
    it.run(1)
    assert it.snapshot.given_up == {"rejected": 2}
    assert it.snapshot.difference == 0


def test_what_is_declined_is_counted_and_nobody_is_alarmed(bench: Any) -> None:
    it = bench(Retryable("503"), Declined("sample rate"), settings=settings(breaker_failures=2))
    it.put(1, 2)
    it.run(1)
    assert it.snapshot.given_up == {"sample rate": 2}
    assert (it.letters.kept, it.faults) == ([], [("adapter logs", "write_batch", "Retryable")])
    assert (it.snapshot.difference, it.snapshot.bytes_held, it.snapshot.breaker) == (0, 0, 0)


def test_a_part_of_a_batch_may_be_declined(bench: Any) -> None:
    it = bench(Partial({0: Declined("sample rate"), 2: Rejected("bad")}), Partial({0: Declined("sample rate")}))
    it.put(1, 2, 3)
    it.run(1)
    assert (it.snapshot.delivered, it.snapshot.dead_lettered, it.snapshot.given_up) == (1, 1, {"sample rate": 1})
    assert it.faults == [("adapter logs", "write_batch", "Rejected")]
    it.put(4)
    it.run(1)
    assert it.snapshot.given_up == {"sample rate": 2}
    assert len(it.faults) == 1
    assert (it.snapshot.difference, it.snapshot.bytes_held) == (0, 0)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Rejected("bad", split=True), "rejected: bad"),
        (ValueError("a value"), "adapter failed: ValueError"),
        (DeliveryError("odd"), "adapter failed: DeliveryError"),
    ],
)
def test_bisecting_finds_the_bad_record(bench: Any, error: Exception, reason: str) -> None:
    def answer(records: list[Record]) -> Exception | None:
        return error if any(record.payload["n"] == 13 for record in records) else None

    it = bench(*[answer] * 100)
    it.put(*range(64))
    it.run(1)
    assert it.adapter.values == [n for n in range(64) if n != 13]
    assert it.letters.kept == [(13, "logs", reason)]
    assert len(it.adapter.batches) == 13
    assert it.snapshot.difference == 0


def test_partial_settles_each_record_on_its_own(bench: Any) -> None:
    failures = {1: Retryable("429", retry_after_s=3.0), 2: Rejected("mapping"), 77: Rejected("no such record")}
    it = bench(Partial(failures))
    it.put(0, 1, 2, 3)
    it.lane.hurry()
    it.step()
    assert (it.snapshot.delivered, it.snapshot.in_lane, it.snapshot.dead_lettered) == (2, 1, 1)
    it.put(4)  # what was parted may be overtaken
    it.run(1)
    assert it.adapter.batches[-1][0].payload["n"] == 4
    it.run(5)
    assert it.adapter.batches[-1][0].payload["n"] == 1
    assert it.snapshot.delivered == 4
    assert it.snapshot.difference == 0


def test_records_of_a_partial_answer_that_were_refused_together_are_halved(bench: Any) -> None:
    together = Rejected("400", split=True)
    refused = Rejected("400: too old", split=True)
    script = [Partial({1: together, 2: together, 3: together, 4: Rejected("no")}), None, refused, None, refused]
    it = bench(*script, settings=settings(batch_records=5))
    it.put(0, 1, 2, 3, 4, 5)
    it.run(1)
    assert [[record.payload["n"] for record in batch] for batch in it.adapter.batches] == [
        [0, 1, 2, 3, 4],
        [1],
        [2, 3],
        [2],
        [3],
        [5],
    ]
    assert it.letters.kept == [(4, "logs", "rejected: no"), (3, "logs", "rejected: 400: too old")]
    assert it.snapshot.delivered == 4
    assert it.snapshot.difference == 0


def test_a_partial_answer_without_failures_delivers_all(bench: Any) -> None:
    it = bench(Partial({}))
    it.put(1, 2)
    it.run(1)
    assert it.snapshot.delivered == 2


def test_a_partial_answer_that_refuses_all_counts_for_the_breaker(bench: Any) -> None:
    it = bench(*[lambda records: Partial(dict.fromkeys(range(len(records)), Retryable("429")))] * 5)
    it.put(1, 2)
    it.run(3)
    assert it.lane.courier.breaker.state is State.OPEN
    it.run(20)
    assert it.snapshot.delivered == 2


def test_not_more_than_a_few_parted_batches_are_overtaken(bench: Any) -> None:
    it = bench(*[Partial({0: Retryable("429", retry_after_s=60.0)})] * 20, settings=settings(batch_records=2))
    for n in range(20):
        it.put(n, -n)
    it.run(1)
    assert len(it.adapter.batches) == 8
    it.run(400)
    assert it.snapshot.difference == 0


def test_the_breaker_opens_probes_and_closes(bench: Any) -> None:
    it = bench(*[Retryable("503")] * 6, settings=settings(batch_records=1))
    it.put(1, 2, 3)
    it.run(2)
    assert it.lane.courier.breaker.state is State.OPEN
    assert it.snapshot.breaker == 2
    assert len(it.adapter.batches) == 5
    it.run(4.9)
    assert len(it.adapter.batches) == 6  # the first probe, 5 s later, fails
    it.run(9)
    assert len(it.adapter.batches) == 6
    it.step(1.1)
    assert it.adapter.values == [1]
    assert it.lane.courier.breaker.state is State.HALF_OPEN
    it.step()
    assert it.adapter.values == [1, 2]
    assert it.lane.courier.breaker.state is State.CLOSED


def test_probes_grow_rarer_up_to_a_minute(bench: Any) -> None:
    it = bench(*[Retryable("503")] * 99, settings=settings(give_up_after_s=10_000.0))
    it.put(1)
    it.run(2)
    times = []
    for _ in range(400):
        before = len(it.adapter.batches)
        it.run(1)
        if len(it.adapter.batches) > before:
            times.append(it.clock.now)
    gaps = [round(later - earlier) for earlier, later in pairwise(times)]
    assert gaps[:6] == pytest.approx([10, 20, 40, 60, 60, 60], abs=1)


def test_retries_are_limited(bench: Any) -> None:
    it = bench(
        *[Retryable("503")] * 500,
        settings=settings(retries_per_s=2.0, breaker_failures=10_000, backoff_base_s=0.001, backoff_cap_s=0.001),
    )
    it.put(1)
    it.run(10)
    assert 20 <= it.snapshot.retries <= 23


def test_a_flush_skips_backoff_and_breaker_once(bench: Any) -> None:
    it = bench(*[Retryable("503")] * 5)
    it.put(1)
    it.run(2)
    assert it.lane.courier.breaker.state is State.OPEN
    assert it.lane.flush(it.clock.now + 1) == 0
    assert it.adapter.values == [1]


def test_what_would_be_tried_after_the_deadline_is_given_up_at_once(bench: Any) -> None:
    it = bench(*[Retryable("503")] * 99)
    it.put(1, 2, 3)
    it.lane.begin_close(it.clock.now + 0.15)
    it.run(0.1)
    assert it.letters.kept == [(n, "logs", "deadline: the process shut down") for n in (1, 2, 3)]
    assert it.lane.close(it.clock.now + 1) == 3
    assert it.adapter.closed == 1
    assert it.snapshot.difference == 0


def test_without_time_nothing_is_offered_as_a_dead_letter(bench: Any) -> None:
    it = bench()
    it.put(1, 2)
    assert it.lane.close(it.clock.now - 1) == 2
    assert it.letters.kept == []
    assert it.snapshot.given_up == {"deadline": 2}


def test_an_adapter_may_ask_for_the_deadline(bench: Any) -> None:
    seen: list[float | None] = []
    it = bench(lambda _: seen.append(current_deadline()), lambda _: seen.append(current_deadline()))
    it.put(1)
    it.run(1)
    it.put(2)
    it.lane.begin_close(it.clock.now + 9)
    it.run(1)
    assert seen == [None, it.lane.courier.deadline]
    assert current_deadline() is None


def test_an_adapter_may_ask_for_the_deadline_while_it_closes(bench: Any) -> None:
    it = bench()
    seen: list[float | None] = []
    it.adapter.close = lambda: seen.append(current_deadline())
    it.lane.close(it.clock.now + 9)
    assert seen == [it.lane.courier.deadline]
    assert seen != [None]
    assert current_deadline() is None


def test_whoever_drives_a_lane_works_for_e11y_while_the_adapter_runs(bench: Any) -> None:
    seen: list[bool] = []
    it = bench(lambda _: seen.append(is_own_thread()))
    it.adapter.close = lambda: seen.append(is_own_thread())
    it.put(1)
    it.run(1)
    it.lane.close(it.clock.now + 9)
    assert seen == [True, True]
    assert not is_own_thread()


def test_an_adapter_that_fails_to_close_is_reported(bench: Any) -> None:
    it = bench()
    it.adapter.close = lambda: 1 / 0
    assert it.lane.close(it.clock.now + 1) == 0
    assert it.faults == [("adapter logs", "close", "ZeroDivisionError")]


def original_record() -> Record:
    layout = Layout(name="signup", severity=Severity.INFO, names=("n",), originals={"n": 4})
    record = Record(layout, (0, 0, (0, 0, 0, 0, -1), "masked", "clear"), 1, 1)
    record.sequence, record.held_bytes = 1, 10
    return record


def test_originals_are_seen_by_the_adapter_only(bench: Any) -> None:
    it = bench(Retryable("503"), Rejected("no"), originals=True)
    it.lane.queue.classes[0].append(original_record())
    it.lane.ledger.routed = 1
    it.run(5)
    assert [record.payload["n"] for batch in it.adapter.batches for record in batch] == ["clear", "clear"]
    assert it.adapter.batches[0][0] is it.adapter.batches[1][0]
    assert it.letters.kept == [("masked", "logs", "rejected: no")]
    assert it.letters.records[0].metadata == {"masked": True}
    assert b"clear" not in it.letters.records[0].encoded()


def test_a_view_that_cannot_be_made_loses_its_own_record(bench: Any) -> None:
    it = bench(originals=True)
    broken = original_record()
    broken.layout.restores = {0: lambda _: 1 / 0}
    good = original_record()
    good.layout = Layout(name="signup", severity=Severity.INFO, names=("n",))
    it.lane.queue.classes[0].extend([good, broken])
    it.lane.ledger.routed = 2
    it.letters.full = True
    it.run(1)
    assert len(it.adapter.accepted) == 1
    assert it.snapshot.given_up == {"adapter failed": 1}
    assert it.snapshot.difference == 0


def test_an_abandoned_write_counts_once(bench: Any) -> None:
    """The closer takes the batch while the adapter hangs in it; its late success changes nothing."""
    it = bench(lambda _: it.lane.courier.abandon(it.clock.now + 1))
    it.put(1, 2)
    it.run(1)
    assert it.snapshot.delivered == 0
    assert [reason for _, _, reason in it.letters.kept] == ["deadline: the process shut down"] * 2
    assert it.snapshot.difference == 0


def test_an_abandoned_lane_takes_no_batch_back(bench: Any) -> None:
    def late(_: Any) -> Exception:
        it.lane.courier._abandoned = True
        return Retryable("503")

    it = bench(late)
    it.put(1)
    it.run(1)
    assert it.snapshot.in_lane == 0
    assert it.snapshot.dead_lettered == 1


def test_interrupts_leave_the_batch_where_it_is(bench: Any) -> None:
    it = bench(KeyboardInterrupt())
    it.put(1)
    it.lane.hurry()
    with pytest.raises(KeyboardInterrupt):
        it.step()
    assert it.snapshot.in_lane == 1
    it.run(1)
    assert it.adapter.values == [1]
