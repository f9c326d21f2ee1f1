"""Processes share rate limits over a real redis-server, and go on by themselves while there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.redis_server import RedisServer

PROCESS = """
import json, sys, time
import e11y

class OrderPlaced(e11y.Event):
    number: int

url, limit, seconds, timeout, recovers = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), *sys.argv[4:]
e11y.configure(
    plugins=["ratelimit"], service="shop", environment="test", adapters={"logs": {"type": "null"}},
    ratelimit={"limit": limit, "per": "10s", "redis": {"url": url, "lease": 0.05, "timeout": timeout}},
)
e11y.start()
print("ready", flush=True)
sys.stdin.readline()
began = time.monotonic()
def recovered(): return e11y.ledger().snapshot().plugins.get("ratelimit.redis_recovered", 0)
number, passed, times, end = 0, 0, [], time.monotonic() + seconds
while time.monotonic() < end or (recovers and not recovered() and time.monotonic() < end + 25):
    before = time.perf_counter()
    passed += bool(OrderPlaced.track(number=number))
    times.append(time.perf_counter() - before)
    number += 1
    time.sleep(0.001)
ended = time.monotonic()
ledger = e11y.ledger()
e11y.shutdown()
counts = ledger.check()
print(json.dumps({"began": began, "ended": ended, "calls": number, "passed": passed, "slow": sum(each > 0.15 for each in times), "worst": max(times),
                  "tracked": counts.tracked, "delivered": counts.lanes["logs"].delivered,
                  "failed": counts.plugins.get("ratelimit.redis_failed", 0),
                  "recovered": counts.plugins.get("ratelimit.redis_recovered", 0)}))
"""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


def four_processes(
    url: str, limit: int, seconds: float, timeout: str, meanwhile: Callable[[], None] | None = None
) -> list[dict[str, Any]]:
    """Let four processes track for some seconds, or until Redis is back; return what each tells."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("E11Y_")}
    command = [sys.executable, "-c", PROCESS, url, str(limit), str(seconds), timeout, "recovers" if meanwhile else ""]
    pipe = subprocess.PIPE
    running = [subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, text=True) for _ in range(4)]
    for process in running:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    if meanwhile:
        meanwhile()
    return [json.loads(process.communicate(timeout=50)[0]) for process in running]


def test_four_processes_let_pass_the_limit_and_at_most_one_lease_each(redis: RedisServer) -> None:
    limit = 400
    told = four_processes(redis.url, limit, 4.0, "10s")
    passed = sum(each["passed"] for each in told)
    gained = limit / 10 * (max(each["ended"] for each in told) - min(each["began"] for each in told))
    print(f"{passed} passed; {limit} + {gained:.0f} gained, at most {4 * limit // 20} more")
    assert limit <= passed <= limit + gained + 4 * limit // 20
    assert sum(each["failed"] for each in told) == 0


def test_killing_redis_loses_nothing_and_blocks_nobody(redis: RedisServer) -> None:
    def meanwhile() -> None:
        time.sleep(1.5)
        redis.kill()
        time.sleep(2)
        redis.start()

    told = four_processes(redis.url, 4_000, 6.0, "200ms", meanwhile)
    print("slowest calls in ms:", [round(each["worst"] * 1e3, 2) for each in told])
    for each in told:
        assert each["calls"] <= each["tracked"] <= each["calls"] + 1  # the summary at the end
        assert each["delivered"] == each["passed"] + each["tracked"] - each["calls"]
        assert each["slow"] <= 3  # more than 150 ms; a wait for the network would be 200
        assert each["failed"] >= 1
        assert each["recovered"] >= 1
