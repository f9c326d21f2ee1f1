"""The WSGI middleware around applications that use no framework."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.util import FileWrapper

import pytest

import e11y
from e11y.context import CURRENT, NO_FRAME
from e11y_web import WsgiMiddleware, annotate, set_route

from .conftest import Bench, MakeBench, WebSale, WebStep
from .wsgi import Answer, call

HEADERS = [("Content-Type", "text/plain")]


def respond(status: str = "200 OK", before: Callable[[], object] = lambda: None) -> Any:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        before()
        start_response(status, HEADERS)
        return [b"ok"]

    return app


def step(number: int) -> Callable[[], object]:
    return lambda: WebStep.track(number=number)


def test_a_healthy_request_leaves_one_event_and_no_debug_line(bench: Bench) -> None:
    def work() -> None:
        step(1)()
        WebSale.track(number=2)
        annotate(cache_hits=3)
        set_route("/orders/<int:number>")

    answer = call(WsgiMiddleware(respond(before=work)), "/orders/7", headers={"X-Request-ID": "req-1"})
    assert (answer.status, answer.body) == (200, b"ok")
    assert bench.names == ["web.sale", "request.completed"]
    payload = dict(bench.completed.payload)
    assert payload.pop("duration_ms") >= 0
    assert payload == {
        "method": "GET",
        "route": "/orders/<int:number>",
        "status": 200,
        "ended": "completed",
        "error": None,
        "flushed": 0,
        "discarded": 1,
        "evicted": 0,
        "path": "/orders/7",
        "cache_hits": 3,
    }
    assert answer.headers["x-request-id"] == bench.completed.context["request_id"] == "req-1"
    assert answer.headers["traceresponse"].split("-")[1] == bench.completed.trace_id


def test_what_is_recorded_reads_as_the_client_wrote_it(make_bench: MakeBench) -> None:
    bench = make_bench(record=["path", "query", "client"], headers=["user-agent"])
    path = "/größe".encode().decode("latin-1")
    call(WsgiMiddleware(respond()), path, headers={"User-Agent": "curl"}, more={"SCRIPT_NAME": "/shop"})
    payload = bench.completed.payload
    assert [payload[name] for name in ("path", "query", "client")] == ["/shop/größe", "page=2", "10.0.0.7"]
    assert payload["headers"] == {"user-agent": "curl"}


def test_an_exception_writes_the_trail_and_goes_on_unchanged(bench: Bench) -> None:
    fault = LookupError()

    def app(environ: Any, start_response: Any) -> list[bytes]:
        step(1)()
        raise fault

    assert call(WsgiMiddleware(app)).error is fault
    assert bench.names == ["web.step", "request.completed"]
    payload = bench.completed.payload
    assert (payload["status"], payload["ended"], payload["error"]) == (500, "failed", "LookupError")


def test_a_status_of_500_writes_the_trail(bench: Bench) -> None:
    call(WsgiMiddleware(respond("500 Oops", before=step(1))))
    assert bench.names == ["web.step", "request.completed"]


class Streaming:
    """A body that makes its chunks late, fails where it is told to, and wants to be closed."""

    def __init__(self, fails_at: int = 99, fails_at_close: bool = False) -> None:
        self.fails_at = fails_at
        self.fails_at_close = fails_at_close
        self.closed = 0

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", HEADERS)
        WebStep.track(number=0)
        return self

    def __iter__(self) -> Iterator[bytes]:
        for number in range(1, 4):
            WebStep.track(number=number)
            if number == self.fails_at:
                raise ConnectionAbortedError
            yield b"x"

    def close(self) -> None:
        self.closed += 1
        WebStep.track(number=9)
        if self.fails_at_close:
            raise ZeroDivisionError


def test_a_streamed_body_belongs_to_its_request(bench: Bench) -> None:
    app = Streaming()
    assert call(WsgiMiddleware(app)).body == b"xxx"
    assert app.closed == 1
    assert bench.names == ["request.completed"]
    assert (bench.completed.payload["ended"], bench.completed.payload["discarded"]) == ("completed", 5)


def test_a_failure_while_streaming_writes_the_trail(bench: Bench) -> None:
    answer = call(WsgiMiddleware(Streaming(fails_at=2)))
    assert isinstance(answer.error, ConnectionAbortedError)
    numbers = [record.payload["number"] for record in bench.records if record.name == "web.step"]
    assert numbers == [0, 1, 2, 9]
    payload = bench.completed.payload
    assert (payload["status"], payload["ended"], payload["error"]) == (200, "failed", "ConnectionAbortedError")


def test_a_failure_at_the_close_of_the_body_writes_the_trail(bench: Bench) -> None:
    answer = call(WsgiMiddleware(Streaming(fails_at_close=True)))
    assert isinstance(answer.error, ZeroDivisionError)
    assert bench.names == ["web.step"] * 5 + ["request.completed"]


def test_a_client_that_leaves_is_no_failure(bench: Bench) -> None:
    call(WsgiMiddleware(Streaming()), reads=1)
    assert bench.names == ["request.completed"]
    assert (bench.completed.payload["ended"], bench.completed.payload["status"]) == ("disconnected", 200)


def test_a_generator_is_an_application_too(bench: Bench) -> None:
    def app(environ: Any, start_response: Any) -> Iterator[bytes]:
        step(1)()
        start_response("503 Busy", HEADERS)
        yield b"ok"

    assert call(WsgiMiddleware(app)).status == 503
    assert bench.names == ["web.step", "request.completed"]


def test_a_late_error_response_counts(bench: Bench) -> None:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", HEADERS)
        try:
            raise KeyError
        except KeyError as error:
            start_response("500 Oops", HEADERS, (KeyError, error, error.__traceback__))
        return [b"sorry"]

    assert call(WsgiMiddleware(app)).status == 500
    assert bench.completed.payload["status"] == 500


def test_between_two_chunks_the_thread_has_its_context_back(bench: Bench) -> None:
    """A server that interleaves requests on one thread, or forgets to close one, mixes nothing."""
    app = WsgiMiddleware(Streaming())
    first = app(_environ("a"), lambda *_: None)
    assert CURRENT.get() is NO_FRAME
    second = app(_environ("b"), lambda *_: None)
    one, two = iter(first), iter(second)
    next(one), next(two), next(one)
    assert CURRENT.get() is NO_FRAME
    with pytest.raises(KeyError), e11y.scope("job"):
        raise KeyError
    first.close()  # type: ignore[attr-defined]
    second.close()  # type: ignore[attr-defined]
    assert [record.context["request_id"] for record in bench.records] == ["a", "b"]
    assert CURRENT.get() is NO_FRAME


def test_a_body_that_nobody_closes_ends_its_request_when_it_is_forgotten(bench: Bench) -> None:
    body = iter(WsgiMiddleware(Streaming())(_environ("a"), lambda *_: None))
    next(body)
    assert bench.names == []
    del body
    assert bench.names == ["request.completed"]
    assert bench.web.exchanges == {}


def test_a_body_may_be_read_on_another_thread(bench: Bench) -> None:
    body = WsgiMiddleware(Streaming(fails_at=3))(_environ("a"), lambda *_: None)

    def read() -> None:
        with pytest.raises(ConnectionAbortedError):
            list(body)
        body.close()  # type: ignore[attr-defined]
        assert CURRENT.get() is NO_FRAME

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert {record.context["request_id"] for record in bench.records} == {"a"}
    assert bench.names.count("web.step") == 5


def _environ(request_id: str) -> dict[str, Any]:
    return {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_X_REQUEST_ID": request_id}


def test_what_the_server_sends_by_itself_is_left_to_it(bench: Bench) -> None:
    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", HEADERS)
        return environ["wsgi.file_wrapper"](io.BytesIO(b"file"))

    environ = {**_environ("a"), "wsgi.file_wrapper": FileWrapper}
    body = WsgiMiddleware(app)(environ, lambda *_: None)
    assert isinstance(body, FileWrapper)
    assert bench.completed.payload["ended"] == "completed"


def test_plain_lists_stay_what_they_are(bench: Bench) -> None:
    """Servers read the length of a response from them."""
    assert WsgiMiddleware(respond())(_environ("a"), lambda *_: None) == [b"ok"]
    assert bench.names == ["request.completed"]


def test_route_and_user_come_from_the_environ(bench: Bench) -> None:
    app = WsgiMiddleware(respond(), route=lambda environ: "/things", user=lambda environ: environ["REMOTE_ADDR"])
    call(app)
    assert (bench.completed.payload["route"], bench.completed.context["user_id"]) == ("/things", "10.0.0.7")


def test_two_middlewares_are_one_request(bench: Bench) -> None:
    answer = call(WsgiMiddleware(WsgiMiddleware(respond())))
    assert isinstance(answer, Answer)
    assert bench.names == ["request.completed"]
    assert bench.web.exchanges == {}
    assert bench.runtime.scopes.misplaced.value() == 0


def test_switched_off_the_application_runs_untouched(make_bench: MakeBench) -> None:
    bench = make_bench({"enabled": False})
    assert call(WsgiMiddleware(respond())).headers == dict(HEADERS)
    assert bench.records == ()
