"""Where a request's context reaches: each row is one way to hand work on.

Every row tracks a debug event from the far side, names the request there, and lets the request fail: the event has to
arrive in its trail, with its request id and its trace.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fastapi
import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

import e11y
from e11y_web import annotate
from e11y_web.starlette import StarletteMiddleware

from .asgi import get
from .conftest import Bench, WebStep

ROWS: dict[str, Callable[[], Any]] = {}
Hop = Callable[[], Awaitable[object]]


def far_side() -> None:
    WebStep.track(number=1)
    annotate(reached=True)


async def far_side_async() -> None:
    await asyncio.sleep(0)
    far_side()


def hop(run: Hop) -> Hop:
    """Add an endpoint that hands the work on in one way and then fails."""

    async def endpoint(request: Request) -> Response:
        await run()
        return PlainTextResponse("failed", 500)

    ROWS[run.__name__] = lambda: Starlette(routes=[Route("/", endpoint)])
    return run


@hop
async def awaited_call() -> None:
    await far_side_async()


@hop
async def asyncio_create_task() -> None:
    await asyncio.create_task(far_side_async())


@hop
async def asyncio_gather() -> None:
    await asyncio.gather(far_side_async(), asyncio.sleep(0))


@hop
async def asyncio_task_group() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(far_side_async())


@hop
async def asyncio_to_thread() -> None:
    await asyncio.to_thread(far_side)


@hop
async def asyncio_call_soon() -> None:
    asyncio.get_running_loop().call_soon(far_side)
    await asyncio.sleep(0.01)


@hop
async def loop_run_in_executor_with_carry() -> None:
    await asyncio.get_running_loop().run_in_executor(None, e11y.carry(far_side))


@hop
async def thread_pool_with_carry() -> None:
    with ThreadPoolExecutor(1) as pool:
        await asyncio.wrap_future(pool.submit(e11y.carry(far_side)))


@hop
async def thread_with_carry() -> None:
    thread = threading.Thread(target=e11y.carry(far_side))
    thread.start()
    await asyncio.to_thread(thread.join)


@hop
async def copied_context() -> None:
    contextvars.copy_context().run(far_side)


@hop
async def starlette_run_in_threadpool() -> None:
    await run_in_threadpool(far_side)


@hop
async def nested_scope() -> None:
    with e11y.scope("part"):
        far_side()


@hop
async def nested_context() -> None:
    with e11y.context(part=1):
        far_side()


def starlette_background_task() -> Any:
    async def endpoint(request: Request) -> Response:
        return PlainTextResponse("failed", 500, background=BackgroundTask(far_side))

    return Starlette(routes=[Route("/", endpoint)])


def starlette_sync_endpoint() -> Any:
    def endpoint(request: Request) -> Response:
        far_side()
        return PlainTextResponse("failed", 500)

    return Starlette(routes=[Route("/", endpoint)])


def starlette_base_http_middleware() -> Any:
    class Base(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Response:
            response: Response = await call_next(request)
            return response

    return Starlette(routes=starlette_sync_endpoint().routes, middleware=[Middleware(Base)])


def fastapi_sync_endpoint() -> Any:
    app = fastapi.FastAPI()

    @app.get("/", status_code=500)
    def endpoint() -> str:
        far_side()
        return "failed"

    return app


def fastapi_sync_dependency() -> Any:
    app = fastapi.FastAPI()

    def dependency() -> None:
        far_side()

    @app.get("/", status_code=500, dependencies=[fastapi.Depends(dependency)])
    async def endpoint() -> str:
        return "failed"

    return app


def fastapi_background_tasks() -> Any:
    app = fastapi.FastAPI()

    @app.get("/", status_code=500)
    async def endpoint(tasks: fastapi.BackgroundTasks) -> str:
        tasks.add_task(far_side)
        tasks.add_task(asyncio.sleep, 0)
        return "failed"

    return app


for make in (
    starlette_background_task,
    starlette_sync_endpoint,
    starlette_base_http_middleware,
    fastapi_sync_endpoint,
    fastapi_sync_dependency,
    fastapi_background_tasks,
):
    ROWS[make.__name__] = make


@pytest.mark.parametrize("row", ROWS)
def test_context_survives(bench: Bench, row: str) -> None:
    get(StarletteMiddleware(ROWS[row]()), headers={"X-Request-ID": row})
    step, completed = bench.records
    assert step.name == "web.step"
    assert step.context["request_id"] == completed.context["request_id"] == row
    assert step.trace_id == completed.trace_id
    assert completed.payload["reached"] is True
    assert completed.payload["flushed"] == 1


def test_an_executor_without_carry_is_outside(bench: Bench) -> None:
    """So it is in Python: ``run_in_executor`` does not hand the context on. The event is not lost."""

    async def endpoint(request: Request) -> Response:
        await asyncio.get_running_loop().run_in_executor(None, far_side)
        return PlainTextResponse("ok")

    get(StarletteMiddleware(Starlette(routes=[Route("/", endpoint)])))
    step, completed = bench.records
    assert "request_id" not in step.context
    assert "reached" not in completed.payload
