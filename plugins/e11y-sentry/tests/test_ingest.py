"""What the adapter makes of each answer of Sentry's ingest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import e11y
from e11y import Event, Rejected, Retryable, Runtime
from e11y.testing import Answer, FrozenClock, LoopbackServer, StandaloneHost, make_record

from .conftest import App, MakeAdapter, Sentry


class IngestFailed(Event, severity="error"):
    number: int


@pytest.mark.parametrize(
    ("answer", "said", "wait"),
    [
        (Answer(429), "429", 60.0),
        (Answer(429, retry_after=7), "429", 7.0),
        (Answer(429, headers={"Retry-After": "soon"}), "429", 60.0),
        (
            Answer(429, headers={"X-Sentry-Rate-Limits": "12:error;default:organization, 90:transaction:key"}),
            "429",
            12.0,
        ),
        (Answer(429, headers={"X-Sentry-Rate-Limits": "9::key:quota"}, retry_after=5), "429", 9.0),
        (Answer(429, headers={"X-Sentry-Rate-Limits": "90:transaction:key"}, retry_after=5), "429", 5.0),
        (Answer(503, retry_after=3), "503", 3.0),
        (Answer(500), "500", None),
        (Answer(408), "408", None),
        (Answer(cut="before"), "ProtocolError", None),
        (Answer(cut="within"), "ProtocolError", None),
        (Answer(hang=True), "ReadTimeoutError", None),
    ],
)
def test_what_may_work_later(
    make_adapter: MakeAdapter, sentry_server: Sentry, answer: Answer, said: str, wait: float | None
) -> None:
    adapter = make_adapter(timeout_s=0.5 if answer.hang else 10.0)
    sentry_server.server.answers.append(answer)
    with pytest.raises(Retryable) as caught:
        adapter.write_batch([make_record()])
    assert (str(caught.value), caught.value.retry_after_s) == (said, wait)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (301, "301"),
        (400, "400"),
        (401, "401: the DSN is not accepted"),
        (403, "403: the DSN is not accepted"),
        (404, "404: there is no such project"),
        (413, "413: the event is too large"),
        (422, "422"),
    ],
)
def test_what_sentry_refuses(make_adapter: MakeAdapter, sentry_server: Sentry, status: int, said: str) -> None:
    sentry_server.server.answers.append(Answer(status, b"canary", headers={"Location": "/canary"}))
    with pytest.raises(Rejected) as caught:
        make_adapter().write_batch([make_record()])
    assert (str(caught.value), caught.value.split) == (said, False)


def test_nothing_is_sent_while_errors_are_limited(
    make_adapter: MakeAdapter, sentry_server: Sentry, frozen_host: StandaloneHost
) -> None:
    clock = frozen_host.clock
    assert isinstance(clock, FrozenClock)
    adapter = make_adapter()
    limits = "x, inf:error, nan:error, -1:error, 2:error:organization, 30:default;error:key"
    sentry_server.server.answers.append(Answer(200, headers={"X-Sentry-Rate-Limits": limits}))
    adapter.write_batch([make_record(1)])
    clock.advance(29)
    with pytest.raises(Retryable) as caught:
        adapter.write_batch([make_record(2)])
    assert (str(caught.value), caught.value.retry_after_s) == ("rate limited", pytest.approx(1))
    assert len(sentry_server.events) == 1
    clock.advance(1.1)
    adapter.write_batch([make_record(2)])
    assert len(sentry_server.events) == 2


def test_limits_of_other_categories_do_not_matter(make_adapter: MakeAdapter, sentry_server: Sentry) -> None:
    adapter = make_adapter()
    sentry_server.server.answers.append(
        Answer(200, headers={"X-Sentry-Rate-Limits": "60:transaction;profile:key, 60:metric_bucket:org:quota:custom"})
    )
    adapter.write_batch([make_record(1)])
    adapter.write_batch([make_record(2)])
    assert len(sentry_server.events) == 2


def test_what_is_sent_again_is_the_same_event(make_adapter: MakeAdapter, sentry_server: Sentry) -> None:
    adapter = make_adapter()
    sentry_server.server.answers.append(Answer(cut="before"))
    with pytest.raises(Retryable):
        adapter.write_batch([make_record(1)])
    adapter.write_batch([make_record(1)])
    first, second = sentry_server.events
    assert first == second


def test_losses_are_reported_with_the_next_event(
    make_adapter: MakeAdapter, sentry_server: Sentry, frozen_host: StandaloneHost
) -> None:
    adapter = make_adapter()
    for reason in ("expired: not accepted for 300 s", "rejected: 400", "shed", "deadline: ...", "adapter failed: X"):
        adapter.lost(reason)
    sentry_server.server.answers.append(Answer(429, retry_after=9))
    with pytest.raises(Retryable):
        adapter.write_batch([make_record(1)])
    adapter.lost("expired: not accepted for 300 s")
    frozen_host.clock.advance(10)  # type: ignore[attr-defined]
    adapter.write_batch([make_record(1)])
    adapter.write_batch([make_record(2)])
    first, second = sentry_server.reports
    assert first["discarded_events"] == [
        {"reason": "network_error", "category": "error", "quantity": 2},
        {"reason": "send_error", "category": "error", "quantity": 1},
        {"reason": "queue_overflow", "category": "error", "quantity": 1},
        {"reason": "internal_sdk_error", "category": "error", "quantity": 1},
    ]
    assert second["discarded_events"] == [
        *first["discarded_events"],
        {"reason": "ratelimit_backoff", "category": "error", "quantity": 1},
    ]


def test_what_nobody_keeps_is_reported_until_a_report_arrives(
    make_app: Callable[..., App], sentry_server: Sentry
) -> None:
    app = make_app()
    sentry_server.server.answers.extend([Answer(400), Answer(400)])
    for number in range(3):
        IngestFailed.track(number=number)
    app.runtime.shutdown(30)
    assert [event["contexts"]["payload"]["number"] for event in app.sentry.events] == [0, 1, 2]
    refused, accepted = app.sentry.reports
    assert refused["discarded_events"] == [{"reason": "send_error", "category": "error", "quantity": 1}]
    assert accepted["discarded_events"] == [{"reason": "send_error", "category": "error", "quantity": 2}]
    assert app.runtime.ledger.check().lanes["errors_tracker"].given_up == {"rejected": 2}


def test_what_is_kept_as_a_dead_letter_is_no_loss(sentry_server: Sentry) -> None:
    class DlqPlugin:
        kept = 0

        @e11y.hookimpl
        def e11y_dead_letter(self, record: Any, adapter: str, reason: str) -> bool:
            self.kept += 1
            return True

    keeper = DlqPlugin()
    table = {"type": "sentry", "dsn": sentry_server.dsn, "release": "1"}
    settings = {"plugins": ["sentry"], "adapters": {"errors_tracker": table}}
    sentry_server.server.answers.append(Answer(400))
    with Runtime(settings, plugins=[keeper], environ={}, event_types=()) as runtime:
        IngestFailed.track(number=1)
        runtime.flush(30)
    assert keeper.kept == 1
    assert sentry_server.reports == []


def test_an_outage_loses_nothing(make_app: Callable[..., App], sentry_server: Sentry) -> None:
    """Down, silent, limiting, in turn; every event arrives, and only those that Sentry had taken twice."""
    app = make_app(timeout="200ms", backoff_cap="100ms", breaker_probe_after="50ms", breaker_probe_cap="100ms")
    numbers = iter(range(1000))

    def burst() -> None:
        for _ in range(50):
            assert IngestFailed.track(number=next(numbers))

    burst()
    sentry_server.server.answers.extend(
        [Answer(hang=True), Answer(503), Answer(cut="before"), Answer(429, retry_after=1)]
    )
    burst()
    assert app.runtime.flush(30).undelivered == {}
    sentry_server.server.stop()
    burst()
    assert app.runtime.flush(2).undelivered == {"errors_tracker": 50}
    with LoopbackServer(Answer(200), port=sentry_server.server.port) as again:
        assert app.runtime.flush(30).undelivered == {}
        events = [*sentry_server.events, *Sentry(again).events]
    assert {event["contexts"]["payload"]["number"] for event in events} == set(range(150))
    assert len({event["event_id"] for event in events}) == 150
    lane = app.runtime.ledger.check().lanes["errors_tracker"]
    assert (lane.routed, lane.delivered, lane.given_up) == (150, 150, {})
    app.runtime.shutdown(1)


def test_a_silent_server_does_not_hold_up_the_end(make_app: Callable[..., App], sentry_server: Sentry) -> None:
    app = make_app(timeout="30s")
    sentry_server.server.default = Answer(hang=True)
    IngestFailed.track(number=1)
    report = app.runtime.shutdown(3)
    assert report.undelivered == {"errors_tracker": 1}
    assert report.seconds < 15  # of the 30 s that a request may take
    assert app.runtime.ledger.check().lanes["errors_tracker"].given_up == {"deadline": 1}


def test_a_proxy_is_used(make_adapter: MakeAdapter) -> None:
    with LoopbackServer(Answer(200)) as proxy:
        make_adapter(dsn="http://public@sentry.invalid/7", proxy=proxy.url).write_batch([make_record()])
        assert [request.path for request in proxy.requests] == ["http://sentry.invalid/api/7/envelope/"]


def test_health_is_an_answer_without_an_event(make_adapter: MakeAdapter, sentry_server: Sentry) -> None:
    adapter = make_adapter()
    sentry_server.server.answers.extend([Answer(405), Answer(502)])
    assert (adapter.healthy(), adapter.healthy()) == (True, False)
    assert [request.method for request in sentry_server.server.requests] == ["HEAD", "HEAD"]
    adapter.close()
    assert not adapter.healthy()
