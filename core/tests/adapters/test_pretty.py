"""The line for human eyes, whole."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y.adapters.pretty import pretty
from e11y.severity import SEVERITIES, Severity

from .records import record

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_fields_stand_before_the_bar_and_surroundings_behind_it() -> None:
    one = record(
        "payment.failed",
        {"order_id": "7", "amount": Decimal("9.99"), "reason": "card declined"},
        Severity.ERROR,
        {"user_id": "42"},
        metadata={"duration_ms": 12.5, "retention_until": "2026-03-02T12:00:00.000Z"},
    )
    assert pretty(one, color=False) == (
        "12:00:00.250Z 4bf92f35 ERROR   payment.failed           "
        'order_id=7 amount=9.99 reason="card declined" | user_id=42 duration_ms=12.5'
    )


def test_colours_name_the_severity_and_dim_the_surroundings() -> None:
    one = record("order.paid", {"order_id": "7"}, Severity.SUCCESS, {"user_id": "42"})
    assert pretty(one, color=True) == (
        "\x1b[2m12:00:00.250Z\x1b[0m \x1b[2m4bf92f35\x1b[0m \x1b[32mSUCCESS\x1b[0m "
        "\x1b[1morder.paid              \x1b[0m order_id=7 \x1b[2m| user_id=42\x1b[0m"
    )


def test_debug_records_are_dim() -> None:
    assert "\x1b[90mDEBUG  \x1b[0m \x1b[2mcart.loaded" in pretty(
        record("cart.loaded", severity=Severity.DEBUG), color=True
    )


def test_a_trail_reads_as_a_block() -> None:
    trail = [
        record("cart.loaded", {"items": 3}, Severity.DEBUG),
        record("stock.reserved", {"sku": "A-1"}, Severity.DEBUG),
        record("payment.failed", {"reason": "declined"}, Severity.ERROR),
    ]
    assert [pretty(one, color=False) for one in trail] == [
        "12:00:00.250Z 4bf92f35 DEBUG   cart.loaded              items=3",
        "12:00:00.250Z 4bf92f35 DEBUG   stock.reserved           sku=A-1",
        "12:00:00.250Z 4bf92f35 ERROR   payment.failed           reason=declined",
    ]


@pytest.mark.parametrize("severity", SEVERITIES)
def test_every_severity_takes_the_same_width(severity: Severity) -> None:
    assert pretty(record(severity=severity, payload={"a": 1}), color=False).index("order.paid") == 31


def test_a_record_without_fields_ends_with_its_name() -> None:
    assert pretty(record(), color=False) == "12:00:00.250Z 4bf92f35 INFO    order.paid"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("word", "word"),
        ("two words", '"two words"'),
        ("", '""'),
        ('say "hi" \\', '"say \\"hi\\" \\\\"'),
        ("a=b", '"a=b"'),
        ("line\nforged=1", '"line\\nforged=1"'),
        ("\x1b[31m", '"\\x1b[31m"'),
        ("日本語", "日本語"),
        (None, "null"),
        (True, "true"),
        (3, "3"),
        (1.5, "1.5"),
        (float("nan"), "null"),
        (Decimal("0.10"), "0.10"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime(2026, 1, 31, 12, tzinfo=UTC), "2026-01-31T12:00:00Z"),
        (b"\x00\xff", '"AP8="'),
        (["a", 1, None], '["a",1,null]'),
        ({"a": {"b": "c\u2028d"}}, '{"a":{"b":"c\\u2028d"}}'),
        ("x" * 201, '"' + "x" * 200 + '... (1 more)"'),
        ([1] * 150, "[" + "1," * 99 + "1" + "... (101 more)"),
    ],
)
def test_a_value_is_shown_as_plainly_as_it_can_be(value: Any, shown: str) -> None:
    assert pretty(record(payload={"value": value}), color=False).split(" value=")[1] == shown


def test_keys_and_names_are_escaped_too() -> None:
    line = pretty(record("a\x1b[2Jb", {"k\ney": 1}, context={"c d": 2}), color=False)
    assert line == '12:00:00.250Z 4bf92f35 INFO    a\\x1b[2Jb                "k\\ney"=1 | "c d"=2'


@given(st.dictionaries(st.text(), values, max_size=4))
def test_any_payload_is_one_harmless_line(payload: dict[str, Any]) -> None:
    line = pretty(record(payload=payload), color=False)
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
