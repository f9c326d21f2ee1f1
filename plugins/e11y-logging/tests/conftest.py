"""A runtime of each test's own with the plugin in it, and loggers that nobody else has touched."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from e11y import testing
from e11y.clock import SystemClock
from e11y_logging import E11yHandler


class Bench(testing.Bench):
    @property
    def messages(self) -> list[str]:
        return [str(payload["message"]) for payload in self.payloads]

    @property
    def payload(self) -> dict[str, Any]:
        """The payload of the only event."""
        (payload,) = self.payloads
        return payload


MakeBench = Callable[..., Bench]


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Take pytest's own handlers away: they would format what is logged, and raise what that raises."""
    root = logging.getLogger()
    root.handlers[:] = [handler for handler in root.handlers if not type(handler).__module__.startswith("_pytest")]
    return (yield)


@pytest.fixture(autouse=True)
def root() -> Iterator[logging.Logger]:
    """The root logger as a process begins with it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    root.setLevel(logging.WARNING)
    yield root
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def make_bench() -> Iterator[MakeBench]:
    """Activate a runtime; keywords are settings of the plugin."""
    with ExitStack() as stack:

        def make(settings: dict[str, Any] | None = None, adapters: Any = None, **own: Any) -> Bench:
            table = {"logging": own} if own else {}
            given = {"plugins": ["logging"], **(settings or {}), **table}
            return stack.enter_context(Bench.running(given, adapters=adapters, clock=SystemClock()))

        yield make


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench()


@pytest.fixture
def log() -> logging.Logger:
    """A logger with a handler of ours that stands alone; pytest puts its own on all that it can find."""
    logger = logging.Logger("shop.orders", 1)  # noqa: LOG001 - one that stands alone
    logger.addHandler(E11yHandler())
    return logger
