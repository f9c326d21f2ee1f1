"""What the tests of metrics share: a runtime with the plugin, and a reader of what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from e11y import testing
from e11y_metrics import registry


class Bench(testing.Bench):
    """Also what a scrape sees."""

    @property
    def text(self) -> str:
        """What a scrape is answered, as OpenMetrics."""
        return generate_latest(registry()).decode()

    @property
    def samples(self) -> dict[str, float]:
        """Sample as text, for example ``a_total{x="1"}`` -> value, those of the program and of Python left out."""
        found = {}
        for family in text_string_to_metric_families(self.text):
            for one in family.samples:
                labels = ",".join(f'{name}="{value}"' for name, value in sorted(one.labels.items()))
                key = f"{one.name}{{{labels}}}" if labels else one.name
                assert key not in found, f"{key} is exposed twice"
                found[key] = one.value
        return {name: value for name, value in found.items() if not name.startswith(("process_", "python_"))}

    def named(self, *names: str) -> dict[str, float]:
        """Return the samples of metrics whose names begin so."""
        return {name: value for name, value in self.samples.items() if name.startswith(names)}


Run = Callable[..., Bench]


@pytest.fixture
def run() -> Iterator[Run]:
    """Activate a runtime; keywords are those of ``[tool.e11y.metrics]``."""
    with ExitStack() as stack:

        def start(
            *, top: dict[str, Any] | None = None, plugins: Any = (), event_types: Any = (), **table: Any
        ) -> Bench:
            given = {"plugins": ["metrics"], "metrics": table, **(top or {})}
            return stack.enter_context(Bench.running(given, plugins=plugins, event_types=event_types))

        yield start


@pytest.fixture
def bench(run: Run) -> Bench:
    """A runtime without settings."""
    return run()
