"""What an application tracked is read back from a real receiver of Loki's push API."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

import e11y
from e11y.testing import StandaloneHost, make_record
from e11y_loki import LokiAdapter, LokiSettings
from shop.everywhere.victorialogs import VictoriaLogs

pytestmark = pytest.mark.timeout(300)  # the first test may have to build the server


class ParcelSent(e11y.Event, severity="success"):
    number: int
    text: str = ""
    price: Decimal = Decimal("9.90")


class ParcelLost(e11y.Event, severity="error"):
    number: int


@pytest.fixture(autouse=True)
def stopped() -> Iterator[None]:
    yield
    e11y.shutdown(1)


def start(server: VictoriaLogs, **more: Any) -> None:
    table = {"type": "loki", "url": server.url, "ready_path": "/loki/ready", **more}
    e11y.configure({"plugins": ["loki"], "service": "shop", "environment": "test", "adapters": {"logs": table}})
    e11y.start()


@pytest.mark.parametrize("compressed", [True, False])
def test_everything_is_read_back_exactly(victorialogs: VictoriaLogs, compressed: bool) -> None:
    start(victorialogs, gzip=compressed, labels={"region": "eu"}, structured_metadata=["trace_id", "user_id"])
    text = 'quoted "text", ümlaut, \u2028, \\ and \n 🎉'
    base = time.time_ns() // 1_000_000_000 * 1_000_000_000
    with e11y.context(user_id="u-1"):
        for number in range(1_000):
            ParcelSent.at(time=base + number).track(number=number, text=text)
        ParcelLost.at(time=base).track(number=-1)
    assert e11y.flush(30).undelivered == {}
    assert e11y.ledger().check().lanes["logs"].delivered == 1_001
    entries = victorialogs.found("event_name:parcel.sent", 1_000)
    assert len(entries) == 1_000
    lines = {json.loads(entry["_msg"])["payload"]["number"]: entry for entry in entries}
    for number, entry in lines.items():
        line = json.loads(entry["_msg"])
        assert line["payload"] == {"number": number, "text": text, "price": "9.90"}
        _, _, fraction = entry["_time"].removesuffix("Z").partition(".")
        assert int(fraction.ljust(9, "0")) == number, "a nanosecond is lost"
        assert (len(entry["trace_id"]), entry["user_id"]) == (32, "u-1")
    assert len({json.loads(entry["_msg"])["span_id"] for entry in entries}) == 1_000
    (lost,) = victorialogs.found("event_name:parcel.lost", 1)
    labels = {"service_name": "shop", "environment": "test", "region": "eu"}
    own = {"event_name": "parcel.lost", "severity": "error", "level": "error"}
    assert {name: lost[name] for name in labels | own} == labels | own
    assert (
        lost["_stream"] == "{" + ",".join(f'{name}="{value}"' for name, value in sorted((labels | own).items())) + "}"
    )


def test_a_tenant_sees_only_its_own(victorialogs: VictoriaLogs) -> None:
    start(victorialogs, tenant_context="customer", tenant="0:0")
    for number in range(30):
        with e11y.context(customer=f"{number % 3}:7"):
            ParcelSent.track(number=number)
    ParcelSent.track(number=99)
    assert e11y.flush(30).undelivered == {}
    for account in range(3):
        entries = victorialogs.found("*", 10, headers={"AccountID": str(account), "ProjectID": "7"})
        numbers = sorted(json.loads(entry["_msg"])["payload"]["number"] for entry in entries)
        assert numbers == list(range(account, 30, 3))
    assert len(victorialogs.found("*", 1)) == 1


def is_healthy(adapter: LokiAdapter) -> bool:
    """Return whether it says so once in three times: it waits less than a second, and a machine may stall."""
    return any(adapter.healthy() for _ in range(3))


def test_health_follows_the_server(victorialogs: VictoriaLogs) -> None:
    settings = LokiSettings(url=victorialogs.url, ready_path="/loki/ready")
    adapter = LokiAdapter(settings, StandaloneHost())
    assert is_healthy(adapter)
    victorialogs.stop()
    assert not adapter.healthy()
    victorialogs.start()
    assert is_healthy(adapter)
    adapter.close()


def test_a_refusal_is_one(victorialogs: VictoriaLogs) -> None:
    adapter = LokiAdapter(LokiSettings(url=victorialogs.url, tenant="no-number"), StandaloneHost())
    with pytest.raises(e11y.Rejected, match="^400$"):
        adapter.write_batch([make_record(time_ns=time.time_ns())])
    adapter.close()


def test_a_restart_loses_nothing(victorialogs: VictoriaLogs) -> None:
    start(victorialogs, batch_records=50, backoff_base="50ms")
    for number in range(2_000):
        ParcelSent.track(number=number)
        if number == 700:
            victorialogs.stop()
        if number == 1_400:
            victorialogs.start()
    assert e11y.flush(20).undelivered == {}
    entries = victorialogs.found("event_name:parcel.sent", 2_000)
    assert {json.loads(entry["_msg"])["payload"]["number"] for entry in entries} == set(range(2_000))
    e11y.ledger().check()
