"""Scopes: silence on success, the whole story on failure."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from typing import Any

import pytest

import e11y
from e11y import AuditEvent, Event, Outcome, ScopeReport, hookimpl
from e11y.trace import parse_traceparent

from .conftest import Bench, MakeBench


class StepTaken(Event, severity="debug"):
    number: int
    note: str = ""


class OrderPlaced(Event):
    order_id: str = "1"


class PaymentFailed(Event):
    reason: str = "declined"


class KeyRead(AuditEvent, severity="debug"):
    key: str = "k"


class Reports:
    """Collects what scopes report."""

    def __init__(self) -> None:
        self.seen: list[ScopeReport] = []

    @hookimpl
    def e11y_scope_finished(self, report: ScopeReport) -> None:
        self.seen.append(report)


@pytest.fixture
def reports() -> Reports:
    return Reports()


@pytest.fixture
def bench(make_bench: MakeBench, reports: Reports) -> Bench:
    return make_bench(plugins=[reports])


def numbers(bench: Bench) -> list[int]:
    return [record.payload["number"] for record in bench.records if record.name == "step.taken"]


def test_success_is_silent(bench: Bench, reports: Reports) -> None:
    with e11y.scope("GET /", kind="request", route="/") as scope:
        assert StepTaken.track(number=1) is Outcome.BUFFERED
        assert bench.runtime.ledger.check().buffered == 1
        assert OrderPlaced.track() is Outcome.ACCEPTED
    assert bench.names == ["order.placed"]
    assert bench.runtime.ledger.check().discarded == 1
    (report,) = reports.seen
    assert (report.name, report.kind, report.failed, report.trigger) == ("GET /", "request", False, "")
    assert (report.flushed, report.discarded, report.evicted) == (0, 1, 0)
    assert report.trace_id == scope.trace_id
    assert dict(report.attributes) == {"route": "/"}


def test_an_exception_writes_the_whole_trail_in_order_and_propagates(bench: Bench, reports: Reports) -> None:
    with pytest.raises(ZeroDivisionError), e11y.scope("work") as scope:
        for number in range(5):
            StepTaken.track(number=number)
        raise ZeroDivisionError
    records = bench.records
    assert [record.payload["number"] for record in records] == [0, 1, 2, 3, 4]
    assert {record.trace_id for record in records} == {scope.trace_id}
    assert [record.time_ns for record in records] == sorted(record.time_ns for record in records)
    assert {record.severity for record in records} == {"debug"}
    assert reports.seen[0].trigger == "exception"
    assert reports.seen[0].flushed == 5


def test_an_error_event_writes_the_trail_before_itself_and_lets_later_debug_pass(bench: Bench) -> None:
    with e11y.scope("work"):
        StepTaken.track(number=1)
        PaymentFailed.track()
        assert StepTaken.track(number=2) is Outcome.ACCEPTED
        PaymentFailed.track()
    assert bench.names == ["step.taken", "payment.failed", "step.taken", "payment.failed"]


@pytest.mark.parametrize(("status", "written"), [(200, False), (404, False), (500, True), (503, True), (409, True)])
def test_the_status_decides(make_bench: MakeBench, status: int, written: bool) -> None:
    bench = make_bench({"scope": {"flush_on_statuses": [409]}})
    with e11y.scope("request") as scope:
        StepTaken.track(number=1)
        scope.set(status=status)
    assert bool(bench.records) is written


def test_errors_need_not_write_the_trail(make_bench: MakeBench) -> None:
    bench = make_bench({"scope": {"flush_on_error": False, "flush_on_severity": "never"}})
    with pytest.raises(ZeroDivisionError), e11y.scope("request") as scope:
        StepTaken.track(number=1)
        PaymentFailed.track()
        scope.set(status=500)
        raise ZeroDivisionError
    assert bench.names == ["payment.failed"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, asyncio.CancelledError, GeneratorExit])
def test_who_leaves_has_not_failed(bench: Bench, error: type[BaseException]) -> None:
    with pytest.raises(error), e11y.scope("request"):
        StepTaken.track(number=1)
        raise error
    assert bench.records == ()


def test_an_explicit_failure_counts_once(bench: Bench, reports: Reports) -> None:
    with e11y.scope("work") as scope:
        StepTaken.track(number=1)
        scope.fail("too slow")
        scope.fail("again")
        assert scope.failed
    assert numbers(bench) == [1]
    assert reports.seen[0].trigger == "too slow"


def test_outside_of_a_scope_debug_events_take_the_normal_way(bench: Bench) -> None:
    assert StepTaken.track(number=1) is Outcome.ACCEPTED
    with e11y.scope("work"):
        pass
    assert StepTaken.track(number=2) is Outcome.ACCEPTED
    assert numbers(bench) == [1, 2]


def test_the_buffer_can_be_off(make_bench: MakeBench) -> None:
    bench = make_bench({"scope": {"debug_buffer": False}})
    with e11y.scope("work"):
        assert StepTaken.track(number=1) is Outcome.ACCEPTED
    assert numbers(bench) == [1]


def test_audit_events_never_wait(bench: Bench) -> None:
    with e11y.scope("work"):
        assert KeyRead.track() is Outcome.ACCEPTED
    assert bench.names == ["key.read"]


def test_the_oldest_records_give_way_and_are_counted(make_bench: MakeBench, reports: Reports) -> None:
    bench = make_bench({"scope": {"buffer_records": 10}}, plugins=[reports])
    with e11y.scope("work") as scope:
        for number in range(25):
            StepTaken.track(number=number)
        scope.fail()
    assert numbers(bench) == list(range(15, 25))
    assert bench.runtime.ledger.check().dropped == {"debug_buffer_full": 15}
    assert reports.seen[0].evicted == 15


def test_long_texts_take_the_room_of_many_records(make_bench: MakeBench) -> None:
    bench = make_bench({"scope": {"buffer_records": 10, "buffer_bytes": "10KiB"}})
    with e11y.scope("work") as scope:
        for number in range(10):
            StepTaken.track(number=number, note="x" * 4_000)
        assert scope.slots_used() == 10
        scope.fail()
    assert numbers(bench) == [8, 9]


def test_all_scopes_together_are_bounded(make_bench: MakeBench) -> None:
    bench = make_bench({"scope": {"buffer_records": 128, "buffer_bytes": "128KiB", "total_bytes": "256KiB"}})
    scopes = []
    for number in range(5):
        scope = e11y.scope(f"work {number}")
        Context().run(fill, scope)
        scopes.append(scope)
    assert sum(scope.slots_used() for scope in scopes) <= 256 + 64
    for scope in scopes:
        scope.finish()
    ledger = bench.runtime.ledger.check()
    assert ledger.discarded + ledger.dropped["debug_buffer_full"] == 5 * 128


def fill(scope: e11y.Scope) -> None:
    scope.open()
    for number in range(128):
        StepTaken.track(number=number)


def test_inner_success_follows_the_outer_scope(bench: Bench) -> None:
    with e11y.scope("outer") as outer:
        StepTaken.track(number=1)
        with e11y.scope("inner") as inner:
            StepTaken.track(number=2)
            assert inner.trace_id == outer.trace_id
        assert bench.runtime.ledger.check().buffered == 2
        StepTaken.track(number=3)
        outer.fail()
    assert numbers(bench) == [1, 2, 3]


def test_inner_failure_writes_only_the_inner_trail(bench: Bench) -> None:
    with e11y.scope("outer"):
        StepTaken.track(number=1)
        with e11y.scope("inner") as inner:
            StepTaken.track(number=2)
            inner.fail()
    assert numbers(bench) == [2]
    assert bench.runtime.ledger.check().discarded == 1


@pytest.mark.parametrize("fails", [True, False])
def test_late_records_follow_the_remembered_decision(bench: Bench, fails: bool) -> None:
    go = threading.Event()

    def late() -> None:
        go.wait(5)
        StepTaken.track(number=9)

    with e11y.scope("work") as scope:
        thread = threading.Thread(target=e11y.carry(late))
        thread.start()
        if fails:
            scope.fail()
    go.set()
    thread.join()
    assert numbers(bench) == ([9] if fails else [])
    assert bench.runtime.ledger.check().discarded == (0 if fails else 1)


def test_threads_and_executors_take_part_through_carry(bench: Bench) -> None:
    with e11y.scope("work") as scope, e11y.context(user="u1"), ThreadPoolExecutor(4) as executor:
        list(executor.map(e11y.carry(lambda number: StepTaken.track(number=number)), range(50)))
        scope.fail()
    assert sorted(numbers(bench)) == list(range(50))
    assert {record.trace_id for record in bench.records} == {scope.trace_id}
    assert {record.context["user"] for record in bench.records} == {"u1"}


def test_a_thread_without_carry_is_on_its_own(bench: Bench) -> None:
    with e11y.scope("work"):
        thread = threading.Thread(target=lambda: StepTaken.track(number=1))
        thread.start()
        thread.join()
    assert numbers(bench) == [1]


def test_asyncio_tasks_share_the_scope_and_requests_do_not_mix(bench: Bench) -> None:
    async def request(number: int) -> None:
        with e11y.scope(f"request {number}") as scope:
            await asyncio.gather(*(step(number) for _ in range(3)))
            if number == 1:
                scope.set(status=500)

    async def step(number: int) -> None:
        await asyncio.sleep(0)
        StepTaken.track(number=number)

    async def main() -> None:
        await asyncio.gather(*(request(number) for number in range(3)))

    asyncio.run(main())
    assert numbers(bench) == [1, 1, 1]


def test_many_threads_fail_one_scope_at_once(bench: Bench) -> None:
    with e11y.scope("work") as scope:

        def work(number: int) -> None:
            for _ in range(200):
                StepTaken.track(number=number)
            scope.fail()

        threads = [threading.Thread(target=e11y.carry(work), args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    arrived = numbers(bench)
    dropped = bench.runtime.ledger.check().dropped.get("debug_buffer_full", 0)
    assert len(arrived) + dropped == 1600


def test_a_scope_continues_the_callers_trace(bench: Bench) -> None:
    trace = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")
    with e11y.scope("request", trace=trace) as scope:
        OrderPlaced.track()
        assert e11y.current_context()["parent_span_id"] == "00f067aa0ba902b7"
    record = bench.records[0]
    assert record.trace_id == scope.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert record.parent_span_id not in (None, "00f067aa0ba902b7")
    assert record.span_id != record.parent_span_id


def test_a_scope_is_good_for_one_use(bench: Bench) -> None:
    scope = e11y.scope("work")
    with scope:
        pass
    scope.finish()
    with pytest.raises(RuntimeError, match="scope 'work' was opened before; make a new one for each unit of work"):
        scope.open()


def test_the_outer_context_comes_back(bench: Bench) -> None:
    before = e11y.current_context()
    with e11y.scope("outer"), pytest.raises(ZeroDivisionError), e11y.context(user="u"):
        with e11y.scope("inner"):
            assert e11y.current_context()["user"] == "u"
        raise ZeroDivisionError
    assert e11y.current_context() == before


def test_a_scope_that_ends_in_another_context_is_counted(bench: Bench) -> None:
    def work() -> None:
        scope = e11y.scope("work").open()
        Context().run(scope.finish)
        assert StepTaken.track(number=1) is Outcome.BUFFERED  # follows the decision that was made

    Context().run(work)
    assert bench.runtime.scopes.misplaced.value() == 1
    assert bench.runtime.ledger.check().discarded == 1


def test_context_values_are_bounded_atoms(bench: Bench) -> None:
    with e11y.context(user="u" * 5000, count=3, rate=0.5, flag=True, thing=object(), gone=None):
        OrderPlaced.track()
        with e11y.context(user=None):
            OrderPlaced.track()
    first, second = bench.records
    assert dict(first.context) == {"user": "u" * 1024, "count": 3, "rate": 0.5, "flag": True, "thing": "<object>"}
    assert "user" not in second.context


def test_bind_is_seen_by_all_who_share_the_scope(bench: Bench) -> None:
    def deep() -> None:
        e11y.bind(user="u1")

    with e11y.scope("work"):
        Context.run(_copy(), deep)
        OrderPlaced.track()
    assert dict(bench.records[0].context) == {"user": "u1"}
    Context().run(lambda: (e11y.bind(a=1), OrderPlaced.track()))
    assert dict(bench.records[1].context) == {"a": 1}
    assert e11y.current_context() == {}


def _copy() -> Context:
    from contextvars import copy_context

    return copy_context()


def test_context_in_a_generator_that_ends_elsewhere(bench: Bench) -> None:
    def generator() -> Iterator[int]:
        with e11y.context(user="u"):
            yield 1

    def work() -> None:
        running = generator()
        next(running)
        Context().run(lambda: list(running))

    Context().run(work)
    assert bench.runtime.scopes.misplaced.value() == 1


class Filtering:
    """Lets no password into the context, and fails on request."""

    @hookimpl
    def e11y_filter_context(self, host: Any) -> Any:
        def only_known(values: dict[str, Any]) -> dict[str, Any]:
            if "explode" in values:
                raise ValueError("secret")
            return {key: value for key, value in values.items() if key != "password"}

        return only_known


def test_context_is_filtered_when_it_is_set(make_bench: MakeBench) -> None:
    bench = make_bench({"trusted": ["filtering"]}, plugins=[Filtering()])
    with e11y.context(user="u", password="secret"):
        OrderPlaced.track()
    with e11y.context(explode=1, user="u"):
        OrderPlaced.track()
    assert [dict(record.context) for record in bench.records] == [{"user": "u"}, {}]


def test_the_end_returns_what_the_plugins_are_told(bench: Bench, reports: Reports) -> None:
    scope = e11y.scope("GET /", kind="request").open()
    StepTaken.track(number=1)
    assert scope.finish() is reports.seen[0]
    assert scope.finish() is None


def test_a_scope_knows_the_one_around_it(bench: Bench) -> None:
    with e11y.scope("outer") as outer, e11y.scope("inner") as inner:
        assert (inner.parent, outer.parent) == (outer, None)


class Noted(Event, severity="debug"):
    text: str


class Private(Event, severity="debug"):
    secret: str


def test_a_scope_holds_nothing_of_a_runtime_that_is_not_its_own(make_bench: MakeBench) -> None:
    first = make_bench()
    with e11y.scope("work") as work:
        Noted.track(text="mine")
        second = make_bench()
        assert Private.track(secret="theirs") is Outcome.ACCEPTED
        with e11y.scope("inside"):
            Private.track(secret="discarded")
        work.fail()
    assert [dict(record.payload) for record in first.records] == [{"text": "mine"}]
    assert [dict(record.payload) for record in second.records] == [{"secret": "theirs"}]
    assert second.runtime.ledger.check().discarded == 1


def test_what_a_scope_writes_after_its_runtime_stopped_is_counted(make_bench: MakeBench) -> None:
    bench = make_bench()
    with pytest.raises(ZeroDivisionError), e11y.scope("work"):
        Noted.track(text="too late")
        bench.runtime.shutdown()
        1 / 0  # noqa: B018
    ledger = bench.runtime.ledger.check()
    assert (ledger.tracked, ledger.shed) == (1, 1)


def test_nothing_of_ours_leaves_the_end_of_a_scope(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = e11y.current_context()
    with e11y.scope("work") as work:
        StepTaken.track(number=1)
        monkeypatch.setattr(work.buffers, "discarded", lambda count: 1 / 0)
    assert not work.is_open
    assert e11y.current_context() == before
    assert work.buffers.open_scopes == {}
    bench.runtime.faults.tell(final=True)
