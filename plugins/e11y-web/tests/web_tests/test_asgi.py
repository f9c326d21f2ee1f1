"""The ASGI middleware around applications that use no framework."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import e11y
from e11y.context import CURRENT, NO_FRAME
from e11y_web import AsgiMiddleware, annotate, note_error, set_route

from .asgi import Connection, get, http_scope, serve
from .conftest import Bench, MakeBench, WebSale, WebSaleFailed, WebStep

START = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}
Handler = Callable[[Any, Any, Any], Awaitable[None]]


def respond(status: int = 200, body: bytes = b"ok", before: Callable[[], object] = lambda: None) -> Handler:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        before()
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app


def steps(*numbers: int) -> Callable[[], None]:
    def track() -> None:
        for number in numbers:
            WebStep.track(number=number)

    return track


def test_a_healthy_request_leaves_one_event_and_no_debug_line(bench: Bench) -> None:
    def work() -> None:
        steps(1, 2)()
        WebSale.track(number=3)
        set_route("/orders/{order_id}")

    get(AsgiMiddleware(respond(before=work)), "/orders/7")
    assert bench.names == ["web.sale", "request.completed"]
    payload = dict(bench.completed.payload)
    assert payload.pop("duration_ms") >= 0
    assert payload == {
        "method": "GET",
        "route": "/orders/{order_id}",
        "status": 200,
        "ended": "completed",
        "error": None,
        "flushed": 0,
        "discarded": 2,
        "evicted": 0,
        "path": "/orders/7",
    }
    assert bench.completed.severity == "success"
    (report,) = bench.scopes
    assert (report.name, report.kind, report.failed) == ("GET /orders/{order_id}", "request", False)
    assert dict(report.attributes) == {
        "method": "GET",
        "route": "/orders/{order_id}",
        "status": 200,
        "error": "",
        "ended": "completed",
        "answered_ns": 0,
    }


def test_an_exception_writes_the_trail_counts_as_500_and_goes_on_unchanged(bench: Bench) -> None:
    fault = LookupError("secret text")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        steps(1, 2, 3)()
        raise fault

    answer = get(AsgiMiddleware(app))
    assert answer.error is fault
    assert bench.names == ["web.step"] * 3 + ["request.completed"]
    assert [record.payload["number"] for record in bench.records[:3]] == [1, 2, 3]
    assert bench.completed.severity == "error"
    assert (bench.completed.payload["status"], bench.completed.payload["error"]) == (500, "LookupError")
    assert bench.completed.payload["flushed"] == 3
    assert "secret text" not in str([record.encoded() for record in bench.records])
    assert bench.scopes[0].trigger == "exception"
    assert (bench.scopes[0].attributes["status"], bench.scopes[0].attributes["error"]) == (500, "LookupError")


@pytest.mark.parametrize(
    ("status", "severity", "written"), [(200, "success", 0), (302, "success", 0), (404, "info", 0), (503, "error", 1)]
)
def test_the_status_decides(bench: Bench, status: int, severity: str, written: int) -> None:
    get(AsgiMiddleware(respond(status, before=steps(1))))
    assert bench.completed.severity == severity
    assert bench.names.count("web.step") == written


def test_further_statuses_may_write_the_trail(make_bench: MakeBench) -> None:
    bench = make_bench({"scope": {"flush_on_statuses": [409]}})
    get(AsgiMiddleware(respond(409, before=steps(1))))
    assert bench.names == ["web.step", "request.completed"]
    assert (bench.completed.severity, bench.completed.payload["flushed"]) == ("info", 1)


def test_a_failed_request_need_not_write_the_trail(make_bench: MakeBench) -> None:
    bench = make_bench({"scope": {"flush_on_error": False}})
    get(AsgiMiddleware(respond(500, before=steps(1))))
    assert bench.names == ["request.completed"]
    assert bench.completed.severity == "error"


def test_an_error_event_brings_the_trail_before_itself(bench: Bench) -> None:
    def work() -> None:
        steps(1)()
        WebSaleFailed.track(number=2)
        steps(3)()

    get(AsgiMiddleware(respond(before=work)))
    assert bench.names == ["web.step", "web.sale.failed", "web.step", "request.completed"]
    assert bench.completed.severity == "success"


async def broken_stream(scope: Any, receive: Any, send: Any) -> None:
    await send(START)
    for number in range(5):
        WebStep.track(number=number)
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
    raise ConnectionAbortedError("the database is gone")


def test_a_failure_while_streaming_writes_the_trail(bench: Bench) -> None:
    answer = get(AsgiMiddleware(broken_stream))
    assert isinstance(answer.error, ConnectionAbortedError)
    assert bench.names == ["web.step"] * 5 + ["request.completed"]
    payload = bench.completed.payload
    assert (payload["status"], payload["ended"], payload["error"]) == (200, "failed", "ConnectionAbortedError")


def test_the_only_exception_of_a_group_is_named(bench: Bench) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ExceptionGroup("tasks", [ExceptionGroup("more", [LookupError()])])

    async def failing_twice(scope: Any, receive: Any, send: Any) -> None:
        raise ExceptionGroup("tasks", [LookupError(), KeyError()])

    get(AsgiMiddleware(app))
    get(AsgiMiddleware(failing_twice))
    assert [record.payload["error"] for record in bench.records] == ["LookupError", "ExceptionGroup"]


async def background(scope: Any, receive: Any, send: Any) -> None:
    await respond(before=steps(1))(scope, receive, send)
    steps(2)()
    raise ZeroDivisionError


def test_a_failure_after_the_response_writes_the_trail(bench: Bench) -> None:
    get(AsgiMiddleware(background))
    assert [record.payload.get("number") for record in bench.records] == [1, 2, None]
    payload = bench.completed.payload
    assert (payload["status"], payload["ended"], payload["error"]) == (200, "failed", "ZeroDivisionError")


def test_the_end_of_the_response_is_told_beside_the_true_end(bench: Bench) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(START)
        for more in (True, False):
            bench.clock.advance(0.25)
            await send({"type": "http.response.body", "body": b"o", "more_body": more})
        bench.clock.advance(2)

    async def unfinished(scope: Any, receive: Any, send: Any) -> None:
        await send(START)

    get(AsgiMiddleware(app))
    get(AsgiMiddleware(unfinished))
    told, other = bench.scopes
    assert (told.attributes["answered_ns"], told.duration_ns) == (500_000_000, 2_500_000_000)
    assert "answered_ns" not in other.attributes


def test_no_response_at_all_is_a_failure(bench: Bench) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        steps(1)()

    get(AsgiMiddleware(app))
    assert bench.names == ["web.step", "request.completed"]
    assert (bench.completed.payload["status"], bench.completed.payload["ended"]) == (500, "failed")


class ClientDisconnect(Exception):
    """Bears the name of Starlette's."""


