"""Limits are exact whoever asks at the same time, and nobody waits for anybody."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from e11y import Event
from e11y_ratelimit import RateLimitSettings

from .conftest import MakeBench, Step


class CallPlaced(Event):
    user_id: str = "u-1"


@pytest.fixture(autouse=True)
def restless() -> Iterator[None]:
    """Let threads take turns as often as the interpreter can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def together(work: Callable[[int], int], threads: int = 10) -> int:
    """Run ``work(number)`` on all threads at once; return the sum of the answers."""
    answers = [0] * threads
    start = threading.Barrier(threads)

    def run(number: int) -> None:
        start.wait()
        answers[number] = work(number)

    running = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return sum(answers)


@pytest.mark.parametrize("algorithm", ["token_bucket", "sliding_window"])
@pytest.mark.parametrize("limits", [("event",), ("key",), ("key", "event", "global")])
def test_ten_threads_get_exactly_what_there_is(make_bench: MakeBench, algorithm: str, limits: tuple[str, ...]) -> None:
    capacity, refill = 1_000, 500 if algorithm == "token_bucket" else 0
    one = {"limit": capacity, "per": "10s"}
    table = {
        "event": {"events": [{"match": "*", **one}]},
        "key": {"keys": [{"by": "user_id", **one}]},
        "global": one,
    }
    bench = make_bench(algorithm=algorithm, **{key: value for name in limits for key, value in table[name].items()})

    def work(_: int) -> int:
        return sum(bool(CallPlaced.track()) for _ in range(1_000))

    assert together(work) == capacity
    bench.clock.advance(5)
    assert together(work) == refill
    assert len(bench.records) == capacity + refill
    assert sum(bench.dropped.values()) == 20_000 - capacity - refill


@pytest.mark.parametrize("algorithm", ["token_bucket", "sliding_window"])
def test_refunds_are_exact_amid_threads(make_bench: MakeBench, algorithm: str) -> None:
    """The broad limit refuses most of what the narrow one allowed; the narrow one must get all of it back."""
    bench = make_bench(algorithm=algorithm, limit=50, per="1s", events=[{"match": "*", "limit": 1_000, "per": "1000s"}])

    def work(_: int) -> int:
        return sum(bool(CallPlaced.track()) for _ in range(300))

    for _ in range(4):
        assert together(work) == 50
        bench.clock.advance(1.03)
    assert set(bench.dropped) == {"rate_limited_global"}


def test_new_keys_on_all_threads_at_once(make_bench: MakeBench) -> None:
    make_bench(keys=[{"by": "user_id", "limit": 3, "per": "10s"}])

    def work(_: int) -> int:
        return sum(bool(CallPlaced.track(user_id=f"u-{number}")) for number in range(500))

    assert together(work) == 1_500


def test_threads_on_a_window_while_time_passes() -> None:
    step = Step(RateLimitSettings(limit=100, per_s=1.0, algorithm="sliding_window"))

    def work(number: int) -> int:
        passed = 0
        for turn in range(500):
            if number == 0 and turn % 5 == 0:
                step.clock.advance(0.02)
            passed += step.passes()
        return passed

    assert 100 <= together(work) <= 300


@pytest.mark.parametrize("algorithm", ["token_bucket", "sliding_window"])
def test_a_finaliser_may_track_at_any_line(make_bench: MakeBench, algorithm: str) -> None:
    """Another event is tracked in the middle of the plugin's own code, as a signal handler or ``__del__`` might do."""
    bench = make_bench(
        algorithm=algorithm,
        limit=300,
        per="100s",
        events=[{"match": "*", "limit": 400, "per": "100s"}],
        keys=[{"by": "user_id", "limit": 500, "per": "100s", "max_keys": 8}],
    )
    outcomes: list[bool] = []
    chance = random.Random(1)
    inside = False

    def at_line(frame: FrameType, event: str, _: object) -> Any:
        nonlocal inside
        if "e11y_ratelimit" not in frame.f_code.co_filename:
            return None
        if event == "line" and not inside and chance.random() < 0.3:
            inside = True
            outcomes.append(bool(CallPlaced.track(user_id=f"h-{len(outcomes) % 7}")))
            inside = False
        return at_line

    assert CallPlaced.track(user_id="u-0")
    traced = sys.gettrace()
    sys.settrace(at_line)
    try:
        own = [bool(CallPlaced.track(user_id=f"u-{number % 5}")) for number in range(200)]
    finally:
        sys.settrace(traced)
    assert len(outcomes) > 2_000
    assert 1 + sum(outcomes) + sum(own) == 300
    assert any(own)
    assert len(bench.records) == 300


SCRIPT = """
import os, sys, json
import e11y
from e11y_ratelimit import rate_limit

@rate_limit(5, per="1h")
class ChildBorn(e11y.Event):
    who: str

e11y.configure(plugins=["ratelimit"], adapters={"logs": {"type": "console"}}, environment="test")
for _ in range(8):
    ChildBorn.track(who="parent")
e11y.flush()
if child := os.fork():
    os.waitpid(child, 0)
    e11y.shutdown()
else:
    for _ in range(3):
        ChildBorn.track(who="child")
    e11y.shutdown()
    os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_tells_only_what_it_suppressed_itself(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("E11Y_")}
    command = [sys.executable, "-c", textwrap.dedent(SCRIPT)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert [line["payload"]["who"] for line in lines if line["event_name"] == "child.born"] == ["parent"] * 5
    told = [line["payload"]["suppressed"] for line in lines if line["event_name"] == "e11y.rate_limited"]
    assert told == [3, 3]  # the child, which has the bucket of its parent, and then the parent
