"""Measures what the ASGI middleware adds to a healthy request, beside OpenTelemetry's ASGI instrumentation.

    pip install opentelemetry-instrumentation-asgi opentelemetry-sdk
    python plugins/e11y-web/tests/web_tests/cost.py

The applications are called in this process, without a socket, and take turns in random order. Each figure is a median
in nanoseconds per request, less what the bare application of the same turn took: on the thread that serves, and for
all threads together until everything is delivered to an adapter and to an exporter that keep nothing.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import attrs
from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

import e11y
from e11y.adapters import NullAdapter
from e11y_web import AsgiMiddleware

ROUNDS = 60
WARM_UP = 5
REQUESTS = 200
EVENTS = 20

START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/plain"), (b"content-length", b"2")],
}
BODY = {"type": "http.response.body", "body": b"ok"}


class CostCartRead(e11y.Event, severity="debug"):
    cart: str
    items: int


class Drops(SpanExporter):
    """Takes every span and keeps none."""

    def export(self, spans: Any) -> SpanExportResult:
        return SpanExportResult.SUCCESS


async def quiet(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send(START)
    await send(BODY)


async def talking(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    for number in range(EVENTS):
        CostCartRead.track(cart="c-1", items=number)
    await send(START)
    await send(BODY)


def arrives() -> dict[str, Any]:
    """Return a request of a browser, behind a gateway that traces."""
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/orders/12",
        "raw_path": b"/orders/12",
        "root_path": "",
        "query_string": b"page=2",
        "client": ("10.0.0.7", 51312),
        "server": ("10.0.0.1", 8000),
        "headers": [
            (b"host", b"shop.example.com"),
            (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
            (b"accept", b"text/html,application/xhtml+xml"),
            (b"accept-encoding", b"gzip, deflate, br"),
            (b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
            (b"x-request-id", b"req-000012"),
        ],
    }


async def receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def send(message: Any) -> None:
    pass


async def serve(app: Callable[..., Any]) -> float:
    """Return nanoseconds per request on the thread that serves."""
    scopes = [arrives() for _ in range(REQUESTS)]
    began = time.thread_time_ns()
    for scope in scopes:
        await app(scope, receive, send)
    return (time.thread_time_ns() - began) / REQUESTS


@attrs.frozen
class Taken:
    """What the turns of one application took, in nanoseconds per request."""

    caller: list[float] = attrs.field(factory=list)
    total: list[float] = attrs.field(factory=list)


async def measure(apps: dict[str, Callable[..., Any]], settle: Callable[[], object]) -> dict[str, Taken]:
    """Return what each application took, turn by turn."""
    found = {name: Taken() for name in apps}
    names = list(apps)
    for number in range(ROUNDS + WARM_UP):
        random.shuffle(names)
        for name in names:
            settle()
            began = time.process_time_ns()
            caller = await serve(apps[name])
            settle()
            total = (time.process_time_ns() - began) / REQUESTS
            if number >= WARM_UP:
                found[name].caller.append(caller)
                found[name].total.append(total)
    return found


def main() -> None:
    """Print the figures."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(Drops()))
    settings = {"plugins": ["web"], "environment": "production"}
    with e11y.Runtime(settings, adapters={"logs": NullAdapter()}, environ={}, event_types=()) as runtime:

        def settle() -> None:
            runtime.flush(10)
            provider.force_flush()

        bare, peer, lean = "bare", "OpenTelemetry", "OpenTelemetry without spans of receive and send"
        ours, debug = "e11y-web", f"e11y-web, {EVENTS} debug events buffered"
        apps: dict[str, Callable[..., Any]] = {
            bare: quiet,
            ours: AsgiMiddleware(quiet),
            debug: AsgiMiddleware(talking),
            peer: OpenTelemetryMiddleware(quiet, tracer_provider=provider),
            lean: OpenTelemetryMiddleware(quiet, tracer_provider=provider, exclude_spans=["receive", "send"]),
        }
        found = asyncio.run(measure(apps, settle))
        runtime.ledger.check()
    provider.shutdown()
    print(f"{'':50} {'caller':>8} {'ratio':>6} {'lean':>6} {'all threads':>12} {'ratio':>6} {'lean':>6}")
    for name in apps:
        cells = []
        for clock, width in (("caller", 8), ("total", 12)):
            added = {
                one: [a - b for a, b in zip(getattr(found[one], clock), getattr(found[bare], clock), strict=True)]
                for one in (name, peer, lean)
            }
            cells.append(f"{median(getattr(found[bare], clock) if name == bare else added[name]):{width},.0f}")
            for other in (peer, lean):
                ratio = median(a / b for a, b in zip(added[name], added[other], strict=True))
                cells.append(f"{ratio:6.2f}" if name in (ours, debug) else " " * 6)
        print(f"{name:50} {' '.join(cells)}")


if __name__ == "__main__":
    main()
