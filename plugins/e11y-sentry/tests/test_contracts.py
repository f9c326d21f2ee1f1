"""The contracts of core: what every plugin and every adapter promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import sentry_sdk

from e11y import Adapter, Event, Host
from e11y.testing import AdapterContract, Answer, StandaloneHost, StepContract
from e11y_sentry import SentryPlugin, SentryPluginSettings, SentrySettings, sentry
from e11y_sentry.adapter import SentryAdapter

from .conftest import Sentry


@sentry(fingerprint=["payment", "{provider}"], tags=["provider"])
class ContractPaymentFailed(Event, severity="error"):
    provider: str


@sentry(False)
class ContractNoiseFailed(Event, severity="error"):
    number: int


class TestSteps(StepContract):
    @pytest.fixture
    def host(self) -> StandaloneHost:
        host = StandaloneHost()
        host.known_adapters = {"errors_tracker": SentryAdapter(SentrySettings(), host, lambda span: (), {})}
        return host

    @pytest.fixture
    def plugin(self, host: Host) -> SentryPlugin:
        return SentryPlugin(SentryPluginSettings(), host)

    @pytest.fixture
    def event_types(self) -> Sequence[type[Event]]:
        return [ContractPaymentFailed, ContractNoiseFailed]


class TestWithADsn(AdapterContract):
    patience_s = 20.0

    @pytest.fixture
    def make_adapter(self, sentry_server: Sentry) -> Callable[[Host], Adapter]:
        settings = SentrySettings(dsn=sentry_server.dsn, release="1.0", timeout_s=5.0)
        return lambda host: SentryAdapter(settings, host, lambda span: (), {})

    @pytest.fixture
    def break_destination(self, sentry_server: Sentry) -> Callable[[], None]:
        return sentry_server.server.stop

    @pytest.fixture
    def silence_destination(self, sentry_server: Sentry) -> Callable[[], None]:
        def silence() -> None:
            sentry_server.server.default = Answer(hang=True)

        return silence

    @pytest.fixture
    def arrived(self, sentry_server: Sentry) -> Callable[[], bytes]:
        return lambda: b"".join(request.body for request in sentry_server.server.requests)


class TestThroughTheApplicationsClient(AdapterContract):
    """Its client sends in the background, so that there is no telling whether the destination is broken."""

    patience_s = 20.0

    @pytest.fixture
    def make_adapter(self, sdk: Callable[..., None], sentry_server: Sentry) -> Callable[[Host], Adapter]:
        sdk(dsn=sentry_server.dsn, default_integrations=False, max_value_length=None)
        return lambda host: SentryAdapter(SentrySettings(), host, lambda span: (), {})

    @pytest.fixture
    def silence_destination(self, sentry_server: Sentry) -> Callable[[], None]:
        def silence() -> None:
            sentry_server.server.default = Answer(hang=True)

        return silence

    @pytest.fixture
    def arrived(self, sentry_server: Sentry) -> Callable[[], bytes]:
        def read() -> bytes:
            sentry_sdk.flush(30)
            return b"".join(request.body for request in sentry_server.server.requests)

        return read


def test_both_make_the_same_capabilities_but_one(sentry_server: Sentry) -> None:
    host = StandaloneHost()
    made: list[Any] = [
        SentryAdapter(SentrySettings(dsn=dsn), host, lambda span: (), {}) for dsn in ("", sentry_server.dsn)
    ]
    assert [(one.capabilities.batching, one.capabilities.wants_trail) for one in made] == [(False, True)] * 2
    assert [one.capabilities.acknowledges for one in made] == [False, True]
