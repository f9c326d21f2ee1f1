"""The WSGI middleware: one scope per HTTP request, open until the server closes the body."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any

import e11y
from e11y_web.body import Body
from e11y_web.exchange import KEY, Exchange
from e11y_web.inbound import Inbound
from e11y_web.plugin import WebPlugin, active

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
StartResponse = Callable[..., Callable[[bytes], object]]
App = Callable[[Environ, StartResponse], Iterable[bytes]]
RouteOf = Callable[[Environ], str | None]
UserOf = Callable[[Environ], object]


class WsgiMiddleware:
    """Wraps a WSGI application (PEP 3333); put it around everything else.

    The request ends when the server closes the body; a body that is a plain list, or that the server sends by itself
    (``wsgi.file_wrapper``), runs no more code of the application, and ends it at once. Between two chunks the
    server's thread has its own context back.

    Args:
        app: The application.
        route: Returns the template of the route from the environ, after the application ran.
        user: Returns who sent the request from the environ: text, a number or ``None``. Called when the application
            has returned, once, when something is recorded; what it raises is counted.
    """

    def __init__(self, app: App, *, route: RouteOf | None = None, user: UserOf | None = None) -> None:
        e11y.watch_process()  # here, on the main thread: many servers hand all requests to others
        self.app = app
        self._route = route
        self._user = user

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        web = active()
        exchange = None if web is None or KEY in environ else web.begin(_inbound(environ, web))
        if exchange is None:
            return self.app(environ, start_response)
        environ[KEY] = exchange

        def noting_start(status: str, headers: Headers, exc_info: ExcInfo | None = None) -> Any:
            exchange.status = int(status[:3]) if status[:3].isdecimal() else None
            present = {name.lower() for name, _ in headers}
            headers = [*headers, *(header for header in exchange.answer_headers() if header[0] not in present)]
            if exc_info is None:
                return start_response(status, headers)
            return start_response(status, headers, exc_info)

        try:
            body = self.app(environ, noting_start)
        except BaseException as error:
            self._look(exchange, environ)
            exchange.end(error)
            raise
        self._look(exchange, environ)
        if isinstance(body, (list, tuple)) or _is_sent_by_the_server(body, environ):
            exchange.is_complete = True
            exchange.end()
            return body
        exchange.leave()
        return Body(body, exchange)

    def _look(self, exchange: Exchange, environ: Environ) -> None:
        if self._route is not None and exchange.route is None:
            exchange.route = exchange.find("route lookup", self._route, environ)
        if self._user is not None:
            exchange.find_user(self._user, environ)


def _is_sent_by_the_server(body: Iterable[bytes], environ: Environ) -> bool:
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(body, wrapper)


def _inbound(environ: Environ, web: WebPlugin) -> Inbound:
    return Inbound(
        method=environ.get("REQUEST_METHOD", ""),
        path=_decoded(environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")),
        query=environ.get("QUERY_STRING", ""),
        client=environ.get("REMOTE_ADDR", ""),
        headers={name: environ[key] for name, key in web.reads_environ if key in environ},
    )


def _decoded(text: str) -> str:
    """Return what stands behind bytes that are dressed up as latin-1 (PEP 3333, "Unicode Issues")."""
    return text.encode("latin-1", "replace").decode("utf-8", "replace")
