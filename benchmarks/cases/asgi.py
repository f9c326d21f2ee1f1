"""Healthy requests to a bare ASGI application, called without a socket: one per row."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.case import Emitter
from benchmarks.cases.ours import activated, drain
from benchmarks.workload import Rows

App = Callable[..., Coroutine[Any, Any, None]]

DEBUG_EVENTS = 20

_SCOPE = {
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
        (b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        (b"x-request-id", b"req-000012"),
    ],
}
_START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
_BODY = {"type": "http.response.body", "body": b"ok"}


@contextmanager
def quiet(directory: Path) -> Iterator[Emitter]:
    """e11y-web's middleware around an application that tracks nothing itself."""
    with _ours(directory, _bare) as emitter:
        yield emitter


@contextmanager
def debugging(directory: Path) -> Iterator[Emitter]:
    """The same around one that tracks debug events, which its success discards; its base tracks none."""
    from benchmarks.cases.e11y_events import OrderLookedUp  # noqa: PLC0415 - needs e11y

    async def app(scope: Any, receive: Any, send: Any) -> None:
        for number in range(DEBUG_EVENTS):
            OrderLookedUp.track(order_id="o-1", customer_id=number + 1, amount=1.5, currency="EUR")
        await _bare(scope, receive, send)

    with _ours(directory, app) as emitter:
        yield emitter


@contextmanager
def opentelemetry(directory: Path, **options: Any) -> Iterator[Emitter]:
    """OpenTelemetry's middleware, by default as it is, the batch processor, and an exporter that keeps nothing."""
    del directory
    asgi = import_module("opentelemetry.instrumentation.asgi")
    export = import_module("opentelemetry.sdk.trace.export")
    provider = import_module("opentelemetry.sdk.trace").TracerProvider(shutdown_on_exit=False)

    def keep_nothing(_exporter: object, _spans: object) -> Any:
        return export.SpanExportResult.SUCCESS

    exporter = type("Nowhere", (export.SpanExporter,), {"export": keep_nothing})()
    provider.add_span_processor(export.BatchSpanProcessor(exporter))
    try:
        middleware = asgi.OpenTelemetryMiddleware(_bare, tracer_provider=provider, **options)
        with _serving(middleware, provider.force_flush) as emitter:
            yield emitter
    finally:
        provider.shutdown()


@contextmanager
def leaner(directory: Path) -> Iterator[Emitter]:
    """The same without a span for each message, which is not its default."""
    with opentelemetry(directory, exclude_spans=["receive", "send"]) as emitter:
        yield emitter


@contextmanager
def _ours(directory: Path, app: App) -> Iterator[Emitter]:
    with activated(directory, names=("web",), adapter={"type": "null"}):
        web = import_module("e11y_web")
        with _serving(web.AsgiMiddleware(app), drain) as emitter:
            yield emitter


@contextmanager
def _serving(app: App, settle: Callable[[], None]) -> Iterator[Emitter]:
    with asyncio.Runner() as runner:

        def serve(served: App, rows: Rows) -> None:
            runner.run(_requests(served, rows))

        yield Emitter(partial(serve, app), drain=settle, base=partial(serve, _bare))


async def _requests(app: App, rows: Rows) -> None:
    for _ in rows:
        await app(dict(_SCOPE), _receive, _send)


async def _bare(_scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send(_START)
    await send(_BODY)


async def _receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(_message: Any) -> None:
    pass
