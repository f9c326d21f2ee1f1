"""The ways out: WSGI, ASGI, a server, a gateway; as text or OpenMetrics, plain or compressed."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest
from prometheus_client import REGISTRY, Counter

import e11y
from e11y import Event, Runtime
from e11y.testing import Answer, LoopbackServer
from e11y_metrics import counter, make_asgi_app, make_wsgi_app, push, registry, start_http_server

from .conftest import Bench

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


@counter("shown_total", tags=["color"])
class ExpositionShown(Event):
    color: str


Get = Callable[..., tuple[dict[str, str], bytes]]


def get_wsgi(path: str = "/metrics", query: str = "", **headers: str) -> tuple[dict[str, str], bytes]:
    environ: dict[str, Any] = {"SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": query}
    environ.update({f"HTTP_{name.upper()}": value for name, value in headers.items()})
    setup_testing_defaults(environ)
    seen: dict[str, str] = {}

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        assert status == "200 OK"
        seen.update(headers)
        return lambda data: None

    answer = validator(make_wsgi_app())(environ, start_response)
    try:
        return seen, b"".join(answer)
    finally:
        answer.close()  # type: ignore[attr-defined]


def get_asgi(path: str = "/metrics", query: str = "", **headers: str) -> tuple[dict[str, str], bytes]:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": raw}
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(make_asgi_app()(scope, receive, send))
    start, body = sent
    assert (start["type"], start["status"], body["type"]) == ("http.response.start", 200, "http.response.body")
    return {name.decode().title(): value.decode() for name, value in start["headers"]}, body["body"]


@pytest.fixture(params=[get_wsgi, get_asgi])
def get(request: pytest.FixtureRequest) -> Get:
    found: Get = request.param
    return found


@pytest.fixture(autouse=True)
def shown(bench: Bench) -> Bench:
    with e11y.scope("x"):
        ExpositionShown.track(color="red")
    return bench


def test_plain_text(get: Get) -> None:
    headers, body = get()
    assert headers["Content-Type"].startswith("text/plain; version=")
    assert int(headers["Content-Length"]) == len(body)
    assert b'\nshown_total{color="red"} 1.0\n' in body
    assert b"# EOF" not in body


def test_openmetrics_has_exemplars(get: Get) -> None:
    headers, body = get(accept=OPENMETRICS)
    assert headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert b'\nshown_total{color="red"} 1.0 # {trace_id="' in body
    assert body.endswith(b"# EOF\n")


def test_compressed(get: Get) -> None:
    headers, body = get(accept_encoding="br, GZIP;q=0.5")
    assert headers["Content-Encoding"] == "gzip"
    assert b"shown_total" in gzip.decompress(body)


def test_some_metrics_alone(get: Get) -> None:
    _, body = get(query="name[]=shown_total")
    assert [line for line in body.splitlines() if not line.startswith(b"#")] == [b'shown_total{color="red"} 1.0']


def test_the_report_on_labels(get: Get) -> None:
    headers, body = get(path="/metrics/cardinality")
    assert headers["Content-Type"] == "application/json"
    (report,) = json.loads(body)
    assert (report["metric"], report["label"], report["values"], report["limit"]) == ("shown_total", "color", 1, 1_000)


def test_metrics_of_the_application_stand_beside(get: Get) -> None:
    own = Counter("own_seen_total", "Mine.")
    try:
        own.inc()
        assert b"\nown_seen_total 1.0\n" in get()[1]
    finally:
        REGISTRY.unregister(own)


def test_an_asgi_server_may_ask_for_the_lifespan() -> None:
    async def live() -> list[str]:
        asked = iter(["lifespan.startup", "lifespan.shutdown"])
        sent: list[str] = []

        async def receive() -> dict[str, Any]:
            return {"type": next(asked)}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message["type"])

        await make_asgi_app()({"type": "lifespan"}, receive, send)
        return sent

    assert asyncio.run(live()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_a_server_of_its_own() -> None:
    server = start_http_server(0)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/anything", timeout=10) as answer:
            assert b'shown_total{color="red"} 1.0' in answer.read()
        with pytest.raises(OSError, match="in use"):
            start_http_server(server.port)
    finally:
        server.close()
        server.close()


def test_a_push_replaces_what_the_gateway_holds() -> None:
    with LoopbackServer() as gateway:
        push(gateway.url, "nightly", grouping_key={"shard": "a"})
        (request,) = gateway.requests
    assert (request.method, request.path) == ("PUT", "/metrics/job/nightly/shard/a")
    assert b'shown_total{color="red"} 1.0' in request.body


def test_a_gateway_that_refuses_is_the_callers_to_know() -> None:
    with (
        LoopbackServer(Answer(500)) as gateway,
        pytest.raises(OSError, match="^the gateway answers 500 Internal Server Error$"),
    ):
        push(gateway.url, "nightly")


def test_the_last_numbers_can_be_read_after_the_end(bench: Bench) -> None:
    bench.runtime.shutdown(5)
    assert registry().get_sample_value("shown_total", {"color": "red"}) == 1


def test_an_inner_runtime_shows_its_own_numbers_while_it_lasts(bench: Bench) -> None:
    settings = {"environment": "test", "plugins": ["metrics"]}
    with Runtime(settings, adapters={}, environ={}, event_types=()):
        ExpositionShown.track(color="blue")
        assert registry().get_sample_value("shown_total", {"color": "red"}) is None
        assert registry().get_sample_value("shown_total", {"color": "blue"}) == 1
    assert bench.named("shown") == {'shown_total{color="red"}': 1}


def test_the_ledger_is_shown_as_it_is_when_it_is_read(bench: Bench) -> None:
    bench.runtime.flush(5)
    snapshot = bench.runtime.ledger.snapshot()
    found = bench.named("e11y_")
    assert found == {
        'e11y_cardinality_overflow_total{label="color",metric="shown_total"}': 0,
        'e11y_cardinality_current{label="color",metric="shown_total"}': 1,
        **{
            f'e11y_events_tracked_total{{result="{result}"}}': int(result == "routed")
            for result in (
                *("routed", "invalid", "disabled", "filter_failed", "discarded", "unrouted", "shed", "dropped"),
            )
        },
        "e11y_buffer_size": 0,
        "e11y_ephemeral_buffer_size": 0,
        'e11y_adapter_writes_total{adapter="logs",reason="",status="delivered"}': 1,
        'e11y_adapter_writes_total{adapter="logs",reason="",status="handed_over"}': 0,
        'e11y_adapter_writes_total{adapter="logs",reason="",status="dead_lettered"}': 0,
        'e11y_retry_attempt_total{adapter="logs"}': 0,
        'e11y_adapter_queue_size{adapter="logs"}': 0,
        'e11y_adapter_queue_bytes{adapter="logs"}': 0,
        'e11y_circuit_breaker_state{adapter="logs"}': 0,
        'e11y_dlq_saved_total{adapter="logs"}': 0,
        'e11y_dlq_saved_total{adapter=""}': 0,
        'e11y_dlq_replayed_total{adapter="logs"}': 0,
        "e11y_dlq_lost_total": 0,
    }
    assert snapshot.routed == 1


def test_what_is_replayed_is_shown(bench: Bench) -> None:
    bench.runtime.flush(5)
    for _ in range(2):
        bench.runtime.submit(bench.memory.records[:1], "logs")
        bench.runtime.flush(5)
    assert bench.named("e11y_dlq_replayed", 'e11y_adapter_writes_total{adapter="logs",reason="",status="deliv') == {
        'e11y_dlq_replayed_total{adapter="logs"}': 2,
        'e11y_adapter_writes_total{adapter="logs",reason="",status="delivered"}': 3,
    }


def test_the_readme_names_every_metric_of_the_library(bench: Bench) -> None:
    readme = Path(__file__).parents[1].joinpath("README.md").read_text("utf-8")
    named = set(re.findall(r"`(e11y_(?!metrics|collect)\w+)(?:\{[\w,]+\})?`", readme))
    shown = re.findall(r"^# TYPE (e11y_\w+) (\w+)$", bench.text, re.MULTILINE)
    assert named == {f"{name}_total" if kind == "counter" else name for name, kind in shown}
