"""One e11y scope per HTTP request."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

import e11y
from e11y import trace


class RequestScope:
    """Wraps an ASGI application.

    The scope is open until the application returns, which is when the body is sent and the background
    tasks are done. It fails, and writes its debug events, when an error event is tracked in it, when
    the status is 500 or more, or when an exception leaves it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        name = f"{scope['method']} {scope['path']}"
        with e11y.scope(name, kind="request", trace=trace.extract(headers)) as request:

            async def note_status(message: Message) -> None:
                if message["type"] == "http.response.start":
                    request.set(status=message["status"])
                await send(message)

            await self.app(scope, receive, note_status)
