"""Flask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flask
import pytest
from werkzeug.exceptions import ServiceUnavailable

from e11y_web import annotate
from e11y_web.flask import E11y

from .conftest import Bench, WebStep
from .wsgi import call


def make_app(**options: Any) -> flask.Flask:
    app = flask.Flask("shop")
    extension = E11y(**options)
    extension.init_app(app)
    orders = flask.Blueprint("orders", "orders", url_prefix="/orders")

    @orders.get("/<int:order_id>")
    def show(order_id: int) -> str:
        WebStep.track(number=order_id)
        annotate(order_id=order_id)
        return "ok"

    @app.get("/crash")
    def crash() -> str:
        WebStep.track(number=1)
        raise LookupError

    @app.get("/busy")
    def busy() -> str:
        raise ServiceUnavailable

    @app.get("/handled")
    def handled() -> str:
        raise KeyError

    @app.errorhandler(KeyError)
    def teapot(error: KeyError) -> tuple[str, int]:
        return "tea", 418

    @app.get("/stream")
    def stream() -> flask.Response:
        def chunks() -> Iterator[str]:
            for number in range(3):
                WebStep.track(number=number)
                yield "x"
            raise ConnectionAbortedError

        return flask.Response(flask.stream_with_context(chunks()))

    app.register_blueprint(orders)
    return app


@pytest.mark.parametrize(
    ("path", "method", "route", "status", "error"),
    [
        ("/orders/7", "GET", "/orders/<int:order_id>", 200, None),
        ("/orders/x", "GET", "unmatched", 404, None),
        ("/orders/7", "POST", "unmatched", 405, None),
        ("/crash", "GET", "/crash", 500, "LookupError"),
        ("/busy", "GET", "/busy", 503, None),
        ("/handled", "GET", "/handled", 418, None),
    ],
)
def test_requests_are_named_by_their_rule(
    bench: Bench, path: str, method: str, route: str, status: int, error: str | None
) -> None:
    assert call(make_app(), path, method).status == status
    payload = bench.completed.payload
    assert (payload["route"], payload["status"], payload["error"]) == (route, status, error)


def test_an_exception_writes_the_trail(bench: Bench) -> None:
    call(make_app(), "/crash")
    assert bench.names == ["web.step", "request.completed"]


def test_a_failure_while_streaming_writes_the_trail(bench: Bench) -> None:
    assert isinstance(call(make_app(), "/stream").error, ConnectionAbortedError)
    assert bench.names == ["web.step"] * 3 + ["request.completed"]


def test_the_user_is_asked_for_inside_flasks_context(bench: Bench) -> None:
    def user() -> str | None:
        return flask.request.headers.get("X-User")

    call(make_app(user=user), "/orders/7", headers={"X-User": "alice"})
    assert bench.completed.context["user_id"] == "alice"


def test_flasks_own_test_client_goes_the_same_way(bench: Bench) -> None:
    app = flask.Flask("small")
    E11y(app)
    with app.test_client().get("/nothing") as response:
        assert response.headers["x-request-id"]
    assert bench.completed.payload["status"] == 404


def test_without_a_runtime_nothing_changes(make_bench: Any) -> None:
    make_bench({"enabled": False})
    assert call(make_app(user=lambda: "alice"), "/orders/7").status == 200
