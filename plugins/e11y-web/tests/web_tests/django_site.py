"""A Django site in one module."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import django
from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import include, path, re_path

import e11y
from e11y_web import annotate

if not settings.configured:
    settings.configure(
        SECRET_KEY="only for tests",
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["*"],
        INSTALLED_APPS=["e11y_web.django.E11yWebConfig", "django.contrib.sessions"],
        MIDDLEWARE=["e11y_web.django.RequestMiddleware", "django.contrib.sessions.middleware.SessionMiddleware"],
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
        LOGGING_CONFIG=None,
    )
    django.setup()


class SiteStep(e11y.Event, severity="debug"):
    number: int


def show(request: HttpRequest, order_id: int) -> HttpResponse:
    SiteStep.track(number=int(order_id))
    annotate(order_id=order_id)
    return HttpResponse("ok")


async def show_async(request: HttpRequest, order_id: int) -> HttpResponse:
    SiteStep.track(number=int(order_id))
    await asyncio.to_thread(annotate, order_id=order_id)
    return HttpResponse("ok")


def crash(request: HttpRequest) -> HttpResponse:
    SiteStep.track(number=1)
    raise LookupError


def log_in(request: HttpRequest) -> HttpResponse:
    request.session["_auth_user_id"] = "42"
    return HttpResponse("ok")


def chunks(fails_at: int) -> Iterator[bytes]:
    for number in range(1, 4):
        SiteStep.track(number=number)
        if number == fails_at:
            raise ConnectionAbortedError
        yield b"x"


async def chunks_async(fails_at: int) -> AsyncIterator[bytes]:
    for chunk in range(1, 4):
        SiteStep.track(number=chunk)
        if chunk == fails_at:
            raise ConnectionAbortedError
        yield b"x"


def stream(request: HttpRequest, fails_at: int) -> StreamingHttpResponse:
    return StreamingHttpResponse(chunks(fails_at))


async def stream_async(request: HttpRequest, fails_at: int) -> StreamingHttpResponse:
    return StreamingHttpResponse(chunks_async(fails_at))


def file(request: HttpRequest) -> Any:
    return FileResponse(open(__file__, "rb"))  # noqa: PTH123 - the response closes it


urlpatterns = [
    path("orders/", include([path("<int:order_id>/", show), path("<int:order_id>/async/", show_async)])),
    re_path(r"^years/(?P<order_id>[0-9]{4})/$", show),
    path("crash/", crash),
    path("log-in/", log_in),
    path("stream/<int:fails_at>/", stream),
    path("stream/<int:fails_at>/async/", stream_async),
    path("file/", file),
]
