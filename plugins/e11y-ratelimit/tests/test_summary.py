"""One record per window tells what was suppressed, and nothing else is ever told."""

from __future__ import annotations

from e11y import Event, Runtime
from e11y_ratelimit import rate_limit

from .conftest import MakeBench


@rate_limit(1, per="1000s")
class DoorOpened(Event):
    pass


class DoorBroken(Event, severity="error"):
    user_id: str = "u-1"


def suppressed(event: str, reason: str, dropped: int, dead_lettered: int) -> dict[str, object]:
    return {"event": event, "reason": reason, "dropped": dropped, "dead_lettered": dead_lettered}


def test_a_window_is_told_once_and_only_if_something_was_suppressed(make_bench: MakeBench) -> None:
    bench = make_bench(keys=[{"by": "user_id", "limit": 2, "per": "1000s"}])
    DoorOpened.track()
    bench.clock.advance(60)
    assert bench.summaries == []
    for _ in range(4):
        DoorOpened.track()
        DoorBroken.track()
    bench.clock.advance(60)
    first = {
        "window_s": 60.0,
        "suppressed": 6,
        "limits": [
            suppressed("door.opened", "rate_limited_event", 4, 0),
            suppressed("door.broken", "rate_limited_key", 0, 2),
        ],
    }
    assert bench.summaries == [first]
    bench.clock.advance(60)
    assert bench.summaries == [first]
    DoorOpened.track()
    bench.clock.advance(90)
    second = {"window_s": 90.0, "suppressed": 1, "limits": [suppressed("door.opened", "rate_limited_event", 1, 0)]}
    assert bench.summaries == [first, second]


def test_limits_of_one_kind_are_told_together(make_bench: MakeBench) -> None:
    keys = [{"by": "user_id", "limit": 1, "per": "1000s", "match": match} for match in ("door.*", "*")]
    bench = make_bench(keys=[{**keys[0], "limit": 2}, keys[1]])
    for user in ("u-1", "u-1", "u-1", "u-2"):
        DoorBroken.track(user_id=user)
    bench.clock.advance(60)
    (told,) = bench.summaries
    assert told["limits"] == [suppressed("door.broken", "rate_limited_key", 0, 2)]


def test_the_window_is_a_setting_and_the_record_a_warning(make_bench: MakeBench) -> None:
    bench = make_bench(summary="5s")
    DoorOpened.track()
    DoorOpened.track()
    bench.clock.advance(5)
    assert len(bench.summaries) == 1
    record = next(record for record in bench.memory.records if record.name == "e11y.rate_limited")
    assert record.severity == "warn"


def test_the_summary_itself_is_not_limited(make_bench: MakeBench) -> None:
    bench = make_bench(limit=1, per="1000s", events=[{"match": "*", "limit": 1, "per": "1000s"}])
    for _ in range(5):
        DoorBroken.track()
        DoorBroken.track()
        bench.clock.advance(60)
        bench.runtime.flush(5)
    assert [told["suppressed"] for told in bench.summaries] == [1, 2, 2, 2, 2]


def test_the_last_window_is_told_at_the_end(make_bench: MakeBench) -> None:
    bench = make_bench()
    runtime: Runtime = bench.runtime
    with runtime:
        for _ in range(3):
            DoorOpened.track()
        bench.clock.advance(7)
    (last,) = [record for record in bench.memory.records if record.name == "e11y.rate_limited"]
    assert last.payload["window_s"] == 7.0
    assert last.payload["suppressed"] == 2
    runtime.ledger.check()
