"""What the tests share: a server that answers like Sentry's ingest, and what arrived there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest
import sentry_sdk

from e11y import Host, Runtime
from e11y.testing import Answer, FrozenClock, LoopbackServer, Request, StandaloneHost, free_port
from e11y_sentry import SentrySettings
from e11y_sentry.adapter import SentryAdapter


@attrs.frozen
class Sentry:
    """A loopback server seen as Sentry."""

    server: LoopbackServer

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self.server.port}/7"

    @property
    def events(self) -> list[dict[str, Any]]:
        return [payload for kind, payload in self.items if kind == "event"]

    @property
    def reports(self) -> list[dict[str, Any]]:
        return [payload for kind, payload in self.items if kind == "client_report"]

    @property
    def items(self) -> list[tuple[str, dict[str, Any]]]:
        return [item for request in self.server.requests for item in items_of(request)]


def items_of(request: Request) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield type and payload of each item of an envelope."""
    if request.method == "POST":
        _, *lines = request.body.splitlines()
        for header, payload in zip(lines[::2], lines[1::2], strict=True):
            yield json.loads(header)["type"], json.loads(payload)


@pytest.fixture
def sentry_server() -> Iterator[Sentry]:
    with LoopbackServer(Answer(200, b'{"id":"0"}'), port=free_port()) as server:
        yield Sentry(server)


@pytest.fixture
def frozen_host() -> StandaloneHost:
    return StandaloneHost(clock=FrozenClock())


MakeAdapter = Callable[..., SentryAdapter]


@pytest.fixture
def make_adapter(sentry_server: Sentry, frozen_host: StandaloneHost) -> Iterator[MakeAdapter]:
    """Make an adapter that sends to the server; arguments are settings."""
    made: list[SentryAdapter] = []

    def make(host: Host = frozen_host, **settings: Any) -> SentryAdapter:
        given = {"dsn": sentry_server.dsn, "release": "1.0", "server_name": "web-1", "timeout_s": 10.0, **settings}
        made.append(SentryAdapter(SentrySettings(**given), host, lambda span: (), {}))
        return made[-1]

    yield make
    for adapter in made:
        adapter.close()


@attrs.frozen
class App:
    """A running application whose errors go to the server."""

    runtime: Runtime
    sentry: Sentry

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event that arrived, after a flush; the ledger must balance."""
        assert not self.runtime.flush(30).undelivered
        self.runtime.ledger.check()
        return self.sentry.events


@pytest.fixture
def make_app(sentry_server: Sentry) -> Iterator[Callable[..., App]]:
    """Activate a runtime with the adapters ``logs`` and ``errors_tracker``; arguments are the latter's settings."""
    running: list[Runtime] = []

    def make(plugin: dict[str, Any] | None = None, **settings: Any) -> App:
        tracker = {"type": "sentry", "dsn": sentry_server.dsn, "release": "1.0", "server_name": "web-1", **settings}
        runtime = Runtime(
            {
                "environment": "test",
                "plugins": ["sentry"],
                "sentry": plugin or {},
                "adapters": {"errors_tracker": tracker, "logs": {"type": "memory"}},
            },
            environ={},
            event_types=(),
        )
        running.append(runtime.activate())
        return App(runtime, sentry_server)

    yield make
    for runtime in reversed(running):
        runtime.deactivate()
        runtime.shutdown(2)


@pytest.fixture
def app(make_app: Callable[..., App]) -> App:
    return make_app()


@pytest.fixture
def sdk() -> Iterator[Callable[..., None]]:
    """Do what an application does: call ``sentry_sdk.init``. Undone afterwards."""
    scope = sentry_sdk.get_global_scope()
    before = scope.client

    def init(**options: Any) -> None:
        sentry_sdk.init(auto_enabling_integrations=False, **options)

    yield init
    sentry_sdk.get_client().close(timeout=0)
    scope.set_client(before)
    scope.clear()
