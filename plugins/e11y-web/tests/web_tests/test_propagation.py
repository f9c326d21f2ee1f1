"""Trace context in outgoing calls: each client against a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import aiohttp
import httpx
import pytest
import requests

import e11y
from e11y.context import CURRENT
from e11y.testing import LoopbackServer
from e11y.trace import parse_traceparent
from e11y_web import aiohttp as our_aiohttp
from e11y_web import httpx as our_httpx
from e11y_web import requests as our_requests
from e11y_web import urllib3 as our_urllib3

from .conftest import Bench

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
Send = Callable[[str, dict[str, str]], object]


def by_httpx(url: str, headers: dict[str, str]) -> None:
    with our_httpx.propagate(httpx.Client()) as client:
        client.get(url, headers=headers)


def by_httpx_async(url: str, headers: dict[str, str]) -> None:
    async def send() -> None:
        async with our_httpx.propagate(httpx.AsyncClient()) as client:
            await client.get(url, headers=headers)

    asyncio.run(send())


def by_requests(url: str, headers: dict[str, str]) -> None:
    with our_requests.propagate(our_requests.propagate(requests.Session())) as session:
        session.get(url, headers=headers)


def by_urllib3(url: str, headers: dict[str, str]) -> None:
    with our_urllib3.PoolManager(headers={"User-Agent": "shop"}) as pool:
        pool.request("GET", url, headers=headers or None)


def by_aiohttp(url: str, headers: dict[str, str]) -> None:
    async def send() -> None:
        session = aiohttp.ClientSession(trace_configs=[our_aiohttp.trace_config()])
        async with session, session.get(url, headers=headers):
            pass

    asyncio.run(send())


CLIENTS = [by_httpx, by_httpx_async, by_requests, by_urllib3, by_aiohttp]


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    with LoopbackServer() as running:
        yield running


@pytest.mark.parametrize("send", CLIENTS)
def test_the_present_trace_travels_on(bench: Bench, server: LoopbackServer, send: Send) -> None:
    parent = parse_traceparent(PARENT)
    with e11y.scope("request", trace=parent):
        frame = CURRENT.get()
        frame.tracestate, frame.baggage = "vendor=1", {"plan": "free trial"}
        send(server.url, {})
    (asked,) = server.requests
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert headers["traceparent"] == f"00-4bf92f3577b34da6a3ce929d0e0e4736-{frame.snapshot[1]:016x}-00"
    assert (headers["tracestate"], headers["baggage"]) == ("vendor=1", "plan=free%20trial")


@pytest.mark.parametrize("send", CLIENTS)
def test_what_the_caller_set_stays(bench: Bench, server: LoopbackServer, send: Send) -> None:
    with e11y.scope("request"):
        send(server.url, {"TraceParent": PARENT})
    (asked,) = server.requests
    assert [value for name, value in asked.headers.items() if name.lower() == "traceparent"] == [PARENT]


@pytest.mark.parametrize("send", CLIENTS)
def test_without_a_trace_nothing_is_added(bench: Bench, server: LoopbackServer, send: Send) -> None:
    send(server.url, {})
    assert not {"traceparent", "baggage"} & {name.lower() for name in server.requests[0].headers}


def test_a_pool_manager_keeps_its_own_headers(bench: Bench, server: LoopbackServer) -> None:
    with e11y.scope("request"):
        by_urllib3(server.url, {})
    headers = {name.lower(): value for name, value in server.requests[0].headers.items()}
    assert headers["user-agent"] == "shop"
    assert "traceparent" in headers
