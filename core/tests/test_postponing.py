"""Filters that take their time: on the preparer when nobody reads the field, at the call when somebody does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from e11y import MISSING, PAYLOAD, REMOVE, Event, Filter, Observe, Outcome, Sample, Schema, hookimpl
from e11y.steps import Drop

from .conftest import Bench, MakeBench

CALLER = threading.current_thread().name


class AddressNoted(Event):
    address: str
    note: str | None = None
    amount: float = 0.0


class Plugin:
    """Shortens addresses, notes on which thread, and whatever else a test adds."""

    def __init__(self, name: str = "lazy", **hooks: Callable[[Schema], Any]) -> None:
        self.name = name
        self.hooks = hooks
        self.threads: list[str] = []

    def shorten(self, value: str) -> Any:
        self.threads.append(threading.current_thread().name)
        return REMOVE if value == "nowhere" else value[:2]

    def _answer(self, hook: str, schema: Schema) -> Any:
        return self.hooks[hook](schema) if hook in self.hooks else None

    @hookimpl
    def e11y_filter(self, schema: Schema) -> Any:
        default = Filter(lazy={"address": self.shorten}) if "filter" not in self.hooks else None
        return default or self._answer("filter", schema)

    @hookimpl
    def e11y_observe(self, schema: Schema) -> Any:
        return self._answer("observe", schema)

    @hookimpl
    def e11y_sample(self, schema: Schema) -> Any:
        return self._answer("sample", schema)


Run = Callable[..., Bench]


@pytest.fixture
def run(make_bench: MakeBench) -> Run:
    return lambda *plugins: make_bench({"trusted": [plugin.name for plugin in plugins]}, plugins=list(plugins))


def test_nobody_reads_the_field_so_the_preparer_does_it(run: Run) -> None:
    plugin = Plugin(observe=lambda schema: Observe(lambda amount: None, needs=("amount",)))
    bench = run(plugin)
    AddressNoted.track(address="Main Street 1")
    assert bench.payload["address"] == "Ma"
    assert plugin.threads
    assert CALLER not in plugin.threads


@pytest.mark.parametrize("need", ["address", PAYLOAD])
def test_a_later_step_reads_the_filtered_value(run: Run, need: Any) -> None:
    seen: list[object] = []
    plugin = Plugin(observe=lambda schema: Observe(seen.append, needs=(need,)))
    bench = run(plugin)
    AddressNoted.track(address="Main Street 1")
    assert bench.payload["address"] == "Ma"
    assert plugin.threads == [CALLER]
    (value,) = seen
    assert value == ("Ma" if need == "address" else {"address": "Ma", "note": None, "amount": 0.0})


def test_filters_keep_their_order_on_a_field_that_two_of_them_touch(run: Run) -> None:
    second = Plugin("second", filter=lambda schema: Filter({"address": str.upper}))
    bench = run(Plugin("first"), second)
    AddressNoted.track(address="Main Street 1")
    assert bench.payload["address"] == "MA"


def test_what_was_postponed_comes_before_what_is_deferred_anyway(run: Run) -> None:
    def filters(schema: Schema) -> Filter:
        later = lambda payload: {**payload, "note": payload.get("address", "none")}  # noqa: E731
        return Filter(lazy={"address": plugin.shorten}, deferred=later, defers=("note",))

    plugin = Plugin(filter=filters)
    bench = run(plugin)
    AddressNoted.track(address="Main Street 1")
    AddressNoted.track(address="nowhere")
    first, second = (record.payload for record in bench.records)
    assert (first["address"], first["note"]) == ("Ma", "Ma")
    assert (second.get("address", MISSING), second["note"]) == (MISSING, "none")


def test_a_failure_withholds_the_record_wherever_it_runs(run: Run) -> None:
    bench = run(Plugin(filter=lambda schema: Filter(lazy={"address": lambda value: value.missing})))
    assert AddressNoted.track(address="Main Street 1") is Outcome.ACCEPTED
    assert bench.records == ()
    assert bench.runtime.ledger.check().filter_failed == 1


def test_a_dropped_event_that_is_kept_as_a_dead_letter_is_filtered(run: Run) -> None:
    kept: list[Any] = []

    class Letters:
        name = "letters"

        @hookimpl
        def e11y_dead_letter(self, record: Any, adapter: str, reason: str) -> bool:
            kept.append(dict(record.payload))
            return True

    drop = Drop("too many", dead_letter=True)
    bench = run(Plugin(sample=lambda schema: Sample(lambda: drop, needs=())), Letters())
    AddressNoted.track(address="Main Street 1")
    assert bench.records == ()
    assert [letter["address"] for letter in kept] == ["Ma"]
