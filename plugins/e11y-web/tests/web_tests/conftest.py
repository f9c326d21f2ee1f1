"""A runtime of each test's own with the plugin in it, and what arrived at its adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, cast

import attrs
import pytest

import e11y
from e11y import Event, Fault, Runtime, ScopeReport, hookimpl
from e11y.adapters import MemoryAdapter
from e11y.context import CURRENT, NO_FRAME
from e11y.record import Record
from e11y.testing import FrozenClock
from e11y_web import WebPlugin


class WebStep(Event, severity="debug"):
    number: int


class WebSale(Event, severity="success"):
    number: int


class WebSaleFailed(Event, severity="error"):
    number: int


class Reports:
    """Collects what scopes report, and faults."""

    name = "reports"

    def __init__(self) -> None:
        self.seen: list[ScopeReport] = []
        self.faults: list[Fault] = []

    @hookimpl
    def e11y_error(self, fault: Fault) -> None:
        self.faults.append(fault)

    @hookimpl
    def e11y_scope_finished(self, report: ScopeReport) -> None:
        self.seen.append(report)


@attrs.define
class Bench:
    runtime: Runtime
    memory: MemoryAdapter
    reports: list[ScopeReport]
    clock: FrozenClock
    told: list[Fault]

    @property
    def records(self) -> tuple[Record, ...]:
        """Everything that arrived, after a flush; the ledger must balance."""
        assert not self.runtime.flush(5).undelivered
        self.runtime.ledger.check()
        return self.memory.records

    @property
    def names(self) -> list[str]:
        return [record.name for record in self.records]

    @property
    def completed(self) -> Record:
        """The one canonical event."""
        (found,) = (record for record in self.records if record.name == "request.completed")
        return found

    @property
    def faults(self) -> list[Fault]:
        """What failed behind the application's back."""
        self.runtime.faults.tell(final=True)
        return self.told

    @property
    def web(self) -> WebPlugin:
        return cast(WebPlugin, e11y.plugin("web"))

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.runtime.ledger.snapshot().plugins)


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench() -> Iterator[MakeBench]:
    """Activate a runtime; keywords are settings of the plugin."""
    frame = CURRENT.get()
    CURRENT.set(NO_FRAME)
    with ExitStack() as stack:

        def make(settings: dict[str, Any] | None = None, **web: Any) -> Bench:
            memory, reports, clock = MemoryAdapter(max_records=None), Reports(), FrozenClock()
            given = {"environment": "test", "plugins": ["web", reports], **(settings or {})}
            if web:
                given["web"] = web
            runtime = Runtime(given, adapters={"logs": memory}, environ={}, event_types=(), clock=clock)
            stack.enter_context(runtime)
            return Bench(runtime, memory, reports.seen, clock, reports.faults)

        yield make
        assert CURRENT.get() is NO_FRAME, "a request left its context behind"
    CURRENT.set(frame)


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench()
