"""A WSGI application without a framework."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from recorder import tick_for

from e11y_web import WsgiMiddleware


def respond(environ: Any, start_response: Any) -> Iterable[bytes]:
    tick_for(environ["PATH_INFO"])
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


app = WsgiMiddleware(respond)
