"""Keys of any length, and keys that are not there."""

from __future__ import annotations

import logging
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

import e11y
from e11y import Event
from e11y_ratelimit import RateLimitSettings, rate_limit
from e11y_ratelimit.settings import KeyRule

from .conftest import MakeBench, Step

LONG = 60_000


class KeyTableSeen(Event):
    user_id: str | bytes | int | Decimal | None = None


@rate_limit(1, per="10s", key="user_idd")
class KeyTableMistyped(Event):
    user_id: str


@rate_limit(1, per="10s", key="user_id")
class KeyTableByContext(Event):
    user_name: str


@pytest.mark.parametrize("algorithm", ["token_bucket", "sliding_window"])
def test_the_length_of_keys_is_no_matter_for_memory(algorithm: Any) -> None:
    step = Step(RateLimitSettings(keys=(KeyRule(by="user_id", limit=2),), algorithm=algorithm))
    tracemalloc.start()
    try:
        for number in range(200):
            assert [step.passes(user_id=f"{number:>{LONG}}") for _ in range(3)] == [True, True, False]
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 200 * 2_000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a" * LONG, "a" * LONG + "b"),
        ("\ud83d" * LONG, "\ud83d" * LONG + "b"),
        (b"a" * LONG, b"a" * LONG + b"b"),
        (2**20_000, -(2**20_000)),
        (Decimal("1" * 5_000), Decimal("1" * 5_001)),
        ("a" * 64, "a" * 65),
    ],
    ids=["text", "surrogates", "bytes", "int", "decimal", "at the border"],
)
def test_long_keys_are_told_apart(make_bench: MakeBench, one: Any, other: Any) -> None:
    bench = make_bench(keys=[{"by": "user_id", "limit": 1, "per": "10s"}])
    for key in (one, one, other, other, one):
        KeyTableSeen.track(user_id=key)
    assert bench.dropped == {"rate_limited_key": 3}


WARNING = (
    "ratelimit: {} is limited by {!r}, which is no field of it, so the context value of that name counts; "
    "was the field 'user_id' meant?"
)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_key_that_looks_like_a_field_is_told_and_events_without_one_are_counted(
    make_bench: MakeBench, caplog: pytest.LogCaptureFixture
) -> None:
    bench = make_bench()
    for _ in range(3):
        KeyTableMistyped.track(user_id="u-1")
    with e11y.context(user_idd="u-1"):
        KeyTableMistyped.track(user_id="u-1")
    bench.clock.advance(1)
    assert len(bench.records) == 4
    assert bench.runtime.ledger.snapshot().plugins == {"ratelimit.keys_missing": 3}
    assert warnings(caplog) == [WARNING.format("key.table.mistyped", "user_idd")]


def test_a_mistyped_key_of_the_settings_is_told(make_bench: MakeBench, caplog: pytest.LogCaptureFixture) -> None:
    make_bench(keys=[{"by": "userid", "limit": 1}])
    KeyTableSeen.track(user_id="u-1")
    assert warnings(caplog) == [WARNING.format("key.table.seen", "userid")]


def test_a_key_from_context_is_told_nothing_about(make_bench: MakeBench, caplog: pytest.LogCaptureFixture) -> None:
    bench = make_bench()
    with e11y.context(user_id="u-1"):
        for _ in range(3):
            KeyTableByContext.track(user_name="x")
    assert bench.dropped == {"rate_limited_key": 2}
    assert warnings(caplog) == []
