"""The services on FastAPI, its endpoints synchronous where they can be."""

from __future__ import annotations

import time
from collections.abc import Iterator

import fastapi
import services
from fastapi.responses import PlainTextResponse, StreamingResponse

from e11y_web.starlette import StarletteMiddleware

api = fastapi.FastAPI()


@api.get("/healthy/{name}")
def healthy(name: str) -> str:
    services.begin(name)
    time.sleep(0.002)
    services.finish(name)
    services.LoadSold.track(request=name)
    return "ok"


@api.get("/crash/{name}")
def crash(name: str) -> str:
    services.begin(name)
    time.sleep(0.002)
    services.finish(name)
    raise LookupError


@api.get("/status/{name}")
def status(name: str) -> PlainTextResponse:
    services.begin(name)
    services.finish(name)
    return PlainTextResponse("busy", 503)


@api.get("/stream/{name}")
def stream(name: str) -> StreamingResponse:
    def chunks() -> Iterator[bytes]:
        yield b"x"
        services.finish(name)
        yield b"x"
        raise ConnectionAbortedError

    services.begin(name)
    return StreamingResponse(chunks())


@api.get("/background/{name}")
def background(name: str, tasks: fastapi.BackgroundTasks) -> str:
    def later() -> None:
        services.finish(name)
        raise services.BackgroundFailed

    services.begin(name)
    tasks.add_task(later)
    return "ok"


@api.get("/tick/{first}/{count}")
async def tick(first: int, count: int) -> str:
    services.tick(first, count)
    return "ok"


app = StarletteMiddleware(api)
