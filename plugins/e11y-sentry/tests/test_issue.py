"""What an error event looks like at Sentry."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from importlib.metadata import version
from typing import Any

import pytest

import e11y
from e11y import Event, OpenEvent, Outcome, Severity
from e11y.testing import make_record
from e11y_sentry import sentry

from .conftest import App, MakeAdapter, Sentry


class IssueOrderFailed(Event, severity="error", name="order.failed"):
    order_id: str
    amount: Decimal = Decimal("9.99")
    message: str | None = None


class IssueCardRead(Event, severity="debug", name="card.read"):
    brand: str


class IssueOrderPlaced(Event, severity="success", name="order.placed"):
    order_id: str


class IssueStockLow(Event, severity="warn", name="stock.low", adapters=["logs"]):
    left: int


@sentry(fingerprint=["gateway", "{provider}"], tags=["provider", "retryable"])
class IssueGatewayFailed(Event, severity="fatal"):
    provider: str
    retryable: bool = True


@sentry(tags=["region"])
class IssueGatewayTimedOut(IssueGatewayFailed):
    region: str = "eu"


@sentry(False)
class IssueNoiseFailed(Event, severity="error"):
    pass


@sentry(tags=["anything"])
class IssueLooseFailed(OpenEvent, severity="error"):
    pass


def test_a_whole_event(make_adapter: MakeAdapter, sentry_server: Sentry) -> None:
    snapshot = (0x1234, 0x56, 0, 0x78, 1, "user_id", "u-1", "request_id", "r-1", "email", "a@example.com")
    record = make_record(
        1,
        {"amount": Decimal("9.99"), "message": "no funds"},
        severity=Severity.FATAL,
        trace=0x1234,
        snapshot=snapshot,
        metadata={"retention_until": "2026-03-02T12:00:00.000Z", "duration_ms": 12, "sample_rate": 0.5},
    )
    make_adapter().write_batch([record])
    request = sentry_server.server.requests[0]
    ours = version("e11y-sentry")
    auth = f"Sentry sentry_key=public, sentry_version=7, sentry_client=e11y-sentry/{ours}"
    assert (request.method, request.path, request.headers["x-sentry-auth"]) == ("POST", "/api/7/envelope/", auth)
    assert request.headers["content-type"] == "application/x-sentry-envelope"
    assert sentry_server.events == [
        {
            "event_id": "00000000000012340000000000000002",
            "timestamp": "2026-01-31T12:00:00.001000Z",
            "level": "fatal",
            "platform": "python",
            "logger": "e11y",
            "logentry": {"formatted": "no funds"},
            "fingerprint": ["kit.sample"],
            "tags": {"request_id": "r-1", "event_name": "kit.sample", "severity": "fatal", "service": "kit"},
            "contexts": {
                "trace": {
                    "trace_id": "00000000000000000000000000001234",
                    "span_id": "0000000000000002",
                    "parent_span_id": "0000000000000056",
                },
                "e11y": {
                    "type": "e11y",
                    "event_name": "kit.sample",
                    "version": 1,
                    "event_type": "kit.events.Sample",
                    "parent_trace_id": "00000000000000000000000000000078",
                    "duration_ms": 12,
                    "sample_rate": 0.5,
                },
                "payload": {"mark": "kit-mark-00001-end", "amount": "9.99", "message": "no funds"},
            },
            "user": {"id": "u-1"},
            "environment": "test",
            "release": "1.0",
            "server_name": "web-1",
            "sdk": {"name": "e11y.python", "version": ours},
        }
    ]


def test_only_errors_become_issues(app: App) -> None:
    for severity in ("debug", "info", "success", "warn", "error", "fatal"):
        assert IssueOrderPlaced.at(severity=severity, adapters=["errors_tracker"]).track(order_id=severity)
    assert [event["level"] for event in app.events] == ["error", "fatal"]
    ledger = app.runtime.ledger.check()
    assert ledger.lanes["errors_tracker"].delivered == 6
    assert ledger.plugins["sentry.below_severity"] == 4


def test_warnings_may_become_issues(make_app: Callable[..., App]) -> None:
    app = make_app(severity="warn")
    IssueStockLow.at(adapters=["errors_tracker"]).track(left=1)
    assert [event["level"] for event in app.events] == ["warning"]


def test_what_led_to_an_error_is_its_breadcrumbs_wherever_it_went(app: App) -> None:
    with e11y.scope("POST /orders"):
        assert IssueCardRead.track(brand="visa") is Outcome.BUFFERED
        IssueOrderPlaced.track(order_id="1")
        IssueStockLow.track(left=3)
        IssueOrderFailed.track(order_id="1")
    (event,) = app.events
    crumbs = event["breadcrumbs"]["values"]
    assert [(crumb["category"], crumb["level"], crumb["data"]) for crumb in crumbs] == [
        ("card.read", "debug", {"brand": "visa"}),
        ("order.placed", "info", {"order_id": "1"}),
        ("stock.low", "warning", {"left": 3}),
    ]
    assert sorted(crumb["timestamp"] for crumb in crumbs) == [crumb["timestamp"] for crumb in crumbs]
    assert crumbs[-1]["timestamp"] <= event["timestamp"]


def test_scopes_do_not_see_each_other(app: App) -> None:
    def work(order_id: str) -> None:
        with e11y.scope("work"), e11y.context(user_id=f"user of {order_id}"):
            IssueOrderPlaced.track(order_id=order_id)
            barrier.wait(30)
            IssueOrderFailed.track(order_id=order_id)

    barrier = threading.Barrier(8)
    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    IssueOrderFailed.track(order_id="alone")
    events = {event["contexts"]["payload"]["order_id"]: event for event in app.events}
    alone = events.pop("alone")
    assert "user" not in alone
    assert "breadcrumbs" not in alone
    assert len(events) == 8
    for order_id, event in events.items():
        assert event["user"] == {"id": f"user of {order_id}"}
        assert [crumb["data"] for crumb in event["breadcrumbs"]["values"]] == [{"order_id": order_id}]


def test_breadcrumbs_are_bounded_and_may_be_fewer(make_app: Callable[..., App]) -> None:
    app = make_app(max_breadcrumbs=2, breadcrumb_severity="info", include_payload=False)
    with e11y.scope("work"):
        for number in range(4):
            IssueCardRead.track(brand="visa")
            IssueOrderPlaced.track(order_id=str(number))
        IssueOrderFailed.track(order_id="secret", message="secret")
    (event,) = app.events
    assert [crumb["category"] for crumb in event["breadcrumbs"]["values"]] == ["order.placed"] * 2
    assert "secret" not in str(event)
    assert "data" not in event["breadcrumbs"]["values"][0]


def test_without_breadcrumbs_there_are_none(make_app: Callable[..., App]) -> None:
    app = make_app(max_breadcrumbs=0)
    with e11y.scope("work"):
        IssueOrderPlaced.track(order_id="1")
        IssueOrderFailed.track(order_id="1")
    assert "breadcrumbs" not in app.events[0]


def test_a_type_says_its_fingerprint_and_tags(app: App) -> None:
    IssueGatewayTimedOut.track(provider="acme\npay", region="")
    (event,) = app.events
    assert event["fingerprint"] == ["gateway", "acme pay"]
    tags = {"provider": "acme pay", "retryable": "true", "event_name": "issue.gateway.timed.out", "severity": "fatal"}
    assert event["tags"] == tags


def test_a_type_may_stay_out(app: App) -> None:
    with e11y.scope("work"):
        IssueNoiseFailed.track()
        IssueOrderFailed.track(order_id="1")
    assert [event["logentry"]["formatted"] for event in app.events] == ["order.failed"]
    assert app.runtime.ledger.check().lanes["errors_tracker"].given_up == {"switched off by @sentry(False)": 1}


def test_an_open_type_may_name_any_field(app: App) -> None:
    IssueLooseFailed.track(anything=True)
    assert app.events[0]["tags"]["anything"] == "true"


def test_a_field_that_does_not_exist_stops_the_start(app: App) -> None:
    @sentry(tags=["regoin"], fingerprint=["{provdier}"])
    class IssueMistyped(Event, severity="error"):
        region: str

    with pytest.raises(e11y.ConfigError) as caught:
        app.runtime.compile(IssueMistyped)
    where = (
        "plugins.e11y-sentry.tests.test_issue.test_a_field_that_does_not_exist_stops_the_start.<locals>.IssueMistyped"
    )
    assert str(caught.value) == (
        "@sentry names regoin, provdier, which IssueMistyped does not have\n"
        f"  where: class {where}\n"
        "  fix:   name some of its fields: region"
    )


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ({"tags": ["größe"]}, "'größe' cannot be a tag of Sentry"),
        ({"tags": "region"}, "fingerprint and tags take lists of texts, not one text"),
        ({"sample_rate": 1.5}, "sample_rate is 1.5"),
    ],
)
def test_what_cannot_be_an_option_is_refused_at_once(arguments: Any, what: str) -> None:
    with pytest.raises(e11y.ConfigError) as caught:
        sentry(**arguments)
    assert (caught.value.what, caught.value.where) == (what, "@sentry(...) on an event type")


def test_context_becomes_user_and_tags_only_where_asked(make_app: Callable[..., App]) -> None:
    app = make_app(tags=["tenant"], user=["user_id", "ip_address"])
    with e11y.context(
        user_id="u-1", ip_address="192.0.2.1", tenant="acme", request_id="request-of-nobody", email="a@example.com"
    ):
        IssueOrderFailed.track(order_id="1")
    (event,) = app.events
    assert event["user"] == {"id": "u-1", "ip_address": "192.0.2.1"}
    assert event["tags"] == {"tenant": "acme", "event_name": "order.failed", "severity": "error"}
    assert "example.com" not in str(event)
    assert "request-of-nobody" not in str(event)


def test_large_fields_are_replaced_by_their_size(make_adapter: MakeAdapter, sentry_server: Sentry) -> None:
    payload = {"text": "x" * 20_000, "small": 1, "list": ["y" * 10_000], "nested": {"a": [1, {"b": 2**70}]}}
    make_adapter(max_payload_size=10_000).write_batch([make_record(1, payload)])
    assert sentry_server.events[0]["contexts"]["payload"] == {
        "mark": "kit-mark-00001-end",
        "text": "[20002 bytes]",
        "small": 1,
        "list": "[10004 bytes]",
        "nested": {"a": [1, {"b": str(2**70)}]},
    }


def test_too_many_fields_are_counted(make_adapter: MakeAdapter, sentry_server: Sentry) -> None:
    make_adapter(max_payload_size=100).write_batch(
        [make_record(1, {f"field_{number}": number for number in range(50)})]
    )
    shown = sentry_server.events[0]["contexts"]["payload"]
    assert list(shown) == ["mark", *(f"field_{number}" for number in range(6)), "..."]
    assert shown["..."] == "[44 more fields]"


def test_a_sample_rate_is_the_same_luck_each_time(make_adapter: MakeAdapter, sentry_server: Sentry) -> None:
    adapter = make_adapter(sample_rate=0.25)
    spans = [number * 0x9E3779B97F4A7C15 % 2**64 for number in range(1, 1001)]
    for _ in range(2):
        for span in spans:
            if span < 2**62:
                adapter.write_batch([make_record(1, span=span)])
            else:
                with pytest.raises(e11y.Declined, match="^sample rate$"):
                    adapter.write_batch([make_record(1, span=span)])
    assert 2 * 240 < len(sentry_server.events) < 2 * 260
    adapter.write_batch([make_record(1, span=1)])  # brings the last report along
    lost = [one for report in sentry_server.reports for one in report["discarded_events"]]
    assert {one["reason"] for one in lost} == {"sample_rate"}
    assert sum(one["quantity"] for one in lost) + len(sentry_server.events) == 2001


def test_sample_rates_by_type_win_over_names_and_names_over_all(make_app: Callable[..., App]) -> None:
    @sentry(sample_rate=1.0)
    class IssueTypeRated(Event, severity="error", name="rated.type"):
        pass

    class IssueNameRated(Event, severity="error", name="rated.name"):
        pass

    app = make_app(sample_rate=1.0, sample_rates={"rated.*": 0.0})
    IssueTypeRated.track()
    IssueNameRated.track()
    IssueOrderFailed.track(order_id="1")
    assert [event["logentry"]["formatted"] for event in app.events] == ["rated.type", "order.failed"]
    assert app.runtime.ledger.check().lanes["errors_tracker"].given_up == {"sample rate": 1}
