"""What the tests of versioning share: a runtime with the plugin and a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from e11y import Event, Record, Runtime
from e11y.adapters import MemoryAdapter
from e11y.testing import FrozenClock


@attrs.define
class Bench:
    """A running runtime and what arrived at its adapter."""

    runtime: Runtime
    memory: MemoryAdapter

    @property
    def records(self) -> tuple[Record, ...]:
        """Everything that arrived, after a flush; the ledger must balance."""
        assert not self.runtime.flush(5).undelivered
        self.runtime.ledger.check()
        return self.memory.records

    def source(self, event_type: type[Event]) -> str:
        """Return the generated function."""
        return self.runtime.compiler.source(event_type)


Run = Callable[..., Bench]


@pytest.fixture
def run() -> Iterator[Run]:
    """Activate a runtime on a day; keywords are those of ``[tool.e11y.versioning]``."""
    with ExitStack() as stack:

        def start(
            *,
            day: str = "2026-01-31",
            names: tuple[str, ...] = ("versioning",),
            known: Any = (),
            plugins: Any = (),
            **table: Any,
        ) -> Bench:
            memory = MemoryAdapter(max_records=None)
            runtime = Runtime(
                {"environment": "test", "plugins": [*names], **({"versioning": table} if table else {})},
                plugins=plugins,
                adapters={"logs": memory},
                clock=FrozenClock(datetime.fromisoformat(day).replace(tzinfo=UTC)),
                environ={},
                event_types=known,
            )
            stack.enter_context(runtime)
            return Bench(runtime, memory)

        yield start
