"""The contract of every plugin with steps, for each kind of metric."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Literal

import pytest

from e11y import Event, Host
from e11y.testing import StepContract
from e11y_metrics import MetricsPlugin, MetricsSettings, counter, gauge, histogram, path_template, tag


class Shade(Enum):
    LIGHT = "light"
    DARK = "dark"


@counter("contract_seen_total")
class ContractSeen(Event):
    text: str


@counter("contract_paid_total", tags=["text", "kind", "severity", tag("context.tenant")])
@counter("contract_revenue_total", value="amount", tags=["shade"])
@histogram("contract_amount", value=lambda amount, count: amount * count, tags=[tag("path", relabel=path_template)])
@gauge("contract_rows", value="count")
class ContractPaid(Event):
    text: str
    kind: Literal["a", "b"]
    shade: Shade
    path: str
    amount: float
    count: int | None = None


class _Contract(StepContract):
    @pytest.fixture
    def event_types(self) -> Sequence[type[Event]]:
        return [ContractSeen, ContractPaid]


class TestDefaults(_Contract):
    @pytest.fixture
    def plugin(self, host: Host) -> MetricsPlugin:
        return MetricsPlugin(MetricsSettings(), host)


class TestSmallLimit(_Contract):
    @pytest.fixture
    def plugin(self, host: Host) -> MetricsPlugin:
        return MetricsPlugin(MetricsSettings(limit=1, max_series=1, exemplars=False), host)
