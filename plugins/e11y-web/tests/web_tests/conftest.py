"""A runtime of each test's own with the plugin in it, and what arrived at its adapter."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, cast

import pytest

import e11y
from e11y import Event, Record, testing
from e11y_web import WebPlugin


class WebStep(Event, severity="debug"):
    number: int


class WebSale(Event, severity="success"):
    number: int


class WebSaleFailed(Event, severity="error"):
    number: int


class Bench(testing.Bench):
    @property
    def completed(self) -> Record:
        """The one canonical event."""
        return self.only("request.completed")

    @property
    def web(self) -> WebPlugin:
        return cast(WebPlugin, e11y.plugin("web"))


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench() -> Iterator[MakeBench]:
    """Activate a runtime; keywords are settings of the plugin."""
    with ExitStack() as stack:

        def make(settings: dict[str, Any] | None = None, **web: Any) -> Bench:
            own = {"web": web} if web else {}
            return stack.enter_context(Bench.running({"plugins": ["web"], **(settings or {}), **own}))

        yield make


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench()
