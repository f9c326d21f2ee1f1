"""The services on Django: ``wsgi`` with the middleware alone, ``asgi`` inside of ours, which brings a lifespan."""

from __future__ import annotations

import time
from collections.abc import Iterator

import services
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from e11y_web import AsgiMiddleware

settings.configure(
    SECRET_KEY="only for tests",
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    INSTALLED_APPS=["e11y_web.django.E11yWebConfig"],
    MIDDLEWARE=["e11y_web.django.RequestMiddleware"],
    LOGGING_CONFIG=None,
)


def healthy(request: HttpRequest, name: str) -> HttpResponse:
    services.begin(name)
    time.sleep(0.002)
    services.finish(name)
    services.LoadSold.track(request=name)
    return HttpResponse("ok")


def crash(request: HttpRequest, name: str) -> HttpResponse:
    services.begin(name)
    time.sleep(0.002)
    services.finish(name)
    raise LookupError


def status(request: HttpRequest, name: str) -> HttpResponse:
    services.begin(name)
    services.finish(name)
    return HttpResponse("busy", status=503)


def stream(request: HttpRequest, name: str) -> StreamingHttpResponse:
    def chunks() -> Iterator[bytes]:
        yield b"x"
        time.sleep(0.002)
        services.finish(name)
        yield b"x"
        raise ConnectionAbortedError

    services.begin(name)
    return StreamingHttpResponse(chunks())


def tick(request: HttpRequest, first: int, count: int) -> HttpResponse:
    services.tick(first, count)
    return HttpResponse("ok")


urlpatterns = [
    path("healthy/<name>", healthy),
    path("crash/<name>", crash),
    path("status/<name>", status),
    path("stream/<name>", stream),
    path("tick/<int:first>/<int:count>", tick),
]

wsgi = get_wsgi_application()
asgi = AsgiMiddleware(get_asgi_application())
