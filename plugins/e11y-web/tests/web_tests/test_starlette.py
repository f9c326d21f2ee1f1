"""Starlette and FastAPI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import fastapi
import pytest
from starlette.applications import Starlette
from starlette.authentication import AuthCredentials, AuthenticationBackend, BaseUser, SimpleUser
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Host, Mount, Route

from e11y_web import annotate
from e11y_web.starlette import StarletteMiddleware

from .asgi import Connection, get, serve
from .conftest import Bench, WebSaleFailed, WebStep


async def show(request: Request) -> Response:
    WebStep.track(number=1)
    return Response("ok")


def show_sync(request: Request) -> Response:
    WebStep.track(number=1)
    annotate(sync=True)
    return Response("ok")


async def crash(request: Request) -> Response:
    WebStep.track(number=1)
    raise LookupError


async def answer_error(request: Request, error: Exception) -> Response:
    WebSaleFailed.track(number=2)
    return JSONResponse({"error": "internal"}, 500)


async def stream(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        for number in range(1, 4):
            WebStep.track(number=number)
            yield b"x"
            if number == int(request.path_params["fails_at"]):
                raise ConnectionAbortedError

    return StreamingResponse(chunks())


def fail_later(number: int) -> None:
    WebStep.track(number=number)
    raise ZeroDivisionError


async def later(request: Request) -> Response:
    WebStep.track(number=1)
    return Response("ok", background=BackgroundTask(fail_later, 2))


async def read(request: Request) -> Response:
    WebStep.track(number=1)
    await request.body()
    return Response("ok")


INNER = [Route("/items/{item_id:int}", show), Route("/", show)]


def starlette_app(**more: Any) -> Starlette:
    return Starlette(
        routes=[
            Route("/orders/{order_id}", show),
            Route("/sync/{order_id}", show_sync),
            Route("/crash", crash),
            Route("/stream/{fails_at}", stream),
            Route("/later", later),
            Route("/read", read, methods=["POST"]),
            Mount("/shop/{shop_id}", routes=INNER),
            Mount("/app", app=Starlette(routes=[Mount("/deep", routes=INNER)])),
            Host("{tenant}.example.com", app=Starlette(routes=INNER)),
        ],
        **more,
    )


def fastapi_app() -> fastapi.FastAPI:
    app = fastapi.FastAPI()
    router = fastapi.APIRouter(prefix="/orders")
    outer = fastapi.APIRouter(prefix="/v1")

    @router.get("/{order_id}")
    def show_order(order_id: str) -> str:
        WebStep.track(number=1)
        return order_id

    @app.get("/plain/{name}")
    async def plain(name: str) -> str:
        return name

    outer.include_router(router)
    app.include_router(outer, prefix="/api")
    app.mount("/inner/{shop_id}", fastapi_inner())
    return app


def fastapi_inner() -> fastapi.FastAPI:
    inner = fastapi.FastAPI()

    @inner.get("/items/{item_id}")
    async def item(item_id: str) -> str:
        return item_id

    return inner


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/orders/7", "/orders/{order_id}", 200),
        ("/sync/7", "/sync/{order_id}", 200),
        ("/shop/3/items/4", "/shop/{shop_id}/items/{item_id}", 200),
        ("/shop/3/", "/shop/{shop_id}/", 200),
        ("/shop/3/nothing", "/shop/{shop_id}/{path}", 404),
        ("/app/deep/items/4", "/app/deep/items/{item_id}", 200),
        ("/read", "/read", 405),
        ("/nothing", "unmatched", 404),
        ("/orders/7/", "unmatched", 307),
    ],
)
def test_requests_to_starlette_are_named_by_the_template_of_their_route(
    bench: Bench, path: str, route: str, status: int
) -> None:
    assert get(StarletteMiddleware(starlette_app()), path).status == status
    assert (bench.completed.payload["route"], bench.completed.payload["status"]) == (route, status)
    assert bench.scopes[0].name == f"GET {route}"


def test_routes_by_host_are_named_by_their_path(bench: Bench) -> None:
    get(StarletteMiddleware(starlette_app()), "/items/4", {"host": "a.example.com"})
    assert bench.completed.payload["route"] == "/items/{item_id}"


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/plain/x", "/plain/{name}", 200),
        ("/api/v1/orders/7", "/api/v1/orders/{order_id}", 200),
        ("/inner/3/items/4", "/inner/{shop_id}/items/{item_id}", 200),
        ("/nothing", "unmatched", 404),
    ],
)
def test_requests_to_fastapi_are_named_by_the_template_of_their_route(
    bench: Bench, path: str, route: str, status: int
) -> None:
    assert get(StarletteMiddleware(fastapi_app()), path).status == status
    assert bench.completed.payload["route"] == route


def test_a_prefix_that_the_server_takes_away_is_no_part_of_the_template(bench: Bench) -> None:
    """``uvicorn --root-path``: the application is asked for below it."""
    app = StarletteMiddleware(starlette_app())

    async def below(scope: Any, receive: Any, send: Any) -> None:
        scope["root_path"], scope["path"] = "/api", "/api" + scope["path"]
        await app(scope, receive, send)

    get(below, "/orders/7")
    get(below, "/shop/3/items/4")
    routes = [record.payload["route"] for record in bench.records]
    assert routes == ["/orders/{order_id}", "/shop/{shop_id}/items/{item_id}"]


def test_what_the_handler_of_errors_tracks_belongs_to_the_request(bench: Bench) -> None:
    app = StarletteMiddleware(starlette_app(exception_handlers={Exception: answer_error}))
    answer = get(app, "/crash")
    assert (answer.status, type(answer.error)) == (500, LookupError)
    assert bench.names == ["web.step", "web.sale.failed", "request.completed"]
    assert {record.trace_id for record in bench.records} == {bench.scopes[0].trace_id}
    assert answer.headers["x-request-id"] == bench.completed.context["request_id"]


def test_it_may_be_added_as_a_middleware_too(bench: Bench) -> None:
    app = starlette_app()
    app.add_middleware(StarletteMiddleware)
    assert isinstance(get(app, "/crash").error, LookupError)
    assert bench.names == ["web.step", "request.completed"]
    assert (bench.completed.payload["route"], bench.completed.payload["status"]) == ("/crash", 500)


def test_failures_in_streams_and_background_tasks_write_their_trails(bench: Bench) -> None:
    app = StarletteMiddleware(starlette_app())
    assert get(app, "/stream/2").error is not None
    assert get(app, "/later").error is not None
    told = [(record.name, record.payload.get("number")) for record in bench.records]
    assert told == [
        ("web.step", 1),
        ("web.step", 2),
        ("request.completed", None),
        ("web.step", 1),
        ("web.step", 2),
        ("request.completed", None),
    ]
    ended = [record.payload["error"] for record in bench.records if record.name == "request.completed"]
    assert ended == ["ConnectionAbortedError", "ZeroDivisionError"]


@pytest.mark.parametrize("spec_version", ["2.3", "2.4"])
@pytest.mark.parametrize(
    ("path", "method", "reads", "status"), [("/stream/9", "GET", 2, 200), ("/read", "POST", 0, None)]
)
def test_a_client_that_leaves_is_no_failure(
    bench: Bench, path: str, method: str, reads: int, status: int | None, spec_version: str
) -> None:
    async def call() -> None:
        connection = Connection(reads=reads, spec_version=spec_version)
        await serve(StarletteMiddleware(starlette_app()), path, method, connection=connection)

    asyncio.run(call())
    assert bench.names == ["request.completed"]
    assert (bench.completed.payload["ended"], bench.completed.payload["status"]) == ("disconnected", status)


class Base(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: Any) -> Response:
        annotate(middleware=True)
        response: Response = await call_next(request)
        return response


def test_middlewares_that_run_the_endpoint_in_another_task_stay_in_the_request(bench: Bench) -> None:
    get(StarletteMiddleware(starlette_app(middleware=[Middleware(Base)])), "/sync/7")
    payload = bench.completed.payload
    assert (payload["middleware"], payload["sync"], payload["route"]) == (True, True, "/sync/{order_id}")
    assert payload["discarded"] == 1


class Known(BaseUser):
    identity = "42"
    is_authenticated = True
    display_name = "Alice"


class Backend(AuthenticationBackend):
    async def authenticate(self, conn: Any) -> Any:
        users = {"known": Known(), "simple": SimpleUser("bob")}
        asked = conn.headers.get("x-user")
        return (AuthCredentials(), users[asked]) if asked else None


@pytest.mark.parametrize(("header", "user"), [("known", "42"), ("simple", "bob"), (None, None)])
def test_the_authenticated_user_is_told(bench: Bench, header: str | None, user: str | None) -> None:
    app = starlette_app(middleware=[Middleware(AuthenticationMiddleware, backend=Backend())])
    get(StarletteMiddleware(app), "/orders/7", {"x-user": header} if header else None)
    assert bench.completed.context.get("user_id") == user


def test_the_applications_own_lookups_come_first(bench: Bench) -> None:
    get(StarletteMiddleware(starlette_app(), route=lambda _: "/own", user=lambda _: "own"), "/orders/7")
    assert (bench.completed.payload["route"], bench.completed.context["user_id"]) == ("/own", "own")
