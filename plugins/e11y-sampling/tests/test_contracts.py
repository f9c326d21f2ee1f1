"""The contract of every plugin with steps, for each kind of step that there is."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from e11y import Event, Host
from e11y.testing import StepContract
from e11y_sampling import ErrorSpikeSettings, LoadSettings, SamplingPlugin, SamplingSettings, sample, sample_when


class ContractSeen(Event):
    text: str
    amount: float


@sample_when("amount", over=1000)
@sample_when("text", equals="x")
@sample(rate=0.5)
class ContractPaid(Event):
    text: str
    amount: float | None = None


class ContractBroke(Event, severity="error"):
    text: str


class _Contract(StepContract):
    @pytest.fixture
    def event_types(self) -> Sequence[type[Event]]:
        return [ContractSeen, ContractPaid, ContractBroke]


class TestDefaults(_Contract):
    @pytest.fixture
    def plugin(self, host: Host) -> SamplingPlugin:
        return SamplingPlugin(SamplingSettings(), host)


class TestPreset(_Contract):
    @pytest.fixture
    def plugin(self, host: Host) -> SamplingPlugin:
        return SamplingPlugin(SamplingSettings(preset="severity", trace_consistent=False), host)


class TestAdaptive(_Contract):
    @pytest.fixture
    def plugin(self, host: Host) -> SamplingPlugin:
        settings = SamplingSettings(
            default_rate=0.5, error_spike=ErrorSpikeSettings(enabled=True), load=LoadSettings(enabled=True)
        )
        return SamplingPlugin(settings, host)