async def reading(scope: Any, receive: Any, send: Any) -> None:
    steps(1)()
    if (await receive())["type"] == "http.disconnect":
        raise ClientDisconnect


async def returning(scope: Any, receive: Any, send: Any) -> None:
    steps(1)()
    await receive()


async def streaming(scope: Any, receive: Any, send: Any) -> None:
    steps(1)()
    await send(START)
    for _ in range(5):
        await send({"type": "http.response.body", "body": b"x", "more_body": True})


async def grouping(scope: Any, receive: Any, send: Any) -> None:
    steps(1)()
    try:
        await streaming(scope, receive, send)
    except OSError as lost:
        raise ExceptionGroup("tasks", [lost, ExceptionGroup("more", [ClientDisconnect()])]) from None


@pytest.mark.parametrize(
    ("app", "reads", "status"), [(reading, 0, None), (returning, 0, None), (streaming, 2, 200), (grouping, 2, 200)]
)
def test_a_client_that_leaves_is_no_failure(bench: Bench, app: Handler, reads: int, status: int | None) -> None:
    async def call() -> None:
        await serve(AsgiMiddleware(app), connection=Connection(reads=reads, spec_version="2.4"))

    asyncio.run(call())
    assert bench.names == ["request.completed"]
    payload = bench.completed.payload
    assert (payload["ended"], payload["status"], payload["error"]) == ("disconnected", status, None)
    assert bench.completed.severity == "info"


def test_a_fault_of_the_application_after_the_client_left_is_a_failure(bench: Bench) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        steps(1)()
        await receive()
        raise KeyError("order")

    async def call() -> None:
        await serve(AsgiMiddleware(app), connection=Connection(reads=0))

    asyncio.run(call())
    assert bench.names == ["web.step", "request.completed"]
    assert bench.completed.payload["ended"] == "failed"


def test_cancelled_work_is_no_failure(bench: Bench) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        steps(1)()
        await asyncio.sleep(60)

    async def call() -> None:
        task = asyncio.create_task(serve(AsgiMiddleware(app)))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(call())
    assert bench.names == ["request.completed"]
    assert (bench.completed.payload["ended"], bench.completed.payload["status"]) == ("cancelled", None)


def test_trace_context_comes_in_and_goes_out(bench: Bench) -> None:
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
    answer = get(AsgiMiddleware(respond()), headers={"traceparent": parent, "X-Request-ID": "req-1"})
    record = bench.completed
    assert record.trace_id == "4bf92f3577b34da6a3ce929d0e0e4736"
    version, trace_id, span_id, flags = answer.headers["traceresponse"].split("-")
    assert (version, trace_id, flags) == ("00", record.trace_id, "00")
    assert span_id == record.parent_span_id != "00f067aa0ba902b7"
    assert answer.headers["x-request-id"] == record.context["request_id"] == "req-1"


