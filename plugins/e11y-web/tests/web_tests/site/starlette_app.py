"""The services on Starlette."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import services
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from e11y_web.starlette import StarletteMiddleware


async def healthy(request: Request) -> Response:
    name = request.path_params["name"]
    services.begin(name)
    await asyncio.sleep(0.002)
    await run_in_threadpool(services.finish, name)
    services.LoadSold.track(request=name)
    return PlainTextResponse("ok")


async def crash(request: Request) -> Response:
    name = request.path_params["name"]
    services.begin(name)
    await asyncio.sleep(0.002)
    services.finish(name)
    raise LookupError


async def status(request: Request) -> Response:
    name = request.path_params["name"]
    services.begin(name)
    await asyncio.sleep(0.002)
    services.finish(name)
    return PlainTextResponse("busy", 503)


async def stream(request: Request) -> Response:
    name = request.path_params["name"]

    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(0.002)
        services.finish(name)
        yield b"x"
        raise ConnectionAbortedError

    services.begin(name)
    return StreamingResponse(chunks())


async def background(request: Request) -> Response:
    name = request.path_params["name"]

    async def later() -> None:
        await asyncio.sleep(0.002)
        services.finish(name)
        raise services.BackgroundFailed

    services.begin(name)
    return PlainTextResponse("ok", background=BackgroundTask(later))


async def endless(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 1000
            await asyncio.sleep(0.01)

    services.begin(request.path_params["name"])
    return StreamingResponse(chunks())


async def tick(request: Request) -> Response:
    services.tick(request.path_params["first"], request.path_params["count"])
    return PlainTextResponse("ok")


app = StarletteMiddleware(
    Starlette(
        routes=[
            Route("/healthy/{name}", healthy),
            Route("/crash/{name}", crash),
            Route("/status/{name}", status),
            Route("/stream/{name}", stream),
            Route("/background/{name}", background),
            Route("/endless/{name}", endless),
            Route("/tick/{first:int}/{count:int}", tick),
        ]
    )
)
