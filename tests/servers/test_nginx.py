"""What an application tracked arrives at a real HTTP server, whatever the server does meanwhile."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

import e11y
from tests.servers.nginx import Nginx


class PageViewed(e11y.Event, severity="info"):
    number: int
    text: str = ""


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    yield
    e11y.shutdown(1)


def start(url: str, **more: Any) -> None:
    table = {"type": "example", "url": url, **more}
    e11y.configure({"plugins": ["example"], "adapters": {"hook": table}, "routes": {"default": ["hook"]}})
    e11y.start()


def numbers(server: Nginx, count: int) -> list[int]:
    """Return what arrived; nginx logs a request a moment after it answered."""
    until = time.monotonic() + 30
    while len(server.lines()) < count and time.monotonic() < until:
        time.sleep(0.02)
    return [json.loads(line)["payload"]["number"] for line in server.lines()]


def test_every_event_arrives_once_and_in_order(nginx: Nginx) -> None:
    start(nginx.url)
    for number in range(2_000):
        assert PageViewed.track(number=number, text='quoted "text", ümlaut, \u2028')
    assert e11y.flush(30).undelivered == {}
    assert numbers(nginx, 2_000) == list(range(2_000))
    assert e11y.ledger().check().lanes["hook"].delivered == 2_000


def test_a_rate_limit_delays_and_loses_nothing(nginx: Nginx) -> None:
    start(nginx.url + "limited", batch_records=10)
    for number in range(50):
        PageViewed.track(number=number)
    assert e11y.flush(20).undelivered == {}
    assert numbers(nginx, 50) == list(range(50))
    assert "429" in nginx.answers()
    e11y.ledger().check()


def test_a_body_too_large_costs_only_the_event_that_is_too_large(nginx: Nginx) -> None:
    start(nginx.url + "small")
    for number in range(20):
        PageViewed.track(number=number, text="x" * (3_000 if number == 7 else 10))
    e11y.flush(20)
    assert sorted(numbers(nginx, 19)) == [number for number in range(20) if number != 7]
    assert "413" in nginx.answers()
    assert e11y.ledger().check().lanes["hook"].delivered == 19


def test_what_is_tracked_while_the_server_is_down_arrives_when_it_is_back(nginx: Nginx) -> None:
    start(nginx.url)
    PageViewed.track(number=0)
    assert e11y.flush(30).undelivered == {}
    nginx.stop()
    for number in range(1, 30):
        assert PageViewed.track(number=number)
    assert e11y.flush(3).undelivered == {"hook": 29}
    nginx.start()
    assert e11y.flush(30).undelivered == {}
    assert numbers(nginx, 30) == list(range(30))
    e11y.ledger().check()
