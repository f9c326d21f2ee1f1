"""The ASGI middleware: one scope per HTTP request, open until the application returns."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, ClassVar

import e11y
from e11y_web.exchange import KEY, Exchange
from e11y_web.inbound import Inbound
from e11y_web.lifespan import App, Message, Receive, Send, run_lifespan
from e11y_web.plugin import WebPlugin, active

AsgiScope = MutableMapping[str, Any]
RouteOf = Callable[[AsgiScope], str | None]
UserOf = Callable[[AsgiScope], object]

_SWITCHING_PROTOCOLS = 101
_FORBIDDEN = 403


class AsgiMiddleware:
    """Wraps an ASGI 3 application; put it around everything else, or add it first.

    The application returns when the body is sent and background tasks are done: that is the end of the request. Also
    runs the lifespan: e11y starts before the application and delivers what is left at its end.

    Args:
        app: The application.
        route: Returns the template of the route from the ASGI scope, after the application ran; ``None`` when none
            matched.
        user: Returns who sent the request from the ASGI scope: text, a number or ``None``. Called at the end of a
            request, once, when something is recorded; what it raises is counted.
    """

    route_of: ClassVar[RouteOf | None] = None
    user_of: ClassVar[UserOf | None] = None

    def __init__(self, app: App, *, route: RouteOf | None = None, user: UserOf | None = None) -> None:
        e11y.watch_process()
        self.app = app
        self._route = route or type(self).route_of
        self._user = user or type(self).user_of

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the lifespan."""
        kind = scope["type"]
        web = active()
        if web is None or KEY in scope:
            await self.app(scope, receive, send)
        elif kind == "http":
            await self._serve(web.begin(_inbound(scope, web)), scope, receive, send)
        elif kind == "websocket" and web.settings.websockets:
            await self._serve(web.begin(_inbound(scope, web), "websocket"), scope, receive, send)
        elif kind == "lifespan":
            await run_lifespan(web, self.app, scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _serve(self, exchange: Exchange | None, scope: AsgiScope, receive: Receive, send: Send) -> None:
        if exchange is None:
            await self.app(scope, receive, send)
            return
        scope[KEY] = exchange

        async def noting_receive() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                exchange.is_gone = True
            return message

        async def noting_send(message: Message) -> None:
            try:
                await send(_noted(exchange, message))
            except OSError as error:
                exchange.lost = error
                raise
            if exchange.is_complete:
                exchange.note_answered()

        try:
            await self.app(scope, noting_receive, noting_send)
        except BaseException as error:
            self._end(exchange, scope, error)
            raise
        self._end(exchange, scope, None)

    def _end(self, exchange: Exchange, scope: AsgiScope, error: BaseException | None) -> None:
        scope.pop(KEY, None)
        if self._route is not None and exchange.route is None:
            exchange.route = exchange.find("route lookup", self._route, scope)
        if self._user is not None:
            exchange.find_user(self._user, scope)
        exchange.end(error)


def _noted(exchange: Exchange, message: Message) -> Message:
    """Take from what the application sends what it says about the response, and return what to send for it."""
    kind = message["type"]
    if kind == "http.response.body":
        exchange.is_complete = not message.get("more_body", False)
    elif kind == "http.response.start":
        exchange.status = message["status"]
        headers = message.get("headers") or ()
        present = {name.lower() for name, _ in headers}
        added = [(name.encode("ascii"), value.encode("ascii")) for name, value in exchange.answer_headers()]
        ours = [header for header in added if header[0] not in present]
        return {**message, "headers": [*headers, *ours]}  # a copy: some applications send the same dict each time
    elif kind == "websocket.accept":
        exchange.status = _SWITCHING_PROTOCOLS
    elif kind == "websocket.close" and exchange.status is None:
        exchange.status = _FORBIDDEN  # what a server answers to a handshake that is not accepted
    elif kind == "websocket.http.response.start":
        exchange.status = message["status"]
    return message


def _inbound(scope: AsgiScope, web: WebPlugin) -> Inbound:
    headers: dict[str, str] = {}
    for name, value in scope.get("headers") or ():
        if name in web.reads_bytes:
            headers.setdefault(name.decode("latin-1"), value.decode("latin-1"))
    client = scope.get("client")
    return Inbound(
        method=scope.get("method", ""),
        path=scope.get("path", ""),
        query=(scope.get("query_string") or b"").decode("latin-1"),
        client=str(client[0]) if client else "",
        headers=headers,
    )
