"""The contract of every plugin with steps."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from e11y import Event, Host
from e11y.testing import StepContract
from e11y_versioning import VersioningPlugin, VersioningSettings, deprecated


@deprecated(enforce_after="2000-01-01")
class ContractSent(Event):
    text: str


class ContractSentV2(Event):
    text: str


class TestVersioning(StepContract):
    @pytest.fixture
    def plugin(self, host: Host) -> VersioningPlugin:
        return VersioningPlugin(VersioningSettings(on_deprecated="refuse"), host)

    @pytest.fixture
    def event_types(self) -> Sequence[type[Event]]:
        return [ContractSent, ContractSentV2]
