"""Errors become issues at a real Bugsink, whatever it does meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

import e11y
from e11y.testing import StandaloneHost, make_record
from e11y_sentry import SentrySettings, sentry
from e11y_sentry.adapter import SentryAdapter
from shop.everywhere.bugsink import Bugsink

pytestmark = pytest.mark.timeout(900)  # Bugsink is installed first, where it is not yet


class GatewayError(Exception):
    pass


class BugsinkPaymentFailed(e11y.Event, severity="error", name="payment.failed"):
    order_id: int


@sentry(fingerprint=["stock", "{article}"], tags=["article"])
class BugsinkStockFailed(e11y.Event, severity="fatal", name="stock.failed"):
    article: str


class BugsinkCardRead(e11y.Event, severity="debug", name="card.read"):
    brand: str


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Bugsink:
    return Bugsink(tmp_path_factory.mktemp("bugsink"))


@pytest.fixture
def bugsink(installed: Bugsink) -> Iterator[Bugsink]:
    installed.start()
    yield installed
    installed.stop()


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    yield
    e11y.shutdown(1)


def start(dsn: str, **more: Any) -> None:
    tracker = {"type": "sentry", "dsn": dsn, "release": "shop@1.0", **more}
    e11y.configure({"plugins": ["sentry"], "adapters": {"errors_tracker": tracker, "logs": {"type": "memory"}}})
    e11y.start()


def charge(order_id: int) -> None:
    if order_id % 2:
        raise GatewayError("no answer")
    raise ValueError("no funds")


def fail(order_id: int) -> None:
    try:
        charge(order_id)
    except (GatewayError, ValueError):
        assert BugsinkPaymentFailed.track(order_id=order_id)


def test_issues_are_grouped_and_show_what_led_to_them(bugsink: Bugsink) -> None:
    before = len(bugsink.events())
    start(bugsink.dsn)
    with e11y.scope("POST /orders"), e11y.context(user_id="u-1", request_id="r-1"):
        BugsinkCardRead.track(brand="visa")
        for order_id in range(4):
            fail(order_id)
        for article in ("a-1", "a-2", "a-1"):
            BugsinkStockFailed.track(article=article)
    assert e11y.flush(20).undelivered == {}
    events = bugsink.events()[before:]
    issues = bugsink.issues()
    groups: dict[tuple[str, ...], set[str]] = {}
    for event in events:
        groups.setdefault(tuple(event.data["fingerprint"]), set()).add(event.issue)
    assert {group: len(found) for group, found in groups.items()} == {
        ("payment.failed", "builtins.ValueError"): 1,
        ("payment.failed", f"{__name__}.GatewayError"): 1,
        ("stock", "a-1"): 1,
        ("stock", "a-2"): 1,
    }
    assert len(set.union(*groups.values())) == 4
    first = events[0].data
    assert [crumb["category"] for crumb in first["breadcrumbs"]["values"]] == ["card.read"]
    assert first["exception"]["values"][0]["stacktrace"]["frames"][-1]["function"] == "charge"
    assert (first["user"], first["tags"]["request_id"]) == ({"id": "u-1"}, "r-1")
    issue = issues[events[0].issue]
    assert (issue["calculated_type"], issue["last_frame_function"]) == ("ValueError", "charge")
    assert e11y.ledger().check().lanes["errors_tracker"].delivered == 7


def test_a_quota_delays_and_is_respected(installed: Bugsink) -> None:
    before = len(installed.events())
    installed.start(MAX_EVENTS_PER_PROJECT_PER_5_MINUTES=before + 3)
    try:
        start(installed.dsn)
        for order_id in range(6):
            fail(order_id)
        until = time.monotonic() + 60
        while len(installed.events()) < before + 3 and time.monotonic() < until:
            time.sleep(0.1)
        assert e11y.flush(5).undelivered == {"errors_tracker": 3}
        assert len(installed.events()) == before + 3
        lane = e11y.ledger().check().lanes["errors_tracker"]
        assert (lane.delivered, lane.in_lane, lane.given_up) == (3, 3, {})
        assert e11y.shutdown(1).undelivered == {"errors_tracker": 3}
        assert e11y.ledger().check().lanes["errors_tracker"].given_up == {"deadline": 3}
    finally:
        installed.stop()


def test_a_wrong_key_is_told_and_not_retried(bugsink: Bugsink) -> None:
    key = bugsink.dsn.partition("://")[2].partition("@")[0]
    start(bugsink.dsn.replace(key, "0" * 32))
    fail(1)
    assert e11y.flush(10).undelivered == {}
    lane = e11y.ledger().check().lanes["errors_tracker"]
    assert (lane.given_up, lane.retries) == ({"rejected": 1}, 0)


def test_what_fails_while_bugsink_is_dead_arrives_when_it_is_back(bugsink: Bugsink) -> None:
    """Killed in the middle of work, away for some seconds: every event is there, once."""
    before = len(bugsink.events())
    start(bugsink.dsn, breaker_probe_cap="500ms", breaker_probe_after="200ms")
    for order_id in range(100):
        fail(order_id)
    time.sleep(0.3)
    bugsink.kill()
    for order_id in range(100, 200):
        fail(order_id)
    time.sleep(2)
    bugsink.start()
    for order_id in range(200, 300):
        fail(order_id)
    assert e11y.flush(60).undelivered == {}
    arrived = [event.data["contexts"]["payload"]["order_id"] for event in bugsink.events()[before:]]
    assert sorted(arrived) == list(range(300))
    lane = e11y.ledger().check().lanes["errors_tracker"]
    assert (lane.routed, lane.delivered, lane.given_up) == (300, 300, {})


def test_what_is_sent_twice_is_kept_once(bugsink: Bugsink) -> None:
    """As after an answer that got lost, and after the replay of a dead letter."""
    before = len(bugsink.events())
    settings = SentrySettings(dsn=bugsink.dsn, release="shop@1.0")
    adapter = SentryAdapter(settings, StandaloneHost(), lambda span: (), {})
    record = make_record(1, time_ns=time.time_ns(), span=before + 1)
    adapter.write_batch([record])
    adapter.write_batch([record])
    adapter.close()
    assert len(bugsink.events()) == before + 1
