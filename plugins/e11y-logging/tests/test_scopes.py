"""Existing calls of ``logger.debug`` are the trail of what failed, and nothing where nothing did."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import e11y
from e11y import Event

from .conftest import Bench, MakeBench


class ScopedStep(Event, severity="debug"):
    number: int


class ScopedSaleFailed(Event):
    number: int


def trail(bench: Bench) -> list[str]:
    return [str(record.payload.get("message", record.name)) for record in bench.records]


def test_a_success_leaves_no_debug_line(bench: Bench, log: logging.Logger) -> None:
    with e11y.scope("POST /orders", kind="request"):
        log.debug("read the cart")
        log.info("paid")
    assert bench.messages == ["paid"]
    assert bench.runtime.ledger.snapshot().discarded == 1


@pytest.mark.parametrize("level", [logging.ERROR, logging.CRITICAL])
def test_an_error_line_writes_the_trail_before_itself(bench: Bench, log: logging.Logger, level: int) -> None:
    with e11y.scope("POST /orders", kind="request") as scope, e11y.context(request_id="r-1"):
        log.debug("read the cart")
        ScopedStep.track(number=1)
        log.log(5, "asked the bank")
        log.log(level, "no answer")
        log.debug("gave up")
    assert trail(bench) == ["read the cart", "scoped.step", "asked the bank", "no answer", "gave up"]
    assert {record.trace_id for record in bench.records} == {scope.trace_id}
    assert {record.context["request_id"] for record in bench.records} == {"r-1"}
    assert [str(record.severity) for record in bench.records][:3] == ["debug"] * 3
    assert len({record.span_id for record in bench.records}) == 5
    times = [record.time_ns for record in bench.records]
    assert times == sorted(times)


def test_an_exception_logged_writes_the_trail(bench: Bench, log: logging.Logger) -> None:
    with e11y.scope("job", kind="task"):
        log.debug("begun")
        try:
            raise LookupError("no such order")
        except LookupError:
            log.exception("failed")
    assert trail(bench) == ["begun", "failed"]


def test_an_exception_that_is_told_at_a_lower_level_writes_nothing(bench: Bench, log: logging.Logger) -> None:
    with e11y.scope("job", kind="task"):
        log.debug("tried the cache", exc_info=LookupError("not there"))
        log.warning("slow", exc_info=TimeoutError())
    assert trail(bench) == ["slow"]


def test_an_event_that_is_an_error_writes_the_lines_before_it(bench: Bench, log: logging.Logger) -> None:
    with e11y.scope("job", kind="task"):
        log.debug("begun")
        ScopedSaleFailed.track(number=1)
    assert trail(bench) == ["begun", "scoped.sale.failed"]


def test_an_exception_that_leaves_the_scope_writes_the_trail(bench: Bench, log: logging.Logger) -> None:
    with pytest.raises(LookupError), e11y.scope("job", kind="task"):
        log.debug("begun")
        raise LookupError("no such order")
    assert trail(bench) == ["begun"]


def test_error_lines_need_not_write_the_trail(make_bench: MakeBench, log: logging.Logger) -> None:
    bench = make_bench(flush=False)
    with e11y.scope("job", kind="task") as scope, e11y.context(user_id="7"):
        log.debug("begun")
        log.error("library is unhappy")
        log.warning("and warns")
    assert trail(bench) == ["library is unhappy", "and warns"]
    assert [(record.trace_id, record.context["user_id"]) for record in bench.records] == [(scope.trace_id, "7")] * 2
    with pytest.raises(LookupError), e11y.scope("job", kind="task"):
        log.debug("again")
        log.error("unhappy again")
        raise LookupError
    assert sorted(trail(bench)[2:]) == ["again", "unhappy again"], "scopes decide as ever"


def test_without_the_flush_extra_may_have_any_name(make_bench: MakeBench, log: logging.Logger) -> None:
    bench = make_bench(flush=False)
    extra = {"track": 1, "cls": 2, "self": 3, "fields": 4, "further": 5}
    with e11y.scope("work"):
        log.info("played", extra=extra)
    (record,) = bench.records
    assert {name: record.payload[name] for name in extra} == extra
    assert bench.faults == []


@pytest.mark.parametrize(
    ("least", "told"),
    [("DEBUG", ["debug", "info", "error"]), ("INFO", ["info", "error"]), ("ERROR", ["error"]), ("CRITICAL", [])],
)
def test_outside_of_scopes_a_level_of_its_own_counts(
    make_bench: MakeBench, log: logging.Logger, least: str, told: list[str]
) -> None:
    bench = make_bench(level_outside_scopes=least)
    for level in (logging.DEBUG, logging.INFO, logging.ERROR):
        log.log(level, logging.getLevelName(level).lower())
    assert trail(bench) == told


def test_lines_after_the_end_follow_the_decision(bench: Bench, log: logging.Logger) -> None:
    late: list[threading.Thread] = []
    go = threading.Event()

    def work(word: str) -> None:
        assert go.wait(30)
        log.debug(word)

    for word, failed in (("late and failed", True), ("late and fine", False)):
        with e11y.scope("job", kind="task") as scope:
            thread = threading.Thread(target=e11y.carry(work), args=(word,))
            thread.start()
            late.append(thread)
            if failed:
                scope.fail()
    go.set()
    for thread in late:
        thread.join()
    assert trail(bench) == ["late and failed"]


def test_requests_at_once_keep_their_lines_apart(bench: Bench, log: logging.Logger) -> None:
    async def request(number: int) -> None:
        with e11y.scope(f"GET /{number % 10}", kind="request"):
            for step in range(3):
                log.debug("%d.%d", number, step)
                await asyncio.sleep(0)
            await asyncio.to_thread(log.debug, "%d.%d", number, 3)
            if number % 2:
                log.error("%d.%d", number, 4)

    async def main() -> None:
        await asyncio.gather(*(request(number) for number in range(50)))

    asyncio.run(main())
    by_trace: dict[str | None, list[str]] = {}
    for record in bench.records:
        by_trace.setdefault(record.trace_id, []).append(str(record.payload["message"]))
    expected = [[f"{number}.{step}" for step in range(5)] for number in range(1, 50, 2)]
    assert sorted(by_trace.values()) == sorted(expected)


def test_threads_at_once_lose_nothing(bench: Bench, log: logging.Logger) -> None:
    def work(number: int) -> None:
        with e11y.scope("job", kind="task"):
            for step in range(50):
                log.debug("%d.%d", number, step)
            if number % 2:
                log.error("%d failed", number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert len(bench.records) == 20 * 51
    assert bench.runtime.ledger.snapshot().discarded == 20 * 50
    bench.runtime.shutdown()
    assert bench.counts["logging.lines"] == 20 * 51 + 20 * 50


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    assert e11y.current_context() == {}
