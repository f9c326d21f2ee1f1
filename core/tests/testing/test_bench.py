"""The bench: what a test of a plugin sees of a runtime."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

import e11y
from e11y import Capabilities, Enrich, Event, Host, Record, Retryable, Schema, hookimpl
from e11y.clock import Ids, SystemClock
from e11y.context import CURRENT
from e11y.testing import Bench, FrozenClock


class BenchSale(Event):
    number: int


class Greeter:
    """Adds a greeting, counts event types, and does something every minute."""

    name = "greeter"

    def __init__(self) -> None:
        self.minutes = 0

    @hookimpl
    def e11y_started(self, host: Host) -> None:
        self.host = host
        host.every(60, self.tick)

    @hookimpl
    def e11y_enrich(self, schema: Schema) -> Enrich | None:
        return Enrich(self.greeting, needs=("number",), adds={"greeting": str}) if "number" in schema.fields else None

    def greeting(self, number: int) -> str:
        self.host.count("greeted")
        if number < 0:
            raise ValueError("nobody is there")
        return "hello"

    def tick(self) -> None:
        self.minutes += 1


def test_what_a_plugin_did_is_in_sight() -> None:
    plugin = Greeter()
    with Bench.running(plugins=[plugin]) as bench:
        BenchSale.track(number=1)
        with e11y.scope("nightly", kind="job"):
            BenchSale.at(severity="debug").track(number=2)  # nothing failed, so nobody hears of it
        BenchSale.track(number=-3)
        assert bench.payloads[0] == {"number": 1, "greeting": "hello"}
        assert bench.names == ["bench.sale"] * 2
        assert bench.counts == {"greeter.greeted": 3}
        assert [(fault.source, fault.kind) for fault in bench.faults] == [("greeter", "ValueError")]
        assert [report.name for report in bench.scopes] == ["nightly"]
        assert "greeting" in bench.source(BenchSale)
        bench.advance(61)
        assert plugin.minutes == 1


def test_time_and_ids_can_be_given() -> None:
    clock, records = FrozenClock(datetime(2026, 12, 24, 18, tzinfo=UTC)), []
    for _ in range(2):
        with Bench.running(clock=clock, ids=Ids(seed=7)) as bench:
            assert bench.clock is clock
            BenchSale.track(number=1)
            records.append(bench.only("bench.sale"))
    assert records[0].timestamp == "2026-12-24T18:00:00.000Z"
    assert records[0].trace_id == records[1].trace_id


def test_nothing_is_active_but_what_is_named() -> None:
    with Bench.running() as bench:
        assert bench.runtime.settings.plugins == ()  # without a list, all that are installed
        assert bench.runtime.settings.environment == "test"
    with Bench.running({"environment": "staging", "service": "shop"}) as bench:
        assert bench.runtime.settings.environment == "staging"


def test_events_of_other_benches_are_not_seen() -> None:
    with Bench.running() as outer:
        BenchSale.track(number=1)
        with Bench.running() as inner:
            BenchSale.track(number=2)
            assert inner.payloads == [{"number": 2}]
        BenchSale.track(number=3)
        assert outer.payloads == [{"number": 1}, {"number": 3}]


def test_the_context_of_the_test_is_put_aside() -> None:
    with Bench.running(), e11y.context(user_id="u1"):
        frame = CURRENT.get()
        with Bench.running() as bench:
            BenchSale.track(number=1)
            assert bench.only("bench.sale").context == {}
        assert CURRENT.get() is frame


def test_a_scope_that_is_left_open_is_told() -> None:
    frame = CURRENT.get()
    with pytest.raises(AssertionError, match="^a scope or a context was left behind$"), Bench.running():
        e11y.scope("nightly").__enter__()
    assert CURRENT.get() is frame


def test_a_record_that_is_not_the_only_one_is_told() -> None:
    with Bench.running() as bench:
        with pytest.raises(AssertionError, match=r"^0 records are named 'bench\.sale', not one$"):
            bench.only("bench.sale")
        BenchSale.track(number=1)
        assert bench.only("bench.sale").payload == {"number": 1}
        BenchSale.track(number=2)
        with pytest.raises(AssertionError, match="^2 records are named"):
            bench.only("bench.sale")


class Busy:
    """An adapter that takes nothing while it is busy."""

    capabilities = Capabilities()
    busy = True

    def write_batch(self, records: Sequence[Record]) -> None:
        if self.busy:
            raise Retryable("busy")

    def healthy(self) -> bool:
        return True

    def close(self) -> None: ...


def test_what_is_not_taken_in_time_is_told() -> None:
    adapter = Busy()
    with Bench.running(adapters={"logs": adapter}, clock=SystemClock()) as bench:
        BenchSale.track(number=1)
        with pytest.raises(AssertionError, match=r"^events were not delivered: \{'logs': 1\}$"):
            bench.flush(0.2)
        adapter.busy = False
        assert bench.records == ()  # in memory; the adapter took what there was
        with pytest.raises(TypeError, match="^this bench has a clock that nobody can advance$"):
            bench.advance(1)
