"""What the tests of sampling share: a runtime with the plugin, a clock that stands still and seeded chance."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from e11y import testing
from e11y.clock import Ids


class Bench(testing.Bench):
    @property
    def rates(self) -> list[float]:
        """``sample_rate`` of each record."""
        return [record.metadata["sample_rate"] for record in self.records]

    def wait(self, seconds: int) -> None:
        """Let the clock go on, and the plugin look at it about every second."""
        for _ in range(seconds):
            self.advance(1)


Run = Callable[..., Bench]


@pytest.fixture
def run() -> Iterator[Run]:
    """Activate a runtime; keywords are those of ``[tool.e11y.sampling]``."""
    with ExitStack() as stack:

        def start(*, seed: int = 1, top: dict[str, Any] | None = None, plugins: Any = (), **table: Any) -> Bench:
            given = {"plugins": ["sampling"], "sampling": table, **(top or {})}
            return stack.enter_context(Bench.running(given, plugins=plugins, ids=Ids(seed)))

        yield start
