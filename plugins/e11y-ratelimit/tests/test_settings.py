"""What cannot work is refused where it is written, with a way out."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from e11y import ConfigError
from e11y_ratelimit import rate_limit

from .conftest import MakeBench

DURATIONS = 'a number with one of us, ms, s, m, h, d, w, y, for example "200ms" or "90d"'


@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        ({"limit": 0}, "limit must be an int of 1 or more, not 0", "write @rate_limit(100), or @rate_limit(False)"),
        ({"limit": -5}, "limit must be an int of 1 or more, not -5", "write @rate_limit(100), or @rate_limit(False)"),
        ({"limit": True}, "limit must be an int of 1 or more, not bool", "write @rate_limit(100), or @rate_limit(False)"),
        ({"limit": 1.5}, "limit must be an int of 1 or more, not float", "write @rate_limit(100), or @rate_limit(False)"),
        ({"per": "0s"}, f"per must be a duration of more than 0: {DURATIONS}", 'write per="1s"'),
        ({"per": "soon"}, f"per must be a duration of more than 0: {DURATIONS}", 'write per="1s"'),
        ({"per": 60}, f"per must be a duration of more than 0: {DURATIONS}", 'write per="1s"'),
        ({"key": "a b"}, "key must be the name of a field or of a context value", 'write key="user_id"'),
        (
            {"on_excess": "dorp"},
            "on_excess is unknown, did you mean 'drop'?",
            "write on_excess as one of: drop, sample, dead_letter",
        ),
        ({"on_excess": 1}, "on_excess is unknown", "write on_excess as one of: drop, sample, dead_letter"),
        (
            {"algorithm": "leaky"},
            "algorithm is unknown",
            "write algorithm as one of: token_bucket, sliding_window",
        ),
        ({"keep": 0}, "keep must be a number of more than 0 and at most 1", "write keep=0.1"),
        ({"keep": True}, "keep must be a number of more than 0 and at most 1", "write keep=0.1"),
    ],
)  # fmt: skip
def test_the_decorator_refuses_at_once(arguments: dict[str, Any], what: str, fix: str) -> None:
    with pytest.raises(ConfigError) as caught:
        rate_limit(**{"limit": 1, **arguments})
    line = sys._getframe().f_lineno - 1
    assert str(caught.value) == f"@rate_limit: {what}\n  where: {__name__}, line {line}\n  fix:   {fix}"


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ({"limit": 0}, "setting 'limit' is refused: must be more than 0"),
        ({"limit": True}, "setting 'limit' must be a whole number, not a boolean"),
        ({"limit": 5, "per": "0s"}, "setting 'per' is refused: must be more than 0"),
        ({"limit": 5, "keep": 1.5}, "setting 'keep' is refused: must be more than 0 and at most 1"),
        ({"events": [{"match": "*"}]}, "setting 'events[0].limit' is missing"),
        ({"events": [{"limit": 5}]}, "setting 'events[0].match' is missing"),
        ({"events": [{"match": "*", "limit": 0}]}, "setting 'events[0].limit' is refused: must be more than 0"),
        (
            {"keys": [{"by": "user_id", "limit": 5, "max_keys": 1}]},
            "setting 'keys[0].max_keys' is refused: must be 2 or more",
        ),
        (
            {"events": [{"match": "[p]*", "limit": 5}]},
            "setting 'events[0].match' is refused: the star is the only wildcard: "
            "no event has a question mark or a bracket in its name",
        ),
        (
            {"keys": [{"by": "user_id", "match": "cart.?", "limit": 5}]},
            "setting 'keys[0].match' is refused: the star is the only wildcard: "
            "no event has a question mark or a bracket in its name",
        ),
        ({"algorithm": "leaky"}, "setting 'algorithm' must be"),
        ({"on_exces": "drop"}, "setting 'on_exces' is unknown, did you mean 'on_excess'?"),
        ({"redis": {"url": "redis://localhost", "lease": 0.0}}, "must be more than 0 and at most 1"),
    ],
)
def test_the_table_is_checked_at_start(make_bench: MakeBench, table: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_bench(**table)
    assert told in str(caught.value)
    assert "ratelimit" in caught.value.where or all("ratelimit" in each.where for each in caught.value.problems)


def test_an_address_that_is_none_is_not_shown(make_bench: MakeBench) -> None:
    with pytest.raises(ConfigError) as caught:
        make_bench(redis={"url": "http://secret@localhost"})
    assert str(caught.value) == (
        "setting 'url' is no address of a Redis server\n"
        "  where: [tool.e11y.ratelimit.redis]\n"
        '  fix:   write  url = "redis://localhost:6379/0"'
    )


def test_a_strict_window_cannot_be_shared(make_bench: MakeBench) -> None:
    from e11y import Event

    class WindowShared(Event):
        pass

    make_bench(limit=5, algorithm="sliding_window", redis={"url": "redis://localhost:1"})
    with pytest.raises(ConfigError) as caught:
        WindowShared.track()
    assert str(caught.value) == (
        "the limit 'global' is a sliding window, which processes cannot share\n"
        "  where: [tool.e11y.ratelimit] with a table 'redis'\n"
        '  fix:   let it use  algorithm = "token_bucket"'
    )
