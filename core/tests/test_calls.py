"""``at(...)`` and ``timed(...)``."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from e11y import Capabilities, ConfigError, Event, InvalidEvent, OpenEvent, Outcome, field
from e11y.adapters import MemoryAdapter

from .conftest import Bench, MakeBench


class OrderPaid(Event):
    order_id: str
    amount: float = 0.0


class Measured(Event):
    duration_ms: int | None = field(init=False, default=None)
    name: str = ""


def test_severity_time_and_trace_of_one_call(bench: Bench) -> None:
    moment = dt.datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=dt.UTC)
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    assert OrderPaid.at(severity="error", time=moment, trace_id=trace_id).track(order_id="1") is Outcome.ACCEPTED
    OrderPaid.track(order_id="2")
    changed, usual = bench.records
    assert (changed.severity, changed.timestamp, changed.trace_id) == ("error", "2026-01-31T12:00:00.250Z", trace_id)
    assert usual.severity == "success"
    assert usual.trace_id != trace_id
    OrderPaid.at(time=5).track(order_id="3")
    assert {record.time_ns for record in bench.records} >= {5}


def test_adapters_of_one_call(make_bench: MakeBench) -> None:
    logs, archive = MemoryAdapter(), MemoryAdapter()
    bench = make_bench(adapters={"logs": logs, "archive": archive})
    OrderPaid.at(adapters=["archive"]).track(order_id="1")
    assert OrderPaid.at(adapters=[]).track(order_id="2") is Outcome.UNROUTED
    bench.runtime.flush(30)
    assert (logs.count(), archive.count()) == (0, 1)
    assert bench.runtime.ledger.check().unrouted == 1


def test_a_bound_call_can_be_kept(make_bench: MakeBench) -> None:
    first = make_bench()
    track = OrderPaid.at(severity="warn").track
    track(order_id="1")
    assert first.records[0].severity == "warn"
    second = make_bench()
    track(order_id="2")
    assert [record.payload["order_id"] for record in second.records] == ["2"]
    assert len(first.records) == 1


class Nowhere(dt.tzinfo):
    """A time zone that says nothing."""

    def utcoffset(self, _moment: dt.datetime | None) -> None:
        return None


NO_TIME = "must be a datetime with a time zone, or integer nanoseconds since 1970 UTC"
OUT_OF_TIME = "must be in the years 1970 to 2262, in nanoseconds if it is a number"
NO_TRACE = "must be 32 lowercase hex digits and not all zero"
MALFORMED: list[tuple[dict[str, Any], str, str]] = [
    ({"severity": "loud"}, "at(severity)", "must be one of debug, info, success, warn, error, fatal"),
    ({"time": "now"}, "at(time)", NO_TIME),
    ({"time": True}, "at(time)", NO_TIME),
    ({"time": dt.datetime(2026, 1, 1)}, "at(time)", NO_TIME),
    ({"time": dt.datetime(2026, 1, 1, tzinfo=Nowhere())}, "at(time)", NO_TIME),
    ({"time": -1}, "at(time)", OUT_OF_TIME),
    ({"time": 2**63}, "at(time)", OUT_OF_TIME),
    ({"time": 10**40}, "at(time)", OUT_OF_TIME),
    ({"time": dt.datetime(1969, 12, 31, tzinfo=dt.UTC)}, "at(time)", OUT_OF_TIME),
    ({"time": dt.datetime(2263, 1, 1, tzinfo=dt.UTC)}, "at(time)", OUT_OF_TIME),
    ({"trace_id": "xyz"}, "at(trace_id)", NO_TRACE),
    ({"trace_id": "0" * 32}, "at(trace_id)", NO_TRACE),
    ({"trace_id": "0x" + "a" * 30}, "at(trace_id)", NO_TRACE),
    ({"trace_id": "\u0663" * 32}, "at(trace_id)", NO_TRACE),
    ({"trace_id": "A" * 32}, "at(trace_id)", NO_TRACE),
    ({"trace_id": "a" * 32 + "\n"}, "at(trace_id)", NO_TRACE),
    ({"trace_id": b"a" * 32}, "at(trace_id)", NO_TRACE),
    ({"trace_id": 5}, "at(trace_id)", NO_TRACE),
    ({"adapters": "logs"}, "at(adapters)", "must be a list of purpose names"),
]


@pytest.mark.parametrize(
    ("time_ns", "told"), [(0, b"1970-01-01T00:00:00.000Z"), (2**63 - 1, b"2262-04-11T23:47:16.854Z")]
)
def test_the_first_and_the_last_moment(bench: Bench, time_ns: int, told: bytes) -> None:
    assert OrderPaid.at(time=time_ns).track(order_id="1") is Outcome.ACCEPTED
    assert [record.time_ns for record in bench.records] == [time_ns]
    assert told in bench.records[0].encoded()


@pytest.mark.parametrize(("arguments", "path", "reason"), MALFORMED)
def test_a_malformed_at_is_refused_like_a_malformed_call(
    make_bench: MakeBench, arguments: dict[str, Any], path: str, reason: str
) -> None:
    raising = make_bench()
    with pytest.raises(InvalidEvent) as caught:
        OrderPaid.at(**arguments).track(order_id="1")
    assert caught.value.problems == ((path, reason),)
    assert raising.runtime.ledger.check().invalid == 1
    reporting = make_bench({"on_invalid": "report"})
    assert OrderPaid.at(**arguments).track(order_id="1") is Outcome.INVALID
    assert reporting.runtime.ledger.check().invalid == 1


def test_open_events_have_at_too(bench: Bench) -> None:
    class Anything(OpenEvent):
        pass

    Anything.at(severity="fatal").track(x=1)
    assert bench.records[0].severity == "fatal"
    assert bench.payload == {"x": 1}


def test_a_timed_body_is_measured(bench: Bench) -> None:
    with OrderPaid.timed(order_id="1") as op:
        op.set(amount=2.0)
    assert op.outcome is Outcome.ACCEPTED
    record = bench.records[0]
    assert dict(record.payload) == {"order_id": "1", "amount": 2.0}
    assert isinstance(record.metadata["duration_ms"], int)


def test_a_declared_duration_is_payload(bench: Bench) -> None:
    with Measured.timed(name="x"):
        pass
    assert isinstance(bench.payload["duration_ms"], int)
    assert "duration_ms" not in bench.records[0].metadata


def test_a_failing_body_makes_the_event_an_error_with_what_is_known(bench: Bench) -> None:
    with pytest.raises(ZeroDivisionError), OrderPaid.timed() as op:  # type: ignore[call-arg]
        op.set(amount=2.0)
        raise ZeroDivisionError
    record = bench.records[0]
    assert record.severity == "error"
    assert dict(record.payload) == {"amount": 2.0}
    assert record.metadata["exception_type"] == "builtins.ZeroDivisionError"


def test_a_body_that_stops_is_not_tracked(bench: Bench) -> None:
    with pytest.raises(KeyboardInterrupt), OrderPaid.timed(order_id="1"):
        raise KeyboardInterrupt
    assert bench.records == ()


def test_a_timed_event_that_does_not_fit_is_refused_at_the_end(bench: Bench) -> None:
    with pytest.raises(InvalidEvent), OrderPaid.timed(order_id="1") as op:
        op.set(unknown=5)


def test_timed_decorates_functions_and_coroutines(bench: Bench) -> None:
    @OrderPaid.timed(order_id="1")
    def add(a: int, b: int) -> int:
        return a + b

    @OrderPaid.timed(order_id="2")
    async def slow() -> str:
        await asyncio.sleep(0)
        return "done"

    assert add(1, b=2) == 3
    assert add(2, 2) == 4
    assert asyncio.run(slow()) == "done"
    assert [record.payload["order_id"] for record in bench.records] == ["1", "1", "2"]


def numbers() -> Iterator[int]:
    yield 1


async def later_numbers() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize("function", [numbers, later_numbers])
def test_a_generator_function_cannot_be_timed(function: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        OrderPaid.timed(order_id="1")(function)
    name = function.__name__
    assert str(caught.value) == (
        f"timed() cannot decorate the generator function {name!r}\n"
        f"  where: {__name__}.{name}\n"
        "  fix:   write  with OrderPaid.timed(...):  inside it, around what is to be measured"
    )


def test_a_disabled_library_runs_the_body(make_bench: MakeBench) -> None:
    bench = make_bench({"enabled": False})
    with OrderPaid.timed(order_id="1") as op:
        ran = True
    assert ran
    assert op.outcome is Outcome.DISABLED
    assert OrderPaid.track() is Outcome.DISABLED  # type: ignore[call-arg]
    assert OrderPaid.track(5, nonsense=1) is Outcome.DISABLED  # type: ignore[call-arg,misc]
    assert OrderPaid.at(severity="loud").track(order_id="1") is Outcome.DISABLED  # type: ignore[arg-type]
    assert bench.runtime.ledger.check().disabled == 4
    assert bench.records == ()


class Forwarded(Event):
    order_id: str


def test_a_call_that_names_an_unknown_adapter_is_invalid_and_its_type_goes_on(make_bench: MakeBench) -> None:
    bench = make_bench({"on_invalid": "report"})
    assert Forwarded.at(adapters=["nope"]).track(order_id="1") is Outcome.INVALID
    assert Forwarded.at(severity="warn").track(order_id="2") is Outcome.ACCEPTED
    assert Forwarded.track(order_id="3") is Outcome.ACCEPTED
    assert [record.payload["order_id"] for record in bench.records] == ["2", "3"]
    assert bench.runtime.ledger.check().invalid == 1
    again = make_bench()
    again.runtime.compile_all([Forwarded])
    assert Forwarded.track(order_id="4") is Outcome.ACCEPTED
    assert len(again.records) == 1


def test_a_call_that_names_an_unknown_adapter_raises_in_development(bench: Bench) -> None:
    with pytest.raises(InvalidEvent) as caught:
        Forwarded.at(adapters=["nope"]).track(order_id="1")
    assert caught.value.problems[0].path == "at(...)"
    assert "'nope'" in caught.value.problems[0].reason


class Prepared(Event):
    order_id: str


class Withheld(Event, audit=True):
    order_id: str


def test_a_severity_that_was_asked_for_before_the_start_is_compiled_with_it(make_bench: MakeBench) -> None:
    bench = make_bench()
    early, elsewhere = Prepared.at(severity="error").track, Prepared.at(adapters=["logs"]).track
    stand_in = early.__code__
    bench.runtime.compile_all([Prepared])
    assert early.__code__ is not stand_in
    assert elsewhere.__code__ is stand_in
    for track in (early, elsewhere, Prepared.track):
        assert track(order_id="1") is Outcome.ACCEPTED
    assert [str(record.severity) for record in bench.records] == ["error", "info", "info"]


def test_a_severity_that_cannot_work_stops_the_start_if_it_was_asked_for_before(make_bench: MakeBench) -> None:
    pager = MemoryAdapter()
    pager.capabilities = Capabilities(audit=False)
    routes = {"error": ["pager"], "info": ["logs"]}
    bench = make_bench({"routes": routes}, adapters={"logs": MemoryAdapter(), "pager": pager})
    bench.runtime.compile_all([Withheld])
    Withheld.at(severity="error")
    with pytest.raises(ConfigError) as caught:
        bench.runtime.compile_all([Withheld])
    assert caught.value.what == "audit event Withheld has no audit-capable adapter"


class Scattered(Event):
    order_id: str


def test_combinations_that_are_made_per_call_do_not_grow_the_type(make_bench: MakeBench) -> None:
    bench = make_bench({"on_invalid": "report", "strict_adapters": False})
    outcomes = [Scattered.at(adapters=["logs", f"logs{n}"]).track(order_id="1") for n in range(300)]
    assert outcomes[:255] == [Outcome.ACCEPTED] * 255
    assert outcomes[255:] == [Outcome.INVALID] * 45
    assert Scattered.track(order_id="2") is Outcome.ACCEPTED
    assert bench.runtime.ledger.check().invalid == 45
