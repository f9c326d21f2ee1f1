"""Trace context in the requests of an httpx client."""

from __future__ import annotations

from typing import TypeVar

import httpx

from e11y.trace import inject

C = TypeVar("C", httpx.Client, httpx.AsyncClient)


def propagate(client: C) -> C:
    """Let every request of ``client`` carry ``traceparent``, ``tracestate`` and ``baggage``; return the client.

    A header that the caller set stays as it is.

        client = propagate(httpx.AsyncClient())
    """
    # Assigned, not appended to: httpx hands out a copy.
    hooks = client.event_hooks
    waits: object = client
    hooks["request"].append(_inject_async if isinstance(waits, httpx.AsyncClient) else _inject)
    client.event_hooks = hooks
    return client


def _inject(request: httpx.Request) -> None:
    inject(request.headers)


async def _inject_async(request: httpx.Request) -> None:
    inject(request.headers)
