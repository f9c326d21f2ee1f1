"""What the tests of sampling share: a runtime with the plugin, a clock that stands still and seeded chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import attrs
import pytest

from e11y import Event, Record, Runtime
from e11y.adapters import MemoryAdapter
from e11y.clock import Ids
from e11y.testing import FrozenClock


@attrs.define
class Bench:
    """A running runtime and what arrived at its adapter."""

    runtime: Runtime
    memory: MemoryAdapter
    clock: FrozenClock

    @property
    def records(self) -> tuple[Record, ...]:
        """Everything that arrived, after a flush; the ledger must balance."""
        assert not self.runtime.flush(5).undelivered
        self.runtime.ledger.check()
        return self.memory.records

    @property
    def rates(self) -> list[float]:
        """``sample_rate`` of each record."""
        return [record.metadata["sample_rate"] for record in self.records]

    @property
    def dropped(self) -> dict[str, int]:
        """Reason -> events."""
        return dict(self.runtime.ledger.snapshot().dropped)

    def wait(self, seconds: int) -> None:
        """Let the clock go on, and the plugin look at it about every second."""
        for _ in range(seconds):
            self.clock.advance(1)
            self.runtime.flush(5)

    def source(self, event_type: type[Event]) -> str:
        """Return the generated function."""
        return self.runtime.compiler.source(event_type)


Run = Callable[..., Bench]


@pytest.fixture
def run() -> Iterator[Run]:
    """Activate a runtime; keywords are those of ``[tool.e11y.sampling]``."""
    with ExitStack() as stack:

        def start(*, seed: int = 1, top: dict[str, Any] | None = None, plugins: Any = (), **table: Any) -> Bench:
            memory = MemoryAdapter(max_records=None)
            clock = FrozenClock()
            runtime = Runtime(
                {"environment": "test", "plugins": ["sampling"], "sampling": table, **(top or {})},
                plugins=plugins,
                adapters={"logs": memory},
                clock=clock,
                ids=Ids(seed),
                environ={},
                event_types=(),
            )
            stack.enter_context(runtime)
            return Bench(runtime, memory, clock)

        yield start
