"""What the tests of versioning share: a runtime with the plugin and a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from e11y.testing import Bench, FrozenClock

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
            given = {"plugins": [*names], **({"versioning": table} if table else {})}
            clock = FrozenClock(datetime.fromisoformat(day).replace(tzinfo=UTC))
            return stack.enter_context(Bench.running(given, plugins=plugins, clock=clock, event_types=known))

        yield start
