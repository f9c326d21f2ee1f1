"""The lifespan of ASGI applications, with and without one of their own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from starlette.applications import Starlette

from e11y_web import AsgiMiddleware

from .asgi import lifespan
from .conftest import Bench, WebSale

BOTH = ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_the_applications_lifespan_runs_and_what_it_tracked_is_delivered_before_it_is_complete(bench: Bench) -> None:
    arrived: list[int] = []

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        WebSale.track(number=1)
        yield
        WebSale.track(number=2)

    async def call() -> None:
        waiting = ["lifespan.shutdown", "lifespan.startup"]

        async def receive() -> dict[str, str]:
            return {"type": waiting.pop()}

        async def send(message: Any) -> None:
            if message["type"] == "lifespan.shutdown.complete":
                arrived.append(len(bench.memory.records))

        await AsgiMiddleware(Starlette(lifespan=life))({"type": "lifespan"}, receive, send)

    asyncio.run(call())
    assert arrived == [2]
    assert bench.scopes == []


async def refusing(scope: Any, receive: Any, send: Any) -> None:
    raise ValueError("only HTTP")


async def ignoring(scope: Any, receive: Any, send: Any) -> None:
    return


@pytest.mark.parametrize("app", [refusing, ignoring])
def test_an_application_without_a_lifespan_gets_one(bench: Bench, app: Any) -> None:
    WebSale.track(number=1)
    assert asyncio.run(lifespan(AsgiMiddleware(app))) == BOTH
    assert len(bench.memory.records) == 1


async def failing_at_startup(scope: Any, receive: Any, send: Any) -> None:
    await receive()
    raise LookupError("no database")


@asynccontextmanager
async def failing_at_shutdown(app: Starlette) -> AsyncIterator[None]:
    yield
    raise LookupError("no database")


@pytest.mark.parametrize("app", [failing_at_startup, Starlette(lifespan=failing_at_shutdown)])
def test_a_lifespan_that_fails_fails_as_before_and_events_are_delivered(bench: Bench, app: Any) -> None:
    WebSale.track(number=1)
    with pytest.raises(LookupError):
        asyncio.run(lifespan(AsgiMiddleware(app)))
    assert len(bench.memory.records) == 1
    assert bench.web.lifespans == 0


SCRIPT = """
import asyncio, json, sys
import e11y
from e11y_web import AsgiMiddleware

class Tried(e11y.Event):
    number: int

async def app(scope, receive, send):
    raise ValueError

async def main():
    first, second = asyncio.Queue(), asyncio.Queue()
    said = []
    async def send(message): said.append(message["type"])
    async def run(queue): await AsgiMiddleware(app)({"type": "lifespan"}, queue.get, send)
    tasks = [asyncio.create_task(run(queue)) for queue in (first, second)]
    for queue in (first, second): queue.put_nowait({"type": "lifespan.startup"})
    while len(said) < 2: await asyncio.sleep(0)
    outcomes = []
    for number, queue in enumerate((first, second)):
        queue.put_nowait({"type": "lifespan.shutdown"})
        await tasks[number]
        outcomes.append(Tried.track(number=number).name)
    outcomes.append(e11y.start() and Tried.track(number=9).name)
    return outcomes

print(json.dumps(asyncio.run(main())))
"""


def test_of_several_applications_the_last_one_shuts_down_and_a_new_start_is_possible(tmp_path: Path) -> None:
    (tmp_path / "e11y.toml").write_text('plugins = ["web"]\n[adapters.logs]\ntype = "null"\n')
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("E11Y_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", dedent(SCRIPT)],
        cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert json.loads(done.stdout) == ["ACCEPTED", "DISABLED", "ACCEPTED"]