def test_without_headers_each_request_is_a_trace_of_its_own(bench: Bench) -> None:
    app = AsgiMiddleware(respond(before=lambda: e11y.bind(user="u")))
    answers = [get(app).headers for _ in range(2)]
    assert len({answer["traceresponse"] for answer in answers}) == 2
    ids = [answer["x-request-id"] for answer in answers]
    assert [record.context["request_id"] for record in bench.records] == ids
    assert all(len(one) == 32 and int(one, 16) for one in ids)


def test_strangers_are_not_believed(make_bench: MakeBench) -> None:
    bench = make_bench(trust_inbound=False)
    headers = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", "X-Request-ID": "req-1"}
    answer = get(AsgiMiddleware(respond()), headers=headers)
    assert bench.completed.trace_id != "4bf92f3577b34da6a3ce929d0e0e4736"
    assert answer.headers["x-request-id"] != "req-1"


def test_headers_of_the_application_stay_and_its_message_is_not_changed(bench: Bench) -> None:
    start = {**START, "headers": [(b"X-Request-ID", b"own")]}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send(start)
        await send({"type": "http.response.body"})

    first, second = get(AsgiMiddleware(app)), get(AsgiMiddleware(app))
    assert first.headers["X-Request-ID"] == "own"
    assert "x-request-id" not in first.headers
    assert first.headers["traceresponse"] != second.headers["traceresponse"]
    assert start["headers"] == [(b"X-Request-ID", b"own")]


def test_responses_need_not_carry_headers(make_bench: MakeBench) -> None:
    make_bench(response_headers=False)
    assert get(AsgiMiddleware(respond())).headers == {}


def test_any_code_may_add_fields_to_the_canonical_event(bench: Bench) -> None:
    def work() -> None:
        with e11y.scope("inside"), e11y.context(more=1):
            assert annotate(cache_hits=1, plan="free", status=1)
        assert annotate(cache_hits=2)

    get(AsgiMiddleware(respond(before=work)))
    payload = bench.completed.payload
    assert (payload["cache_hits"], payload["plan"], payload["status"]) == (2, "free", 200)
    assert "more" not in bench.completed.context


def test_outside_of_requests_nothing_can_be_said(bench: Bench) -> None:
    said = (annotate(cache_hits=1), set_route("/"), note_error(KeyError()))
    with e11y.scope("job"):
        assert not annotate(cache_hits=1)
    assert said == (False, False, False)


def test_after_the_end_of_a_request_nothing_can_be_said(bench: Bench) -> None:
    later: list[Callable[[], bool]] = []

    def work() -> None:
        later.append(e11y.carry(lambda: annotate(late=1)))

    get(AsgiMiddleware(respond(before=work)))
    assert later[0]() is False
    assert "late" not in bench.completed.payload


def test_what_is_recorded_can_be_chosen(make_bench: MakeBench) -> None:
    bench = make_bench(record=["query", "client"], headers=["User-Agent", "X-Missing"])
    get(AsgiMiddleware(respond()), "/orders/7", {"user-agent": "A" * 2000})
    payload = bench.completed.payload
    assert (payload["query"], payload["client"], "path" in payload) == ("page=2", "10.0.0.7", False)
    assert payload["headers"] == {"user-agent": "A" * 1024}


def test_excluded_paths_have_a_scope_and_no_canonical_event(make_bench: MakeBench) -> None:
    bench = make_bench(exclude=["/healthz", "/static/*"])
    for path, status in [("/healthz", 200), ("/static/a/b.css", 200), ("/healthz", 500), ("/healthz2", 200)]:
        get(AsgiMiddleware(respond(status, before=steps(status))), path)
    assert bench.names == ["web.step", "request.completed"]
    assert bench.completed.payload["path"] == "/healthz2"
    assert [report.attributes["status"] for report in bench.scopes] == [200, 200, 500, 200]


def test_the_canonical_event_can_be_switched_off(make_bench: MakeBench) -> None:
    bench = make_bench(completed=False)
    get(AsgiMiddleware(respond(500, before=steps(1))))
    assert bench.names == ["web.step"]


def test_the_user_is_asked_for_once_and_only_if_it_is_told(make_bench: MakeBench) -> None:
    bench = make_bench(exclude=["/healthz"], user_as="customer")
    asked: list[str] = []

    def user(scope: Any) -> int:
        asked.append(scope["path"])
        return 42

    app = AsgiMiddleware(respond(before=steps(1)), user=user)
    get(app, "/orders")
    get(app, "/healthz")
    assert asked == ["/orders"]
    assert bench.completed.context["customer"] == 42


