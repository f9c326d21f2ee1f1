"""The services on Flask; a callback at the close of the response stands for a background task."""

from __future__ import annotations

import time
from collections.abc import Iterator

import flask
import services

from e11y_web.flask import E11y

app = flask.Flask("site")
E11y(app)


@app.get("/healthy/<name>")
def healthy(name: str) -> str:
    services.begin(name)
    time.sleep(0.002)
    services.finish(name)
    services.LoadSold.track(request=name)
    return "ok"


@app.get("/crash/<name>")
def crash(name: str) -> str:
    services.begin(name)
    time.sleep(0.002)
    services.finish(name)
    raise LookupError


@app.get("/status/<name>")
def status(name: str) -> tuple[str, int]:
    services.begin(name)
    services.finish(name)
    return "busy", 503


@app.get("/stream/<name>")
def stream(name: str) -> flask.Response:
    def chunks() -> Iterator[str]:
        yield "x"
        time.sleep(0.002)
        services.finish(name)
        yield "x"
        raise ConnectionAbortedError

    services.begin(name)
    return flask.Response(chunks())


@app.get("/background/<name>")
def background(name: str) -> flask.Response:
    def later() -> None:
        services.finish(name)
        raise services.BackgroundFailed

    services.begin(name)
    response = flask.Response("ok")
    response.call_on_close(later)
    return response


@app.get("/endless/<name>")
def endless(name: str) -> flask.Response:
    def chunks() -> Iterator[str]:
        while True:
            yield "x" * 1000
            time.sleep(0.01)

    services.begin(name)
    return flask.Response(chunks())


@app.get("/tick/<int:first>/<int:count>")
def tick(first: int, count: int) -> str:
    services.tick(first, count)
    return "ok"
