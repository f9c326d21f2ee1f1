"""What happens to events, from track() to Loki, when Loki refuses some of them."""

from __future__ import annotations

import time
from typing import Any

import pytest

import e11y
from e11y import Retryable
from e11y.context import EMPTY, extended
from e11y.testing import Answer, StandaloneHost, make_record
from e11y_loki import LokiAdapter, LokiSettings

HOUR_NS = 3_600_000_000_000


class OrderShipped(e11y.Event):
    number: int
    text: str = ""


def numbers(loki: Any, tenant: str = "fake") -> list[int]:
    """Return the numbers of what was kept, in order, since the clock that gives events their time may be set back."""
    return sorted(line["payload"]["number"] for line in loki.lines(tenant))


def test_a_line_too_long_costs_only_itself(loki: Any, run: Any) -> None:
    runtime, letters = run()
    for number in range(64):
        OrderShipped.track(number=number, text="x" * (300_000 if number == 40 else 10))
    assert not runtime.flush(30).undelivered
    assert numbers(loki) == [number for number in range(64) if number != 40]
    ((payload, reason),) = letters.kept
    assert (payload["number"], reason) == (40, "rejected: 400: Max entry size 262144 bytes exceeded")
    assert runtime.ledger.check().lanes["logs"].delivered == 63


def test_entries_too_old_become_dead_letters_in_lokis_words(loki: Any, run: Any) -> None:
    runtime, letters = run()
    long_ago = time.time_ns() - 8 * 24 * HOUR_NS
    for number in range(20):
        (OrderShipped.at(time=long_ago) if number in (3, 4) else OrderShipped).track(number=number)
    runtime.flush(30)
    assert numbers(loki) == [number for number in range(20) if number not in (3, 4)]
    assert sorted(payload["number"] for payload, _ in letters.kept) == [3, 4]
    assert all(reason.startswith("rejected: 400: timestamp too old: 20") for _, reason in letters.kept)
    runtime.ledger.check()


