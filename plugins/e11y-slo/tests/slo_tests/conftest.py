"""What the tests of objectives share: a runtime with the plugin, and a reader of what it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from e11y import testing


def shown() -> dict[str, float]:
    """Return sample as text, for example ``a_total{x="1"}`` -> value, of the plugin's metrics."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(generate_latest(REGISTRY).decode()):
        for one in family.samples:
            if not one.name.startswith("slo_"):
                continue
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(one.labels.items()))
            key = f"{one.name}{{{labels}}}"
            assert key not in found, f"{key} is exposed twice"
            found[key] = one.value
    return found


class Bench(testing.Bench):
    def series(self, metric: str) -> dict[str, float]:
        """Return the labels of each series of a metric, without their names -> its value."""
        found = {}
        for name, value in shown().items():
            if name.startswith(metric + "{"):
                values = [one.partition("=")[2].strip('"') for one in name[len(metric) + 1 : -1].split(",")]
                found[" ".join(values)] = value
        return found


Run = Callable[..., Bench]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let each test work in a folder of its own, where it may put a slo.yml."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run() -> Iterator[Run]:
    """Activate a runtime; keywords are those of ``[tool.e11y.slo]``."""
    with ExitStack() as stack:

        def start(*, top: dict[str, Any] | None = None, plugins: Any = (), **table: Any) -> Bench:
            given = {"plugins": ["slo"], "slo": table, **(top or {})}
            return stack.enter_context(Bench.running(given, plugins=plugins))

        yield start


@pytest.fixture
def bench(run: Run) -> Bench:
    """A runtime without settings."""
    return run()
