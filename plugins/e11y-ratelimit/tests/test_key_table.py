"""Keys of any length, and keys that are not there."""

from __future__ import annotations

import tracemalloc
from decimal import Decimal
from typing import Any

import pytest

from e11y import Event
from e11y_ratelimit import RateLimitSettings
from e11y_ratelimit.settings import KeyRule

from .conftest import MakeBench, Step

LONG = 60_000


class KeyTableSeen(Event):
    user_id: str | bytes | int | Decimal | None = None


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
