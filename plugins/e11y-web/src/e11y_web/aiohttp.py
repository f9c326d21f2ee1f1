"""Trace context in the requests of an aiohttp client session."""

from __future__ import annotations

from types import SimpleNamespace

import aiohttp

from e11y.trace import inject


def trace_config() -> aiohttp.TraceConfig:
    """Return what makes every request carry ``traceparent``, ``tracestate`` and ``baggage``.

    A header that the caller set stays as it is.

        session = aiohttp.ClientSession(trace_configs=[trace_config()])
    """
    config = aiohttp.TraceConfig()
    config.on_request_start.append(_inject)
    return config


async def _inject(
    session: aiohttp.ClientSession, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams
) -> None:
    del session, context
    inject(params.headers)
