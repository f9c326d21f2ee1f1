"""A replay sends what is meant where it failed, unchanged, and removes what was acknowledged, nothing else."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from e11y import (
    ConfigError,
    Drop,
    E11yError,
    Event,
    Filter,
    Partial,
    Receipt,
    Record,
    Rejected,
    Retryable,
    Runtime,
    Sample,
    Schema,
    hookimpl,
)
from e11y.testing import make_record
from e11y_dlq import Busy, DeadLetters, Letter, ReplayReport, Selection
from e11y_dlq.replay import Plan, Replay

FAST = {"adapters": {"logs": {"type": "null", "give_up_after": "200ms"}, "others": {"type": "null"}}}


class ReplayPaid(Event):
    order_id: str
    amount: Decimal


class Masking:
    """Masks differently each time: whoever filters twice is found out."""

    def __init__(self) -> None:
        self.calls = 0

    @hookimpl
    def e11y_filter(self, schema: Schema) -> Filter | None:
        return Filter({"order_id": self.mask}, signs=self.sign) if "order_id" in schema.fields else None

    def sign(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"signature": f"signed {payload['order_id']} {self.calls}"}

    def mask(self, value: str) -> str:
        self.calls += 1
        return f"hashed_{self.calls}_{value}"


def keep(bench: Any, *numbers: int, adapter: str = "logs", reason: str = "expired", **given: Any) -> None:
    for n in numbers:
        assert bench.plugin.e11y_dead_letter(make_record(n, **given), adapter, reason)


def marks(records: Sequence[Any]) -> list[int]:
    return [int(record.payload["mark"][9:14]) for record in records]


def test_everything_comes_as_it_was_to_come_and_only_where_it_failed(make_bench: Any) -> None:
    import e11y

    masking = Masking()
    bench = make_bench(plugins=[masking], tool={"trusted": ["masking"], "service": "shop"})
    with e11y.context(user_id="u-1"), e11y.scope("request"):
        for n in range(50):
            ReplayPaid.track(order_id=str(n), amount=Decimal("1.10"))
    bench.flush()
    assert len(list(bench.letters)) == 50
    there = bench.others.lines
    times = [record.time_ns for record in bench.others.records]
    bench.logs.answer = None
    report = bench.letters.replay(bench.runtime)
    assert attrs.asdict(report) == attrs.asdict(ReplayReport(selected=50, delivered=50, to=Counter(logs=50)))
    assert bench.logs.lines == there
    assert bench.logs.records[7].metadata["signature"] == "signed 7 7"
    assert [record.time_ns for record in bench.logs.records] == times
    assert len(bench.others.records) == 50
    assert masking.calls == 50
    assert list(bench.letters) == []
    assert bench.letters.replay(bench.runtime).selected == 0
    lane = bench.runtime.ledger.check().lanes["logs"]
    assert (lane.replayed, lane.delivered, lane.dead_lettered) == (50, 50, 50)


def test_what_fails_again_stays_once_with_the_newest_reason(bench: Any) -> None:
    keep(bench, *range(4), reason="expired: not accepted for 300 s")
    before = list(bench.letters)
    bench.logs.answer = lambda records: (
        Partial({1: Rejected("400 bad"), 3: Rejected("413 large")}) if len(records) > 1 else None
    )
    report = bench.letters.replay(bench.runtime)
    assert (report.selected, report.delivered, report.failed) == (4, 2, 2)
    assert report.again == {"rejected": 2}
    left = list(bench.letters)
    assert marks(left) == [1, 3]
    assert [(letter.reason, letter.failures) for letter in left] == [
        ("rejected: 400 bad", 2),
        ("rejected: 413 large", 2),
    ]
    assert [letter.first_failed_ns for letter in left] == [before[1].first_failed_ns, before[3].first_failed_ns]
    assert all(letter.failed_ns > letter.first_failed_ns for letter in left)
    assert bench.runtime.ledger.check().lanes["logs"].dead_lettered == 2
    assert bench.runtime.ledger.check().plugins == {"dlq.kept": 4}


def test_a_destination_that_is_still_down_is_not_tried_with_every_letter(make_bench: Any) -> None:
    bench = make_bench(tool=FAST)
    keep(bench, *range(1500))
    attempts: list[int] = []

    def down(records: Sequence[Record]) -> Exception:
        attempts.extend(marks(records))
        return Retryable("503")

    bench.logs.answer = down
    report = bench.letters.replay(bench.runtime)
    assert (report.selected, report.delivered, report.failed) == (1500, 0, 500)
    assert report.skipped == {"adapter 'logs' does not take anything now": 1000}
    assert set(attempts) == set(range(500))
    assert len(list(bench.letters)) == 1500


def test_only_what_is_meant_is_sent(bench: Any) -> None:
    keep(bench, 1, 2)
    keep(bench, 3, adapter="others")
    bench.logs.answer = None
    assert bench.letters.replay(bench.runtime, Selection(adapter="others")).to == {"others": 1}
    second = Selection(since_ns=make_record(2).time_ns)
    assert bench.letters.replay(bench.runtime, second).to == {"logs": 1}
    assert (marks(bench.logs.records), marks(bench.others.records)) == ([2], [3])
    assert marks(list(bench.letters)) == [1]


def test_what_cannot_be_sent_is_skipped_and_told(bench: Any) -> None:
    keep(bench, 1, metadata={"withheld": True})
    keep(bench, 2, adapter="", reason="rate limited")
    keep(bench, 3, adapter="gone")
    keep(bench, 4)
    bench.logs.answer = None
    report = bench.letters.replay(bench.runtime)
    assert report.skipped == {
        "holds no values": 1,
        "reached no adapter: name one to send it to": 1,
        "adapter 'gone' is not configured": 1,
    }
    assert (report.selected, report.delivered) == (4, 1)
    report = bench.letters.replay(bench.runtime, to="others")
    assert report.to == {"others": 2}
    assert marks(bench.others.records) == [2, 3]
    assert marks(list(bench.letters)) == [1]


def test_a_rehearsal_sends_and_changes_nothing(bench: Any) -> None:
    keep(bench, 1, 2)
    keep(bench, 3, adapter="gone")
    before = bench.files[0].read_bytes()
    report = bench.letters.rehearse({"logs"})
    assert attrs.asdict(report) == {
        "selected": 3, "delivered": 2, "failed": 0, "skipped": {"adapter 'gone' is not configured": 1},
        "to": {"logs": 2}, "again": {},
    }  # fmt: skip
    assert bench.files[0].read_bytes() == before
    assert bench.logs.records == []


def test_a_transformation_changes_redirects_or_holds_back(bench: Any) -> None:
    keep(bench, 1, 2, 3, 4)

    def transform(letter: Letter) -> Letter | None:
        match marks([letter])[0]:
            case 1:
                return attrs.evolve(letter, payload={**letter.payload, "currency": "EUR"}, version=2)
            case 2:
                return attrs.evolve(letter, adapter="others")
            case 3:
                return None
        return letter

    bench.logs.answer = None
    report = bench.letters.replay(bench.runtime, transform=transform)
    assert (report.delivered, report.skipped) == (3, {"held back by the transformation": 1})
    first, fourth = bench.logs.records
    assert (first.payload["currency"], first.version, first.span_id) == ("EUR", 2, make_record(1).span_id)
    assert b'"currency":"EUR"' in first.encoded()
    assert fourth.encoded() == make_record(4).encoded()
    assert marks(bench.others.records) == [2]
    assert marks(list(bench.letters)) == [3]


def raises(letter: Letter) -> Letter:
    raise KeyError(letter.payload["mark"])


@pytest.mark.parametrize(
    ("transform", "what"),
    [
        (raises, "the transformation raised KeyError"),
        (lambda letter: letter.payload, "the transformation returned a dict that cannot be sent"),
        (lambda letter: attrs.evolve(letter, payload={"a": object()}), "the transformation returned a Letter that cannot be sent"),
        (lambda letter: attrs.evolve(letter, span_id="no hex"), "the transformation returned a Letter that cannot be sent"),
    ],
)  # fmt: skip
def test_a_broken_transformation_is_told_without_values(bench: Any, transform: Any, what: str) -> None:
    keep(bench, 1)
    letter_id = next(iter(bench.letters)).id
    fix = "return the letter, attrs.evolve(letter, payload={...}) with values that JSON can say, or None"
    if transform is raises:
        fix = f"see {raises.__code__.co_filename}, line {raises.__code__.co_firstlineno + 1}"
    with pytest.raises(E11yError) as caught:
        bench.letters.replay(bench.runtime, transform=transform)
    assert str(caught.value) == f"{what}\n  where: letter {letter_id} of kit.sample\n  fix:   {fix}"
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert marks(list(bench.letters)) == [1]


def test_two_replays_exclude_each_other(bench: Any) -> None:
    keep(bench, 1)
    letters = DeadLetters(bench.folder, patience_s=0.1)
    with letters.folder.held():
        for call in (lambda: letters.replay(bench.runtime), letters.purge, lambda: letters.tidy(0, 1, 1)):
            with pytest.raises(Busy) as caught:
                call()
            assert str(caught.value) == (
                "another replay or purge is under way\n"
                f"  where: {bench.folder}\n"
                "  fix:   wait for it to end; if its process dies, the lock goes with it"
            )
    bench.logs.answer = None
    assert bench.letters.replay(bench.runtime).delivered == 1


def test_a_replay_waits_for_housekeeping_to_end(bench: Any) -> None:
    keep(bench, 1)
    bench.logs.answer = None
    held = bench.letters.folder.held()
    held.__enter__()
    timer = threading.Timer(0.2, held.__exit__, (None, None, None))
    timer.start()
    letters = DeadLetters(bench.folder, patience_s=30.0)
    assert letters.replay(bench.runtime).delivered == 1
    timer.join()


def test_what_a_limit_dropped_passes_the_limit(make_bench: Any) -> None:
    class Limiting:
        @hookimpl
        def e11y_sample(self, schema: Schema) -> Sample:
            return Sample(lambda: Drop("rate limited", dead_letter=True))

    bench = make_bench(plugins=[Limiting()], dropped_severities=["success"])
    ReplayPaid.track(order_id="1", amount=Decimal(1))
    bench.flush()
    bench.logs.answer = None
    assert bench.letters.replay(bench.runtime, to="logs").delivered == 1
    (record,) = bench.logs.records
    assert (record.name, record.payload) == ("replay.paid", {"order_id": "1", "amount": "1"})


def test_letters_may_come_while_a_replay_runs(bench: Any) -> None:
    """What is appended to a segment that is being replayed waits for the next replay."""
    keep(bench, *range(10))

    def append(records: Sequence[Record]) -> None:
        keep(bench, *(n + 100 for n in marks(records)))

    bench.logs.answer = append
    assert bench.letters.replay(bench.runtime).delivered == 10
    assert marks(list(bench.letters)) == list(range(100, 110))
    bench.logs.answer = None
    assert bench.letters.replay(bench.runtime).delivered == 10
    assert sorted(marks(bench.logs.records)) == [*range(10), *range(100, 110)]


def test_a_runtime_that_stopped_takes_nothing(bench: Any) -> None:
    keep(bench, 1)
    bench.runtime.shutdown()
    with pytest.raises(ConfigError) as caught:
        bench.letters.replay(bench.runtime)
    assert str(caught.value) == (
        "a runtime that is disabled or was shut down delivers nothing\n"
        "  where: DeadLetters.replay\n"
        "  fix:   start one with  e11y.start()  and without  enabled = false"
    )


def test_a_destination_that_cannot_acknowledge_gets_each_letter_once(make_bench: Any) -> None:
    bench = make_bench(capabilities={"acknowledges": False})
    keep(bench, 1)
    bench.logs.answer = None
    assert bench.letters.replay(bench.runtime).delivered == 1
    assert list(bench.letters) == []
    assert bench.runtime.ledger.check().lanes["logs"].handed_over == 1


def test_the_event_type_need_not_exist_any_more(bench: Any) -> None:
    keep(bench, 1, event_type="gone.with.the.Wind", version=7)
    bench.logs.answer = None
    assert bench.letters.replay(bench.runtime).delivered == 1
    (record,) = bench.logs.records
    assert (record.event_type, record.version) == ("gone.with.the.Wind", 7)


def test_progress_is_told(bench: Any) -> None:
    keep(bench, *range(1200))
    bench.logs.answer = None
    told: list[tuple[int, int]] = []
    bench.letters.replay(bench.runtime, on_progress=lambda report: told.append((report.selected, report.delivered)))
    assert [delivered for _, delivered in told if delivered][-1] == 1200
    assert told == sorted(told)
    assert {500, 1000, 1200} <= {delivered for _, delivered in told}


class Taking:
    """Takes records and settles them at once, on a clock that only pauses move."""

    def __init__(self, room: Sequence[int] = ()) -> None:
        self.now = 100.0
        self.room = list(room)
        self.taken: list[tuple[float, int]] = []

    def submit(self, records: Sequence[Record], adapter: str) -> Receipt:
        receipt = Receipt()
        room = self.room.pop(0) if self.room else len(records)
        for record in records[:room]:
            receipt.expect(record)
            receipt.settle(record)
        self.taken.append((self.now, receipt.taken))
        return receipt

    def pause(self, seconds: float) -> None:
        self.now += seconds


def replay_of(plan: Plan, taking: Taking) -> Replay:
    return Replay(plan, {"logs"}, taking.submit, monotonic=lambda: taking.now, pause=taking.pause)


@pytest.mark.parametrize(("rate", "chunk"), [(10.0, 2), (0.5, 1), (100.0, 25), (10_000.0, 500)])
def test_the_rate_is_kept(bench: Any, rate: float, chunk: int) -> None:
    keep(bench, *range(1000) if rate > 100 else range(100))
    taking = Taking()
    report = replay_of(Plan(rate=rate), taking).run(bench.letters.folder.segments())
    assert taking.taken[0] == (100.0, chunk)
    last, number = taking.taken[-1]
    assert last - 100.0 == pytest.approx((report.delivered - number) / rate)
    assert list(bench.letters) == []


def test_what_finds_no_room_is_offered_again(bench: Any) -> None:
    keep(bench, *range(10))
    taking = Taking(room=[3, 0, 2])
    assert replay_of(Plan(), taking).run(bench.letters.folder.segments()).delivered == 10
    assert [taken for _, taken in taking.taken] == [3, 0, 2, 5]


def test_what_never_finds_room_is_skipped(bench: Any) -> None:
    keep(bench, *range(3))
    taking = Taking(room=[0] * 400)
    report = replay_of(Plan(), taking).run(bench.letters.folder.segments())
    assert (report.delivered, report.skipped) == (0, {"too large to be taken": 3})
    assert marks(list(bench.letters)) == [0, 1, 2]


def test_a_rate_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="'rate' must be > 0: 0"):
        Plan(rate=0)


def test_an_interrupted_replay_writes_down_what_was_acknowledged(bench: Any) -> None:
    keep(bench, *range(3))

    class Interrupted(Receipt):
        def wait(self, timeout_s: float) -> bool:
            raise KeyboardInterrupt

    def submit(records: Sequence[Record], adapter: str) -> Receipt:
        receipt = Interrupted()
        for record in records:
            receipt.expect(record)
        receipt.settle(records[1])
        return receipt

    with pytest.raises(KeyboardInterrupt):
        Replay(Plan(), {"logs"}, submit).run(bench.letters.folder.segments())
    assert marks(list(bench.letters)) == [0, 2]


def test_a_replay_without_the_plugin_loses_nothing(bench: Any, tmp_path: Path) -> None:
    """The runtime that replays need not be the one that keeps."""
    keep(bench, 1)
    other = Runtime(
        {"plugins": [], "environment": "test"},
        adapters={"logs": bench.logs},
        environ={},
        directory=tmp_path,
        event_types=(),
    )
    with other:
        assert bench.letters.replay(other).failed == 1
        assert marks(list(bench.letters)) == [1]
        bench.logs.answer = None
        assert bench.letters.replay(other).delivered == 1
    assert list(bench.letters) == []


def test_a_finished_segment_goes_with_its_last_letter(make_bench: Any) -> None:
    bench = make_bench(segment_size="2KiB")
    keep(bench, *range(10))
    assert len(bench.files) == 5
    bench.logs.answer = lambda records: Rejected("no") if marks(records) == [4, 5] else None
    report = bench.letters.replay(bench.runtime)
    assert (report.delivered, report.failed) == (8, 2)
    assert len(bench.files) == 2  # that one, and the one that the plugin still writes to
    assert marks(list(bench.letters)) == [4, 5]
