"""Parts that the tests of core share: a runtime of their own with a memory adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import attrs
import pytest

from e11y import Outcome, Runtime
from e11y.adapters import MemoryAdapter
from e11y.record import Record


@attrs.define
class Bench:
    """A running runtime and what arrived at its adapter."""

    runtime: Runtime
    memory: MemoryAdapter

    @property
    def records(self) -> tuple[Record, ...]:
        """Everything that arrived, after a flush; the ledger must balance."""
        report = self.runtime.flush(30)
        assert not report.undelivered
        self.runtime.ledger.check()
        return self.memory.records

    @property
    def names(self) -> list[str]:
        return [record.name for record in self.records]

    @property
    def payload(self) -> dict[str, Any]:
        """The payload of the newest record."""
        return dict(self.records[-1].payload)


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench() -> Iterator[MakeBench]:
    """Activate a runtime; arguments are those of ``Runtime``."""
    with ExitStack() as stack:

        def make(settings: dict[str, Any] | None = None, **arguments: Any) -> Bench:
            memory = MemoryAdapter(max_records=None)
            arguments.setdefault("adapters", {"logs": memory})
            given = {"environment": "test", "plugins": [], "shutdown_timeout": "30s", **(settings or {})}
            runtime = Runtime(given, environ={}, event_types=(), **arguments)
            stack.enter_context(runtime)
            return Bench(runtime, memory)

        yield make


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    """A runtime in a test environment: invalid events raise."""
    return make_bench()


@pytest.fixture
def reporting(make_bench: MakeBench) -> Bench:
    """A runtime as in production: invalid events are counted and reported."""
    return make_bench({"on_invalid": "report"})


__all__ = ["Bench", "MakeBench", "Outcome"]
