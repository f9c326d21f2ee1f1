"""What strangers send: it never raises, and never reaches a header, a log line or a page unescaped."""

from __future__ import annotations

import ast
import asyncio
import html
import io
import random
import re
import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

import e11y
from e11y import Runtime
from e11y.context import CURRENT
from e11y.trace import inject
from e11y_web import AsgiMiddleware, WsgiMiddleware
from e11y_web.starlette import StarletteMiddleware

from .asgi import Answer, get, serve
from .conftest import Bench, MakeBench
from .wsgi import environ_of

EVIL = "<script>\r\nSet-Cookie: a=b\x1b[31m\x00é"
HARMLESS = re.compile(r"[ -~]*")
REQUEST_ID = re.compile(r"[A-Za-z0-9._:/+=@~-]{1,128}")
NAMES = [
    "traceparent",
    "tracestate",
    "baggage",
    "x-trace-id",
    "x-request-id",
    "x-correlation-id",
    "x-e11y-debug",
    "user-agent",
]

latin = st.text(st.characters(max_codepoint=255), max_size=600)
nearly = st.sampled_from(
    [
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "version=1,user_email=a%40b.c,request_id=%0d%0aSet-Cookie%3a%20x,version=%3Cscript%3E",
        "a" * 10_000,
        "9999999999.%s" % ("0" * 64),
        EVIL,
    ]
)
headers_of = st.dictionaries(st.sampled_from(NAMES), latin | nearly)


@pytest.fixture
def hostile(make_bench: MakeBench) -> Bench:
    return make_bench({"environment": "production"}, headers=["user-agent"], debug_key="k" * 32)


async def outgoing(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the headers that a call to another service would carry."""
    sent: dict[str, str] = {}
    inject(sent, CURRENT.get())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": repr(sent).encode()})


def check(answer: Answer) -> None:
    assert answer.error is None
    assert REQUEST_ID.fullmatch(answer.headers["x-request-id"])
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", answer.headers["traceresponse"])
    sent = ast.literal_eval(answer.body.decode())
    for name, value in sent.items():
        assert HARMLESS.fullmatch(value), name
        assert len(value) <= 8192
    # tracestate belongs to the vendors and goes on as it came (W3C Trace Context, 3.3); of baggage only what is allowed.
    assert "user_email" not in sent.get("baggage", "")


@given(headers=headers_of, path=st.text(max_size=300), method=st.text(max_size=20))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_asgi_requests_carry(hostile: Bench, headers: dict[str, str], path: str, method: str) -> None:
    hostile.memory.clear()
    path = path.encode("utf-8", "replace").decode()
    check(asyncio.run(serve(AsgiMiddleware(outgoing), path, method, headers)))
    encoded = hostile.completed.encoded()
    assert not re.search(rb"[\x00-\x1f]", encoded)
    assert hostile.faults == []


@given(headers=headers_of, path=latin, method=latin)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_wsgi_requests_carry(hostile: Bench, headers: dict[str, str], path: str, method: str) -> None:
    hostile.memory.clear()
    sent: dict[str, str] = {}

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [b"ok"]

    WsgiMiddleware(app)(environ_of(path, method, headers), lambda status, headers: sent.update(headers))
    assert REQUEST_ID.fullmatch(sent["x-request-id"])
    assert not re.search(rb"[\x00-\x1f]", hostile.completed.encoded())
    assert hostile.faults == []


def test_request_ids_need_no_escaping_anywhere(bench: Bench) -> None:
    for given_id, kept in [("abc-1:2/3=4@5~6.7_8+9", True), ("a" * 128, True), ("a" * 129, False), ("-a", False)]:
        answer = get(AsgiMiddleware(outgoing), headers={"x-request-id": given_id})
        assert (answer.headers["x-request-id"] == given_id) is kept
        assert html.escape(answer.headers["x-request-id"]) == answer.headers["x-request-id"]
    for evil in ("<script>", 'a"b', "a b", "a\tb", "a&b", "a;b", "é", ""):
        assert get(AsgiMiddleware(outgoing), headers={"x-request-id": evil}).headers["x-request-id"] != evil


def test_the_console_shows_one_line_per_event(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sys.stdout", out)
    console = {"plugins": ["web"], "adapters": {"logs": {"type": "console"}}, "web": {"headers": ["user-agent"]}}
    with Runtime({**console, "environment": "production"}, environ={}, event_types=()) as runtime:
        for name in NAMES:
            get(AsgiMiddleware(outgoing), "/\u202e" + EVIL, {name: EVIL})
        assert not runtime.flush(20).undelivered
    lines = out.getvalue().splitlines()
    assert len(lines) == len(NAMES)
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", out.getvalue())


def _app() -> Starlette:
    async def show(request: Any) -> PlainTextResponse:
        return PlainTextResponse("ok")

    return Starlette(routes=[Route("/orders/{order_id}", show), Mount("/shop/{shop_id}", routes=[Route("/x", show)])])


def test_random_paths_give_one_name(make_bench: MakeBench) -> None:
    """10 000 paths and methods that nobody serves: one bucket, so one series for whoever counts by name."""
    bench = make_bench(completed=False)
    app, chance = StarletteMiddleware(_app()), random.Random(1)

    async def scan() -> None:
        for number in range(10_000):
            letters = "".join(chance.choices(string.ascii_letters + string.digits + "/.%-_", k=12))
            await serve(app, f"/{letters}{number}")
        for _ in range(100):
            await serve(app, f"/orders/{chance.random()}", method="PROPFIND" + "".join(chance.choices("ABC", k=5)))
            await serve(app, f"/orders/{chance.random()}")

    asyncio.run(scan())
    assert {report.name for report in bench.scopes} == {
        "GET unmatched",
        "OTHER /orders/{order_id}",
        "GET /orders/{order_id}",
    }
    assert len(bench.scopes) == 10_200


def test_baggage_comes_in_by_allow_list(make_bench: MakeBench) -> None:
    make_bench(baggage=["plan"])
    body = get(AsgiMiddleware(outgoing), headers={"baggage": "plan=free%20trial,user_email=a%40b.c"}).body
    assert ast.literal_eval(body.decode())["baggage"] == "plan=free%20trial"
    assert e11y.current_context() == {}
