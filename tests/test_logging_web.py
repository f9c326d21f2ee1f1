"""Plain calls of ``logging.debug`` are the trail of a failing request, whichever framework serves it."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor

import flask
import httpx
import pytest
from fastapi import BackgroundTasks, FastAPI
from fastapi.responses import StreamingResponse

import e11y
from e11y import Runtime
from e11y.adapters import MemoryAdapter
from e11y_logging import E11yHandler
from e11y_web import WsgiMiddleware
from e11y_web.starlette import StarletteMiddleware

log = logging.Logger("shop.views", logging.DEBUG)  # noqa: LOG001 - one that stands alone
log.addHandler(E11yHandler())


@pytest.fixture
def memory() -> Iterator[MemoryAdapter]:
    memory = MemoryAdapter(max_records=None)
    settings = {"environment": "test", "plugins": ["logging", "web"]}
    with Runtime(settings, adapters={"logs": memory}, environ={}, event_types=()) as runtime:
        yield memory
        runtime.ledger.check()


def trails(memory: MemoryAdapter) -> dict[str, list[str]]:
    """Return what arrived of each request, by its id."""
    assert not e11y.flush(20).undelivered
    found: defaultdict[str, list[str]] = defaultdict(list)
    for record in memory.records:
        found[record.context["request_id"]].append(str(record.payload.get("message", record.name)))
    return dict(found)


def make_fastapi() -> FastAPI:
    app = FastAPI()

    @app.get("/async/{number}")
    async def of_coroutines(number: int) -> str:
        log.debug("%d begun", number)
        await asyncio.sleep(0)
        log.debug("%d read", number)
        if number % 2:
            raise LookupError
        return "ok"

    @app.get("/sync/{number}")
    def of_threads(number: int) -> str:
        log.debug("%d begun", number)
        log.debug("%d read", number)
        if number % 2:
            raise LookupError
        return "ok"

    @app.get("/late/{number}")
    async def of_background_tasks(number: int, tasks: BackgroundTasks) -> str:
        log.debug("%d begun", number)

        def mail() -> None:
            log.debug("%d read", number)
            if number % 2:
                raise LookupError

        tasks.add_task(mail)
        return "ok"

    @app.get("/stream/{number}")
    async def of_streams(number: int) -> StreamingResponse:
        async def rows() -> AsyncIterator[str]:
            log.debug("%d begun", number)
            yield "row"
            log.debug("%d read", number)
            if number % 2:
                raise LookupError

        return StreamingResponse(rows())

    return app


@pytest.mark.parametrize("kind", ["async", "sync", "late", "stream"])
def test_fastapi(memory: MemoryAdapter, kind: str) -> None:
    async def main() -> None:
        transport = httpx.ASGITransport(StarletteMiddleware(make_fastapi()), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            await asyncio.gather(
                *(client.get(f"/{kind}/{number}", headers={"X-Request-ID": f"r-{number}"}) for number in range(40))
            )

    asyncio.run(main())
    assert trails(memory) == {
        f"r-{number}": [*([f"{number} begun", f"{number} read"] if number % 2 else []), "request.completed"]
        for number in range(40)
    }


def test_flask(memory: MemoryAdapter) -> None:
    app = flask.Flask("shop")

    @app.get("/<int:number>")
    def show(number: int) -> str:
        log.debug("%d begun", number)
        log.debug("%d read", number)
        if number % 2:
            raise LookupError
        return "ok"

    app.wsgi_app = WsgiMiddleware(app.wsgi_app)  # type: ignore[method-assign]
    app.logger.disabled = True

    def ask(number: int) -> int:
        return app.test_client().get(f"/{number}", headers={"X-Request-ID": f"r-{number}"}, buffered=True).status_code

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(40))) == [500 if number % 2 else 200 for number in range(40)]
    assert trails(memory) == {
        f"r-{number}": [*([f"{number} begun", f"{number} read"] if number % 2 else []), "request.completed"]
        for number in range(40)
    }
