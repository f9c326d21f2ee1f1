"""The ways out: WSGI, ASGI, a server of its own, a push to a gateway."""

from __future__ import annotations

import asyncio
import copy
import gzip
import json
import os
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, MutableMapping
from typing import Any, Final, NamedTuple
from urllib.error import HTTPError
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import attrs
import prometheus_client
from prometheus_client import REGISTRY, CollectorRegistry, Metric
from prometheus_client.exposition import ThreadingWSGIServer, choose_encoder, gzip_accepted
from prometheus_client.multiprocess import MultiProcessCollector

from e11y import start_thread
from e11y_metrics.cardinality import cardinality
from e11y_metrics.process import top

REPORT_PATH: Final = "/cardinality"
"""A path that ends so is answered with the report on labels, as JSON."""

Scope = MutableMapping[str, Any]
WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
AsgiApp = Callable[[Scope, Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]]


class _Everything:
    """Collects what is to be shown: the registry of this process, or the numbers of all processes.

    Args:
        names: Of samples, if only these are wanted.
    """

    def __init__(self, names: Collection[str] = ()) -> None:
        self._names = names

    def collect(self) -> Iterable[Metric]:
        for metric in self._all():
            if not self._names:
                yield metric
                continue
            wanted = [sample for sample in metric.samples if sample.name in self._names]
            if wanted:
                part = copy.copy(metric)  # a collector may keep its own for the next time
                part.samples = wanted
                yield part

    def _all(self) -> Iterable[Metric]:
        part = top()
        if part is None or part.share is None:
            yield from REGISTRY.collect()
            return
        yield from part.share.read().metrics
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:  # the application's own metrics, by its own means
            yield from MultiProcessCollector(None).collect()  # type: ignore[no-untyped-call]

    def describe(self) -> Iterable[Metric]:
        return ()


def registry(*names: str) -> CollectorRegistry:
    """Return a registry with everything that is to be shown, for the functions of prometheus-client.

    With ``directory`` set it holds the numbers of all processes that share it, else those of this process and
    all else that the application registered.

    Args:
        names: Of samples, for example ``"orders_paid_total"``, if only these are wanted.
    """
    made = CollectorRegistry()
    made.register(_Everything(names))
    return made


class _Answer(NamedTuple):
    headers: list[tuple[str, str]]
    body: bytes


def _answer(path: str, query: str, accept: str, accept_encoding: str) -> _Answer:
    """Return what to answer a scrape with."""
    if path.rstrip("/").endswith(REPORT_PATH):
        body = json.dumps([attrs.asdict(report) for report in cardinality()]).encode()
        headers = [("Content-Type", "application/json")]
    else:
        encode, content_type = choose_encoder(accept)
        body = encode(registry(*parse_qs(query).get("name[]", ())))
        headers = [("Content-Type", content_type)]
    if gzip_accepted(accept_encoding):
        body = gzip.compress(body, 3)
        headers.append(("Content-Encoding", "gzip"))
    return _Answer([*headers, ("Content-Length", str(len(body)))], body)


def make_wsgi_app() -> WsgiApp:
    """Return a WSGI application that answers scrapes, as OpenMetrics with exemplars where it is asked for.

    It answers every path alike: mount it where it belongs.
    """

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = _answer(
            environ.get("PATH_INFO", ""),
            environ.get("QUERY_STRING", ""),
            environ.get("HTTP_ACCEPT", ""),
            environ.get("HTTP_ACCEPT_ENCODING", ""),
        )
        start_response("200 OK", answer.headers)
        return [b"" if environ.get("REQUEST_METHOD") == "HEAD" else answer.body]

    return app


class _AsgiApp:
    """An object, because routers of ASGI frameworks take functions for their own kind of endpoint."""

    async def __call__(
        self, scope: Scope, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope.get("headers", ())}
        answer = await asyncio.to_thread(
            _answer,
            scope.get("path", ""),
            scope.get("query_string", b"").decode("latin-1"),
            headers.get(b"accept", ""),
            headers.get(b"accept-encoding", ""),
        )
        encoded = [(name.lower().encode(), value.encode()) for name, value in answer.headers]
        await send({"type": "http.response.start", "status": 200, "headers": encoded})
        await send({"type": "http.response.body", "body": b"" if scope.get("method") == "HEAD" else answer.body})


def make_asgi_app() -> AsgiApp:
    """Return an ASGI application that answers scrapes like that of :func:`make_wsgi_app`, off the event loop.

    Starlette and FastAPI take it as a route, ``app.routes.append(Route("/metrics", make_asgi_app()))``, which answers
    at exactly that path; what they mount there answers ``/metrics/`` and redirects to it.
    """
    return _AsgiApp()


async def _live(receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]) -> None:
    """Follow the life of the server; there is nothing to do."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: a scrape every few seconds is no news."""


class MetricsServer:
    """A server of scrapes on a thread of its own.

    Attributes:
        port: Where it listens.
    """

    def __init__(self, server: WSGIServer) -> None:
        self._server = server
        self.port: int = server.server_port
        self._thread = start_thread(server.serve_forever, name="e11y-metrics server")

    def close(self) -> None:
        """Stop listening. Calling it twice is harmless."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def start_http_server(port: int, *, host: str = "127.0.0.1") -> MetricsServer:
    """Answer scrapes on a port of their own, on any path, from a daemon thread.

    Args:
        port: 0 lets the system choose.
        host: Address to listen on; the default is for scrapers on the same machine, ``"0.0.0.0"`` for others.

    Raises:
        OSError: The port is taken, also by another process of the same service.
    """
    return MetricsServer(make_server(host, port, make_wsgi_app(), ThreadingWSGIServer, _Silent))


def push(
    gateway: str, job: str, *, grouping_key: Mapping[str, str] | None = None, timeout_s: float | None = 30.0
) -> None:
    """Replace what a Prometheus Pushgateway holds about a job: for work that ends before it is scraped.

    Args:
        gateway: ``host:port`` or a URL.
        job: Value of the label ``job``.
        grouping_key: Further labels that name what is replaced.
        timeout_s: Longest wait in seconds.

    Raises:
        OSError: The gateway cannot be reached or refuses.
    """
    try:
        prometheus_client.push_to_gateway(
            gateway, job, registry(), None if grouping_key is None else dict(grouping_key), timeout_s
        )
    except HTTPError as refusal:
        refusal.close()  # it is the answer too, which nobody will read
        raise OSError(f"the gateway answers {refusal.code} {refusal.reason}") from None