def test_entries_too_far_behind_their_stream_are_given_up_alone(loki: Any, run: Any) -> None:
    runtime, letters = run()
    OrderShipped.track(number=0)
    runtime.flush(30)
    OrderShipped.at(time=time.time_ns() - 2 * HOUR_NS).track(number=1)
    OrderShipped.at(time=time.time_ns() - HOUR_NS // 2).track(number=2)
    OrderShipped.track(number=3)
    runtime.flush(30)
    assert numbers(loki) == [0, 2, 3]
    ((payload, reason),) = letters.kept
    assert payload["number"] == 1
    assert reason.startswith("rejected: 400: entry too far behind, entry timestamp is: 20")


def test_a_server_without_structured_metadata_is_asked_once_per_batch(loki: Any, run: Any) -> None:
    loki.allow_structured_metadata = False
    runtime, letters = run(batch_interval="1m")
    for number in range(50):
        OrderShipped.track(number=number)
    runtime.flush(30)
    assert len(letters.kept) == 50
    assert {reason for _, reason in letters.kept} == {
        "rejected: 400: structured metadata, but this feature is disallowed"
    }
    assert loki.pushes <= 2


def test_such_a_server_takes_everything_once_it_is_switched_off(loki: Any, run: Any) -> None:
    loki.allow_structured_metadata = False
    runtime, letters = run(structured_metadata=[])
    OrderShipped.track(number=1)
    runtime.flush(30)
    assert (numbers(loki), letters.kept) == ([1], [])


def test_a_rate_limit_is_waited_out(loki: Any, run: Any) -> None:
    loki.rate_limited_pushes = 2
    runtime, letters = run(backoff_base="10ms")
    for number in range(30):
        OrderShipped.track(number=number)
    assert not runtime.flush(30).undelivered
    assert numbers(loki) == list(range(30))
    assert letters.kept == []


def test_a_body_too_large_is_halved(loki: Any, run: Any) -> None:
    loki.max_body_bytes = 4_000
    runtime, letters = run()
    for number in range(40):
        OrderShipped.track(number=number, text="x" * (5_000 if number == 7 else 10))
    runtime.flush(30)
    assert numbers(loki) == [number for number in range(40) if number != 7]
    ((payload, reason),) = letters.kept
    assert payload["number"] == 7
    assert reason.startswith("rejected: 413: request body too large: ")


def test_what_was_sent_twice_is_there_once(loki: Any, run: Any) -> None:
    taken = loki.answer

    def answer_too_late(request: Any) -> Answer:
        taken(request)
        loki.server.default = taken
        return Answer(cut="before")

    loki.server.default = answer_too_late
    runtime, letters = run(backoff_base="10ms")
    for number in range(20):
        OrderShipped.track(number=number)
    assert not runtime.flush(30).undelivered
    assert numbers(loki) == list(range(20))
    assert letters.kept == []


def test_wrong_credentials_give_up_with_the_reason(loki: Any, run: Any) -> None:
    loki.server.default = Answer(401, b"invalid token: abc")
    runtime, letters = run(bearer_token="abc")
    OrderShipped.track(number=1)
    runtime.flush(30)
    assert letters.kept == [({"number": 1, "text": ""}, "rejected: 401")]


def test_the_end_of_the_process_ends_the_waiting(loki: Any, run: Any) -> None:
    runtime, letters = run(timeout="30s")
    loki.server.default = Answer(hang=True)
    OrderShipped.track(number=1)
    loki.server.wait_for_requests(1, timeout_s=20)
    OrderShipped.track(number=2)
    began = time.monotonic()
    loki.server.answers.append(Answer(hang=True))
    assert runtime.shutdown(4.0).undelivered == {"logs": 2}
    assert time.monotonic() - began < 15  # of the 30 s that a push may take
    assert sorted(payload["number"] for payload, _ in letters.kept) == [1, 2]


def test_a_push_begun_at_the_end_waits_no_longer_than_the_process(loki: Any, run: Any) -> None:
    runtime, letters = run(timeout="30s", batch_interval="1m")
    loki.server.default = Answer(hang=True)
    OrderShipped.track(number=1)
    began = time.monotonic()
    runtime.shutdown(4.0)
    assert time.monotonic() - began < 15
    ((_, reason),) = letters.kept
    assert reason == "deadline: the process shut down"


@pytest.mark.parametrize("name", ["acme", "o'hara:1", 17])
def test_an_event_may_have_a_tenant_of_its_own(loki: Any, run: Any, name: str | int) -> None:
    loki.auth_enabled = True
    runtime, letters = run(tenant="main", tenant_context="customer")
    OrderShipped.track(number=1)
    with e11y.context(customer=name):
        OrderShipped.track(number=2)
    with e11y.context(customer=""):
        OrderShipped.track(number=3)
    runtime.flush(30)
    assert (numbers(loki, "main"), numbers(loki, str(name))) == ([1, 3], [2])
    assert letters.kept == []
    runtime.ledger.check()


@pytest.mark.parametrize("name", ["a|b", "x" * 151, "..", "ü", "a\r\nX-Evil: 1", "acme\n"])
def test_a_tenant_that_loki_does_not_take_costs_only_its_own_events(loki: Any, run: Any, name: str) -> None:
    loki.auth_enabled = True
    runtime, letters = run(tenant="main", tenant_context="customer")
    OrderShipped.track(number=1)
    with e11y.context(customer=name):
        OrderShipped.track(number=2)
    runtime.flush(30)
    assert set(loki.entries) == {"main"}
    assert letters.kept == [({"number": 2, "text": ""}, "rejected: its tenant is none that Loki takes")]
    runtime.ledger.check()


def test_a_refused_line_of_one_tenant_costs_only_itself(loki: Any, run: Any) -> None:
    loki.auth_enabled = True
    runtime, letters = run(tenant_context="customer", tenant="main")
    for number in range(60):
        with e11y.context(customer=f"c{number % 3}"):
            OrderShipped.track(number=number, text="x" * (300_000 if number == 31 else 10))
    assert not runtime.flush(30).undelivered
    for tenant in range(3):
        assert numbers(loki, f"c{tenant}") == [number for number in range(tenant, 60, 3) if number != 31]
    assert [payload["number"] for payload, _ in letters.kept] == [31]
    runtime.ledger.check()


def test_a_rate_limit_of_one_tenant_holds_up_no_other(loki: Any, run: Any) -> None:
    loki.auth_enabled = True
    loki.rate_limited_pushes = 1
    runtime, _ = run(tenant_context="customer", backoff_base="10ms", batch_interval="1m")
    for number in range(4):
        with e11y.context(customer=f"c{number % 2}"):
            OrderShipped.track(number=number)
    assert not runtime.flush(30).undelivered
    assert (numbers(loki, "c0"), numbers(loki, "c1")) == ([0, 2], [1, 3])
    assert loki.pushes == 3
    assert runtime.ledger.check().lanes["logs"].delivered == 4


def test_tenants_of_a_server_that_is_down_are_not_tried_one_by_one(loki: Any) -> None:
    adapter = LokiAdapter(LokiSettings(url=loki.url, tenant_context="customer", timeout_s=1.0), StandaloneHost())
    loki.server.default = Answer(hang=True)
    batch = [make_record(number, snapshot=extended(EMPTY, {"customer": f"c{number}"})) for number in range(10)]
    with pytest.raises(Retryable, match="^ReadTimeoutError$"):
        adapter.write_batch(batch)
    assert len(loki.server.wait_for_requests(1, timeout_s=20)) == 1
