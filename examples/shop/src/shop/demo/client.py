"""The client that drives the shop over HTTP."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import urllib3

from shop.demo.mix import Scenario
from shop.demo.scrape import Series, ended, scrape, scrape_after


@dataclass(frozen=True, slots=True)
class Reply:
    """What the client knows about one request."""

    scenario: Scenario
    trace_id: str
    status: int
    """0 when no answer came."""
    is_whole: bool
    """Whether the answer came to its end."""
    body: bytes


@dataclass(frozen=True, slots=True)
class Drive:
    """All replies, in the order of the mix."""

    replies: Sequence[Reply]
    seconds: float
    connections: int
    metrics: Sequence[Series]
    """What the server showed when all of them had ended."""

    @property
    def requests_per_second(self) -> float:
        """Throughput as the client saw it."""
        return len(self.replies) / self.seconds


def drive(url: str, scenarios: Sequence[Scenario], threads: int) -> Drive:
    """Send one request per scenario from ``threads`` threads over as many kept-alive connections, then scrape."""
    before = ended(scrape(url))
    with (
        urllib3.PoolManager(maxsize=threads, block=True, retries=False, timeout=30) as pool,
        ThreadPoolExecutor(threads) as executor,
    ):
        started = time.perf_counter()
        replies = list(executor.map(lambda scenario: _send(pool, url, scenario), scenarios))
        seconds = time.perf_counter() - started
    return Drive(replies, seconds, threads, scrape_after(url, before + len(replies)))


def _send(pool: urllib3.PoolManager, url: str, scenario: Scenario) -> Reply:
    """Send one request as a caller does that traces its own work (W3C Trace Context)."""
    trace_id, span_id = uuid.uuid4().hex, uuid.uuid4().hex[:16]
    headers = {"traceparent": f"00-{trace_id}-{span_id}-01"}
    if scenario.hangs_up:
        headers["connection"] = "close"
    status = 0
    try:
        answer = pool.request(
            scenario.method, url + scenario.path, json=scenario.body, headers=headers, preload_content=False
        )
        status = answer.status
        body = answer.data
    except urllib3.exceptions.HTTPError:
        return Reply(scenario, trace_id, status, is_whole=False, body=b"")
    return Reply(scenario, trace_id, status, is_whole=True, body=body)
