"""The contract of core: what every plugin with steps promises."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from e11y import Event, Host
from e11y.testing import StepContract
from e11y_ratelimit import EventRule, KeyRule, RateLimitPlugin, RateLimitSettings, rate_limit


@rate_limit(3, per="1h")
class ContractAgreed(Event):
    user_id: str


@rate_limit(3, per="1h", key="user_id")
class ContractSigned(Event):
    user_id: str | None


class ContractBroken(Event, severity="error"):
    user_id: str


class TestDeclared(StepContract):
    @pytest.fixture
    def plugin(self, host: Host) -> RateLimitPlugin:
        return RateLimitPlugin(RateLimitSettings(), host)

    @pytest.fixture
    def event_types(self) -> Sequence[type[Event]]:
        return [ContractAgreed, ContractSigned]


class TestAllKindsTogether(StepContract):
    @pytest.fixture(params=["token_bucket", "sliding_window"])
    def plugin(self, host: Host, request: pytest.FixtureRequest) -> RateLimitPlugin:
        settings = RateLimitSettings(
            limit=50,
            per_s=60.0,
            algorithm=request.param,
            events=(EventRule(match="contract.*", limit=20, on_excess="sample"),),
            keys=(KeyRule(by="user_id", limit=10, per_s=60.0), KeyRule(by="request_id", limit=10)),
        )
        return RateLimitPlugin(settings, host)

    @pytest.fixture
    def event_types(self) -> Sequence[type[Event]]:
        return [ContractAgreed, ContractSigned, ContractBroken]
