"""The contracts of core: what every plugin and every adapter promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest

from e11y import Adapter, Event, Host
from e11y.testing import AdapterContract, Answer, LoopbackServer, StepContract
from e11y_example import ExamplePlugin, ExampleSettings, WebhookAdapter, WebhookSettings


class CustomerSeen(Event):
    customer_id: str


class TestRegion(StepContract):
    @pytest.fixture
    def plugin(self, host: Host) -> ExamplePlugin:
        return ExamplePlugin(ExampleSettings(), host)

    @pytest.fixture
    def event_types(self) -> Sequence[type[Event]]:
        return [CustomerSeen]


class TestWebhook(AdapterContract):
    patience_s = 20.0

    @pytest.fixture
    def server(self) -> Iterator[LoopbackServer]:
        with LoopbackServer() as server:
            yield server

    @pytest.fixture
    def make_adapter(self, server: LoopbackServer) -> Callable[[Host], Adapter]:
        return lambda host: WebhookAdapter(WebhookSettings(url=server.url, timeout_s=5.0), host)

    @pytest.fixture
    def break_destination(self, server: LoopbackServer) -> Callable[[], None]:
        return server.stop

    @pytest.fixture
    def silence_destination(self, server: LoopbackServer) -> Callable[[], None]:
        def silence() -> None:
            server.default = Answer(hang=True)

        return silence

    @pytest.fixture
    def arrived(self, server: LoopbackServer) -> Callable[[], bytes]:
        return lambda: b"".join(request.body for request in server.requests)
