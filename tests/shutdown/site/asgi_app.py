"""An ASGI application without a framework, and without a lifespan of its own."""

from __future__ import annotations

from typing import Any

from recorder import tick_for

from e11y_web import AsgiMiddleware


async def respond(scope: Any, receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    tick_for(scope["path"])
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


app = AsgiMiddleware(respond)
