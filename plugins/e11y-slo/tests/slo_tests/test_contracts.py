"""The contract of every plugin with steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pytest

from e11y import Event, Host, OpenEvent
from e11y.testing import StepContract
from e11y_slo import SloPlugin, SloSettings, slo


@slo(
    contributes_to="contract",
    status_from=lambda state, count: "success" if state == "a" else None,
    latency_field="took",
    group_by="state",
)
class ContractPaid(Event):
    state: Literal["a", "b"]
    count: int
    took: float | None = None
    slo_status: str | None = None


@slo(contributes_to="contract", group_by="text")
class ContractOpen(OpenEvent):
    text: str = ""


class ContractOther(Event):
    text: str


class TestSteps(StepContract):
    @pytest.fixture
    def event_types(self) -> Sequence[type[Event]]:
        return [ContractPaid, ContractOpen, ContractOther]

    @pytest.fixture
    def plugin(self, host: Host) -> SloPlugin:
        return SloPlugin(SloSettings(), host)
