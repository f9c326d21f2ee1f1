"""What is written comes back, whatever the payload; what is damaged is told apart."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y import Record, Severity
from e11y.context import EMPTY, extended
from e11y.testing import make_record
from e11y.testing.samples import HARD_PAYLOADS
from e11y_dlq.entry import Unreadable, line_of, read, spent_again
from e11y_dlq.letter import record_of

ATOMS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.decimals()
    | st.uuids()
    | st.datetimes(timezones=st.none() | st.just(UTC))
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.sampled_from(["\ud83d", '"', "\\", "\n", "\u2028", "{", "}", ',"record":', "\x00", 10**400])
)
VALUES = st.recursive(
    ATOMS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=10
)
PAYLOADS = st.dictionaries(
    st.text() | st.sampled_from(["record", "record_bytes", "format", "payload"]), VALUES, max_size=6
)
CONTEXTS = st.dictionaries(
    st.text(), st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False), max_size=4
)
IDS = st.integers(1, 2**64 - 1)


@given(
    payload=PAYLOADS,
    context=CONTEXTS,
    metadata=st.dictionaries(st.text(), VALUES, max_size=3),
    severity=st.sampled_from(Severity),
    scope=st.tuples(
        st.integers(0, 2**128 - 1),
        st.integers(0, 2**64 - 1),
        st.integers(0, 2**64 - 1),
        st.integers(0, 2**128 - 1),
        st.integers(-1, 1),
    ),
    trace=st.integers(1, 2**128 - 1),
    span=IDS,
    time_ns=st.integers(0, 4_000_000_000_000_000_000),
    version=st.integers(1, 99),
    name=st.text(min_size=1),
    event_type=st.text(),
    adapter=st.text(),
    reason=st.text(),
    service=st.sampled_from([{}, {"service": "shop", "environment": "production"}]),
)
def test_every_record_comes_back_with_the_same_bytes(
    payload: dict[str, Any], context: dict[str, Any], scope: Any, reason: str, adapter: str, service: Any, **facts: Any
) -> None:
    record = Record.of(facts.pop("name"), payload, snapshot=extended(scope, context), resource=service, **facts)
    line = line_of(record, adapter, reason, 1_769_860_800_000_000_000)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    letter, sent = read(line, "id")
    assert sent == record.encoded()
    again = record_of(letter, sent)
    assert (again.encoded(), again.encoded_body()) == (record.encoded(), record.encoded_body())
    assert record_of(letter, None).encoded() == record.encoded()
    for key in ("name", "severity", "version", "event_type", "time_ns", "trace_id", "span_id", "snapshot"):
        assert getattr(again, key) == getattr(record, key), key
    assert (again.parent_span_id, again.parent_trace_id) == (record.parent_span_id, record.parent_trace_id)
    assert (letter.failures, letter.first_failed_ns, letter.failed_ns) == (
        1,
        letter.failed_ns,
        1_769_860_800_000_000_000,
    )


def test_what_json_cannot_say_is_sent_again_as_it_was_sent_first() -> None:
    record = Record.of("load.seen", {"now": math.inf}, snapshot=extended(EMPTY, {"load": math.inf}))
    letter, sent = read(line_of(record, "logs", "expired", 1), "id")
    assert sent == record.encoded()
    assert b'"load":null' in sent
    assert record_of(letter, sent).encoded_body() == record.encoded_body()
    assert record_of(letter, sent).encoded() == sent


@pytest.mark.parametrize("payload", HARD_PAYLOADS.values(), ids=HARD_PAYLOADS)
def test_hard_payloads_come_back_with_the_same_bytes(payload: dict[str, Any]) -> None:
    record = make_record(1, payload)
    letter, sent = read(line_of(record, "logs", "expired", 1), "id")
    assert record_of(letter, sent).encoded() == record_of(letter, None).encoded() == record.encoded()


def test_an_entry_is_one_readable_line_of_json() -> None:
    record = Record.of(
        "order.paid",
        {"amount": Decimal("9.90"), "at": datetime(2026, 1, 31, 12, tzinfo=UTC), "id": UUID(int=7)},
        severity=Severity.SUCCESS,
        version=2,
        event_type="shop.events.OrderPaid",
        time_ns=1_769_860_800_000_000_123,
        trace=0xABC,
        span=0xDEF,
        snapshot=extended((0xABC, 0x12, 0, 0x34, 1), {"user_id": "u-1"}),
        metadata={"signature": "s"},
        resource={"service": "shop"},
    )
    line = line_of(record, "logs", 'rejected: "no"\t\\', 1_769_860_801_000_000_000)
    read_back = json.loads(line)
    assert read_back.pop("reason").rstrip() == "rejected: 'no' /"
    assert len(read_back.pop("crc32")) == 8
    assert read_back == {
        "format": 1,
        "failures": 1,
        "failed_ns": 1_769_860_801_000_000_000,
        "first_failed_ns": 1_769_860_801_000_000_000,
        "adapter": "logs",
        "event_type": "shop.events.OrderPaid",
        "version": 2,
        "time_ns": 1_769_860_800_000_000_123,
        "scope": {"trace_id": "abc", "span_id": "12", "parent_trace_id": "34", "sampled": 1},
        "record_bytes": len(record.encoded()),
        "record": {
            "timestamp": "2026-01-31T12:00:00.000Z",
            "severity": "success",
            "event_name": "order.paid",
            "service": "shop",
            "trace_id": f"{0xABC:032x}",
            "span_id": f"{0xDEF:016x}",
            "parent_span_id": f"{0x12:016x}",
            "parent_trace_id": f"{0x34:032x}",
            "payload": {"amount": "9.90", "at": "2026-01-31T12:00:00Z", "id": str(UUID(int=7))},
            "context": {"user_id": "u-1"},
            "metadata": {"signature": "s"},
        },
    }


def test_the_trail_comes_back() -> None:
    record = make_record(1)
    record.trail = (make_record(2, {"record": {"a": 1}}), make_record(3))
    letter, sent = read(line_of(record, "issues", "expired", 1), "id")
    assert sent == record.encoded()
    again = record_of(letter, sent)
    assert [one.encoded() for one in again.trail] == [one.encoded() for one in record.trail]
    assert [one.time_ns for one in again.trail] == [one.time_ns for one in record.trail]


def test_a_letter_shows_no_values() -> None:
    record = make_record(1, {"email": "a@example.com"})
    assert "example.com" not in repr(read(line_of(record, "logs", "expired", 1), "id")[0])


def test_a_line_that_was_torn_anywhere_is_no_entry() -> None:
    line = line_of(make_record(1), "logs", "expired", 1)
    for length in range(len(line) - 1):
        with pytest.raises(Unreadable) as caught:
            read(line[:length], "id")
        assert not caught.value.foreign


@given(st.binary(max_size=300))
def test_whatever_stands_in_a_file_is_read_or_refused(junk: bytes) -> None:
    with pytest.raises(Unreadable):
        read(junk + b"\n", "id")


@given(at=st.integers(0), bits=st.integers(1, 255))
def test_a_damaged_line_is_refused_or_still_a_letter(at: int, bits: int) -> None:
    line = bytearray(line_of(make_record(1), "logs", "expired", 1))
    line[at % len(line)] ^= bits
    try:
        letter, sent = read(bytes(line), "id")
    except Unreadable:
        return
    assert (sent, letter.name, letter.time_ns) == (make_record(1).encoded(), "kit.sample", make_record(1).time_ns)


def test_a_format_of_the_future_is_not_damaged() -> None:
    line = line_of(make_record(1), "logs", "expired", 1).replace(b'{"format":1,', b'{"format":2,')
    with pytest.raises(Unreadable) as caught:
        read(line, "id")
    assert caught.value.foreign


def test_a_failure_is_written_over_in_place_and_every_half_of_it_can_be_read() -> None:
    line = line_of(make_record(1), "logs", "expired: not accepted for 300 s", 999_999_999_999_999_999)
    at, spent = spent_again(line, 10, 1_769_860_801_000_000_000, "rejected: é" + "x" * 500)
    for arrived in range(len(spent) + 1):
        half = line[:at] + spent[:arrived] + line[at + arrived :]
        letter, sent = read(half, "id")
        assert sent == make_record(1).encoded()
    assert len(half) == len(line)
    assert (letter.failures, letter.failed_ns) == (10, 1_769_860_801_000_000_000)
    assert letter.first_failed_ns == 999_999_999_999_999_999
    assert letter.reason == "rejected: ?" + "x" * 109


def test_what_is_no_entry_has_no_place_for_a_failure() -> None:
    with pytest.raises(Unreadable):
        spent_again(b"{}\n", 2, 1, "expired")


def test_the_scope_of_nobody_is_empty() -> None:
    letter, _ = read(line_of(Record.of("x", {}), "logs", "expired", 1), "id")
    assert letter.scope == EMPTY