def test_a_user_lookup_that_raises_is_counted_and_told_nobody(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    def user(scope: Any) -> str:
        raise LookupError("alice@example.com")

    def route(scope: Any) -> str:
        raise LookupError("alice@example.com")

    assert get(AsgiMiddleware(respond(), user=user, route=route)).status == 200
    assert "user_id" not in bench.completed.context
    assert bench.completed.payload["route"] == "unmatched"
    bench.runtime.faults.tell(final=True)
    assert caplog.messages == [
        "web: route lookup failed: LookupError (1 times)",
        "web: user lookup failed: LookupError (1 times)",
    ]


class Unspeakable:
    def __str__(self) -> str:
        raise ValueError("no words")


def test_a_user_that_cannot_be_told_is_left_out(bench: Bench) -> None:
    assert get(AsgiMiddleware(respond(), user=lambda _: Unspeakable())).status == 200
    assert "user_id" not in bench.completed.context


def test_two_middlewares_are_one_request(bench: Bench) -> None:
    get(AsgiMiddleware(AsgiMiddleware(respond(before=steps(1)))))
    assert len(bench.scopes) == 1
    assert bench.names == ["request.completed"]


def test_a_request_inside_a_request_keeps_the_outer_one_intact(bench: Bench) -> None:
    inner = AsgiMiddleware(respond(500, before=steps(2)))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        annotate(which="outer")
        steps(1)()
        await serve(inner, "/inner", headers={"X-Request-ID": "inner"})
        annotate(again="outer")
        assert e11y.current_context()["request_id"] == "outer"
        await respond()(scope, receive, send)

    get(AsgiMiddleware(app), headers={"X-Request-ID": "outer"})
    assert bench.names == ["web.step", "request.completed", "request.completed"]
    assert [record.context["request_id"] for record in bench.records] == ["inner", "inner", "outer"]
    assert bench.records[2].payload["again"] == "outer"
    assert "which" not in bench.records[1].payload


def test_requests_of_a_server_that_runs_inside_a_scope_are_traces_of_their_own(bench: Bench) -> None:
    async def call() -> None:
        with e11y.context(region="eu"), e11y.scope("serve") as around:
            for _ in range(2):
                await serve(AsgiMiddleware(respond()))
            assert CURRENT.get() is around.frame

    asyncio.run(call())
    assert len({report.trace_id for report in bench.scopes}) == 3
    assert [(record.context["region"], record.parent_trace_id) for record in bench.records] == [("eu", None)] * 2


def test_the_servers_task_has_its_context_back(bench: Bench) -> None:
    async def call() -> None:
        await serve(AsgiMiddleware(respond()))
        assert CURRENT.get() is NO_FRAME
        await serve(AsgiMiddleware(broken_stream))
        assert CURRENT.get() is NO_FRAME

    asyncio.run(call())
    assert bench.web.exchanges == {}
    assert bench.runtime.scopes.misplaced.value() == 0


@pytest.mark.parametrize("settings", [{"enabled": False}, {"plugins": []}])
def test_switched_off_the_application_runs_untouched(make_bench: MakeBench, settings: dict[str, Any]) -> None:
    bench = make_bench(settings)
    assert get(AsgiMiddleware(respond())).headers == {}
    assert bench.records == ()


def websocket(*answers: dict[str, Any]) -> Handler:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        steps(1)()
        set_route("/feed")
        for answer in answers:
            await send(answer)

    return app


def connect(app: Any) -> None:
    asyncio.run(_connect(app))


async def _connect(app: Any) -> None:
    connection = Connection()
    await app({**http_scope("/feed"), "type": "websocket"}, connection.receive, connection.send)


def test_websockets_open_no_scope_unless_asked(bench: Bench) -> None:
    connect(AsgiMiddleware(websocket({"type": "websocket.accept"})))
    assert bench.scopes == []
    assert bench.names == ["web.step"]


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        ([{"type": "websocket.accept"}, {"type": "websocket.close"}], 101),
        ([{"type": "websocket.close"}], 403),
        ([{"type": "websocket.http.response.start", "status": 401}], 401),
    ],
)
def test_websockets_that_were_asked_for(make_bench: MakeBench, answers: list[dict[str, Any]], status: int) -> None:
    bench = make_bench(websockets=True)
    connect(AsgiMiddleware(websocket(*answers)))
    (report,) = bench.scopes
    assert (report.name, report.kind, report.attributes["status"]) == ("WEBSOCKET /feed", "websocket", status)
    assert bench.names == []
