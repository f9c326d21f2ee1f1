"""Django: a middleware, and an app that checks where it stands.

    INSTALLED_APPS = ["e11y_web.django.E11yWebConfig", ...]
    MIDDLEWARE = ["e11y_web.django.RequestMiddleware", ...]

Under ASGI wrap the handler too, ``application = AsgiMiddleware(get_asgi_application())``: Django has no lifespan, and
without one there is no moment to deliver the last events when uvicorn stops.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core import checks
from django.core.signals import got_request_exception
from django.http import HttpRequest
from django.http.response import HttpResponseBase

import e11y
from e11y_web.body import AsyncBody, Body
from e11y_web.current import note_error
from e11y_web.exchange import KEY, Exchange
from e11y_web.inbound import Inbound
from e11y_web.plugin import WebPlugin, active

GetResponse = Callable[[HttpRequest], Any]


class RequestMiddleware:
    """One scope per request. Stands first in ``MIDDLEWARE``.

    The request ends when the response has left all other middlewares, and one that streams when its body ends or is
    closed. Inside of ``AsgiMiddleware`` or ``WsgiMiddleware`` that scope is used, and only what Django knows is
    added to it.

    Override ``user_of`` to find users elsewhere than in the session.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        e11y.watch_process()  # here, on the main thread: many servers hand all requests to others
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)
        got_request_exception.connect(_note_error, dispatch_uid="e11y_web", weak=False)

    def user_of(self, request: HttpRequest) -> object:
        """Return who sent the request: text, a number or ``None``.

        Called after the view, once, when something is recorded; what it raises is counted. Answers from the session
        if the view has read it, and never makes it be read.
        """
        session = getattr(request, "session", None)
        return session.get(SESSION_KEY) if session is not None and session.accessed else None

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Serve one request."""
        if self._is_async:
            return self._serve_async(request)
        exchange, is_ours = _exchange(request)
        if exchange is None:
            return self._answer(request)
        try:
            response = self._answer(request)
        except BaseException as error:
            if is_ours:
                exchange.end(error)
            raise
        self._look(exchange, request)
        return _ended(exchange, response) if is_ours else response

    async def _serve_async(self, request: HttpRequest) -> HttpResponseBase:
        exchange, is_ours = _exchange(request)
        if exchange is None:
            return await self._answer_async(request)
        try:
            response = await self._answer_async(request)
        except BaseException as error:
            if is_ours:
                exchange.end(error)
            raise
        self._look(exchange, request)
        return _ended(exchange, response) if is_ours else response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = self._get_response(request)
        return response

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        response: HttpResponseBase = await self._get_response(request)
        return response

    def _look(self, exchange: Exchange, request: HttpRequest) -> None:
        match = request.resolver_match
        if match is not None and match.route is not None:
            exchange.route = "/" + match.route.lstrip("/^")
        exchange.find_user(self.user_of, request)


class E11yWebConfig(AppConfig):
    """Lets ``manage.py check`` say when the middleware is missing or does not stand first."""

    name = "e11y_web.django"
    label = "e11y_web"
    verbose_name = "e11y"

    def ready(self) -> None:
        """Register the check."""
        checks.register(check_middleware)


def check_middleware(**facts: Any) -> list[checks.CheckMessage]:
    """Return a warning when ``RequestMiddleware`` is not the first of ``MIDDLEWARE``."""
    del facts
    ours = f"{__name__}.{RequestMiddleware.__qualname__}"
    first = next(iter(settings.MIDDLEWARE), "")
    if first == ours:
        return []
    known = ours in settings.MIDDLEWARE
    told = "is not the first of" if known else "is not in"
    return [checks.Warning(f"{ours} {told} MIDDLEWARE", hint=f'begin MIDDLEWARE with "{ours}"', id="e11y_web.W001")]


def _exchange(request: HttpRequest) -> tuple[Exchange | None, bool]:
    """Return the exchange of a request, and whether it was opened here."""
    carrier = getattr(request, "scope", request.META)
    found: Exchange | None = carrier.get(KEY)
    if found is not None:
        return found, False
    web = active()
    opened = None if web is None else web.begin(_inbound(request, web))
    if opened is not None:
        carrier[KEY] = opened
    return opened, True


def _ended(exchange: Exchange, response: HttpResponseBase) -> HttpResponseBase:
    """Return the response with our headers; the request ends now, or with the body if that is made on the way."""
    exchange.status = response.status_code
    for name, value in exchange.answer_headers():
        response.headers.setdefault(name, value)
    streams: Any = response
    if not response.streaming or getattr(response, "file_to_stream", None) is not None:
        exchange.is_complete = True
        exchange.end()
    else:
        streams.streaming_content = (AsyncBody if streams.is_async else Body)(streams.streaming_content, exchange)
        exchange.leave()
    return response


def _note_error(**facts: Any) -> None:
    del facts
    error = sys.exc_info()[1]  # the signal tells only the request
    if error is not None:
        note_error(error)


def _inbound(request: HttpRequest, web: WebPlugin) -> Inbound:
    return Inbound(
        method=request.method or "",
        path=request.path,
        query=request.META.get("QUERY_STRING", ""),
        client=request.META.get("REMOTE_ADDR", ""),
        headers={name: value for name in web.reads if (value := request.headers.get(name)) is not None},
    )
