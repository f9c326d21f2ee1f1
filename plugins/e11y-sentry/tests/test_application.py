"""The client that the application made with sentry_sdk.init: used when there is no DSN, never touched otherwise."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sentry_sdk
from sentry_sdk.client import SDK_INFO
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration

import e11y
from e11y import Event
from e11y.testing import Answer, LoopbackServer

from .conftest import App, Sentry

Init = Callable[..., None]


class ApplicationFailed(Event, severity="error"):
    number: int = 0


class ApplicationStepped(Event, severity="info"):
    number: int = 0


@pytest.fixture
def theirs() -> Iterator[Sentry]:
    """The project of the application's own client."""
    with LoopbackServer(Answer(200)) as server:
        yield Sentry(server)


def arrived(app: App, theirs: Sentry) -> list[dict[str, Any]]:
    assert not app.runtime.flush(30).undelivered
    sentry_sdk.flush(30)
    return theirs.events


def test_its_options_hold(sdk: Init, theirs: Sentry, make_app: Callable[..., App]) -> None:
    def before_send(event: Any, hint: Any) -> Any:
        event["tags"]["seen"] = "yes"
        return None if event["contexts"]["payload"]["number"] == 1 else event

    sdk(dsn=theirs.dsn, release="2.0", environment="staging", before_send=before_send, default_integrations=False)
    sentry_sdk.get_global_scope().set_tag("cluster", "blue")
    app = make_app(dsn="  ")
    with e11y.scope("work"), e11y.context(user_id="u-1"):
        ApplicationStepped.track()
        for number in range(3):
            ApplicationFailed.track(number=number)
    events = arrived(app, theirs)
    assert [event["contexts"]["payload"]["number"] for event in events] == [0, 2]
    for event in events:
        assert (event["release"], event["environment"], event["user"]) == ("2.0", "staging", {"id": "u-1"})
        assert (event["tags"]["seen"], event["tags"]["cluster"]) == ("yes", "blue")
        assert [crumb["category"] for crumb in event["breadcrumbs"]["values"]] == ["application.stepped"]
    lane = app.runtime.ledger.check().lanes["errors_tracker"]
    assert (lane.handed_over, lane.delivered) == (2, 0)
    assert lane.given_up == {"left out by the application's sentry_sdk": 1}


def test_a_requests_scope_does_not_leak_into_later_events(
    sdk: Init, theirs: Sentry, make_app: Callable[..., App]
) -> None:
    """sentry-sdk hands the scope of whoever starts a thread on to it, and lanes start in the middle of requests."""
    sdk(dsn=theirs.dsn, default_integrations=False, integrations=[ThreadingIntegration(propagate_scope=True)])
    app = make_app(dsn="")
    with sentry_sdk.isolation_scope() as scope:
        scope.set_user({"id": "of-somebody-else"})
        scope.set_tag("path", "/of-somebody-else")
        scope.add_breadcrumb(message="of-somebody-else")
        ApplicationFailed.track(number=1)
        assert not app.runtime.flush(30).undelivered
    ApplicationFailed.track(number=2)
    for event in arrived(app, theirs):
        assert "user" not in event
        assert "of-somebody-else" not in str(event)


def test_its_queue_is_not_overrun(sdk: Init, theirs: Sentry, make_app: Callable[..., App]) -> None:
    sdk(dsn=theirs.dsn, default_integrations=False, transport_queue_size=20)
    app = make_app(dsn="")
    for number in range(200):
        ApplicationFailed.track(number=number)
    assert sorted(event["contexts"]["payload"]["number"] for event in arrived(app, theirs)) == list(range(200))


def test_without_a_client_the_adapter_is_inactive_and_says_so_once(
    make_app: Callable[..., App], caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(dsn=" \n")
    ApplicationStepped.at(adapters=["errors_tracker"]).track()
    assert app.events == []
    assert caplog.records == []
    for number in range(3):
        ApplicationFailed.track(number=number)
    assert app.events == []
    assert app.runtime.ledger.check().lanes["errors_tracker"].given_up == {"sentry is inactive": 3}
    assert not app.runtime.adapters["errors_tracker"].healthy()
    app.runtime.shutdown(1)
    assert [record.getMessage() for record in caplog.records] == [
        "an adapter of type 'sentry' is inactive: it has no dsn, and the application has not called "
        "sentry_sdk.init; its records are counted as given up (sentry is inactive)"
    ]


def test_a_client_that_comes_late_is_found(sdk: Init, theirs: Sentry, make_app: Callable[..., App]) -> None:
    app = make_app(dsn="")
    ApplicationFailed.track(number=1)
    assert not app.runtime.flush(30).undelivered
    sdk(dsn=theirs.dsn, default_integrations=False)
    ApplicationFailed.track(number=2)
    assert [event["contexts"]["payload"]["number"] for event in arrived(app, theirs)] == [2]


def test_a_dsn_of_our_own_leaves_the_application_alone(
    sdk: Init, theirs: Sentry, make_app: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk(dsn=theirs.dsn, default_integrations=False, before_send=lambda event, hint: {**event, "logger": "theirs"})
    monkeypatch.setitem(SDK_INFO, "name", "sentry.python.shop")  # whoever makes another client overwrites it
    before = (sentry_sdk.get_client(), dict(SDK_INFO), sys.excepthook, threading.excepthook)
    app = make_app()
    ApplicationFailed.track(number=1)
    (ours,) = app.events
    sentry_sdk.capture_message("hello")
    (message,) = arrived(app, theirs)
    assert (ours["logger"], message["logger"], message["message"]) == ("e11y", "theirs", "hello")
    app.runtime.shutdown(1)
    assert (sentry_sdk.get_client(), dict(SDK_INFO), sys.excepthook, threading.excepthook) == before
    sentry_sdk.capture_message("still there")
    assert [event["message"] for event in arrived(app, theirs)] == ["hello", "still there"]


def test_nothing_of_e11ys_own_log_is_reported(sdk: Init, theirs: Sentry, make_app: Callable[..., App]) -> None:
    sdk(dsn=theirs.dsn, default_integrations=False, integrations=[LoggingIntegration()])
    app = make_app()
    app.sentry.server.answers.append(Answer(400))
    ApplicationFailed.track(number=1)
    app.runtime.flush(30)
    app.runtime.shutdown(1)  # tells faults by logging them
    logging.getLogger("e11y").error("anything")
    logging.getLogger("shop").error("of the shop")
    assert [event["logentry"]["message"] for event in arrived(app, theirs)] == ["of the shop"]
    assert theirs.events[0].get("breadcrumbs", {}).get("values", []) == []
