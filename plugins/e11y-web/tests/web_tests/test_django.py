"""Django, as WSGI and as ASGI, alone and inside of our other middlewares."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from e11y.context import CURRENT, NO_FRAME
from e11y_web import AsgiMiddleware, WsgiMiddleware

from . import django_site
from .asgi import Connection, serve
from .conftest import Bench, MakeBench
from .wsgi import call

DOORS = ["wsgi", "wsgi wrapped", "asgi", "asgi wrapped"]


class Door:
    """One way to serve the site; answers with status and error."""

    def __init__(self, kind: str) -> None:
        self.is_async = kind.startswith("asgi")
        handler: Any = ASGIHandler() if self.is_async else WSGIHandler()
        wrap: Any = AsgiMiddleware if self.is_async else WsgiMiddleware
        self.app = wrap(handler) if kind.endswith("wrapped") else handler

    def get(self, path: str, headers: dict[str, str] | None = None) -> Any:
        if self.is_async:
            return asyncio.run(self._serve(path, headers))
        return call(self.app, path, headers=headers, strict=False)

    async def _serve(self, path: str, headers: dict[str, str] | None) -> Any:
        return await serve(self.app, path, headers=headers, connection=Connection())


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> Door:
    return Door(request.param)


@pytest.mark.parametrize(
    ("path", "route", "status", "error"),
    [
        ("/orders/7/", "/orders/<int:order_id>/", 200, None),
        ("/orders/7/async/", "/orders/<int:order_id>/async/", 200, None),
        ("/years/2026/", "/years/(?P<order_id>[0-9]{4})/$", 200, None),
        ("/crash/", "/crash/", 500, "LookupError"),
        ("/file/", "/file/", 200, None),
        ("/nothing/", "unmatched", 404, None),
    ],
)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume:Warning")
def test_requests_are_named_by_their_pattern(
    bench: Bench, door: Door, path: str, route: str, status: int, error: str | None
) -> None:
    answer = door.get(path, {"X-Request-ID": "req-1"})
    assert answer.status == status
    payload = bench.completed.payload
    assert (payload["route"], payload["status"], payload["error"]) == (route, status, error)
    assert (payload["path"], payload["method"]) == (path, "GET")
    names = {name.lower(): value for name, value in answer.headers.items()}
    assert names["x-request-id"] == bench.completed.context["request_id"] == "req-1"
    assert names["traceresponse"].split("-")[1] == bench.completed.trace_id
    assert len(bench.scopes) == 1


def test_a_failing_view_writes_its_trail_and_a_healthy_one_none(bench: Bench, door: Door) -> None:
    door.get("/orders/7/")
    door.get("/orders/7/async/")
    door.get("/crash/")
    assert bench.names == ["request.completed", "request.completed", "site.step", "request.completed"]
    assert [record.payload.get("order_id") for record in bench.records] == [7, 7, None, None]
    assert bench.web.exchanges == {}
    assert CURRENT.get() is NO_FRAME


@pytest.mark.parametrize("kind", ["wsgi", "wsgi wrapped"])
def test_a_failure_while_streaming_writes_the_trail(bench: Bench, kind: str) -> None:
    assert isinstance(Door(kind).get("/stream/2/").error, ConnectionAbortedError)
    assert bench.names == ["site.step", "site.step", "request.completed"]
    assert (bench.completed.payload["ended"], bench.completed.payload["status"]) == ("failed", 200)


# Django leaves the request's body to the garbage collector when sending the response fails.
@pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning")
@pytest.mark.parametrize("kind", ["asgi", "asgi wrapped"])
def test_a_failure_while_streaming_asynchronously_writes_the_trail(bench: Bench, kind: str) -> None:
    assert isinstance(Door(kind).get("/stream/2/async/").error, ConnectionAbortedError)
    gc.collect()
    assert bench.names == ["site.step", "site.step", "request.completed"]
    assert (bench.completed.payload["ended"], bench.completed.payload["status"]) == ("failed", 200)


@pytest.mark.parametrize(("kind", "path"), [("wsgi", "/stream/9/"), ("asgi", "/stream/9/async/")])
def test_a_healthy_stream_is_silent(bench: Bench, kind: str, path: str) -> None:
    assert Door(kind).get(path).body == b"xxx"
    assert bench.names == ["request.completed"]
    assert (bench.completed.payload["ended"], bench.completed.payload["discarded"]) == ("completed", 3)


def test_a_client_that_leaves_is_no_failure(bench: Bench) -> None:
    call(WSGIHandler(), "/stream/9/", reads=1, strict=False)
    assert bench.names == ["request.completed"]
    assert bench.completed.payload["ended"] == "disconnected"


def test_a_client_that_leaves_an_asynchronous_stream_is_no_failure(bench: Bench) -> None:
    asyncio.run(serve(ASGIHandler(), "/stream/9/async/", connection=Connection(reads=2)))
    assert bench.names == ["request.completed"]
    assert bench.completed.payload["ended"] in ("disconnected", "cancelled")


def test_the_user_comes_from_a_session_that_was_read(bench: Bench, door: Door) -> None:
    door.get("/log-in/")
    door.get("/orders/7/")
    assert [record.context.get("user_id") for record in bench.records] == ["42", None]


def test_the_check_says_where_the_middleware_has_to_stand() -> None:
    ours = "e11y_web.django.RequestMiddleware"
    assert run_checks() == []
    with override_settings(MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", ours]):
        (second,) = run_checks()
    with override_settings(MIDDLEWARE=[]):
        (missing,) = run_checks()
    assert (second.id, second.msg) == ("e11y_web.W001", f"{ours} is not the first of MIDDLEWARE")
    assert (missing.msg, missing.hint) == (f"{ours} is not in MIDDLEWARE", f'begin MIDDLEWARE with "{ours}"')


@pytest.mark.parametrize("kind", ["wsgi", "asgi"])
def test_switched_off_the_site_runs_untouched(make_bench: MakeBench, kind: str) -> None:
    bench = make_bench({"enabled": False})
    answer = Door(kind).get("/orders/7/")
    assert answer.status == 200
    assert not {"x-request-id", "traceresponse"} & {name.lower() for name in answer.headers}
    assert bench.records == ()
    assert django_site.urlpatterns
