"""A runtime of each test's own with the plugin in it, and loggers that nobody else has touched."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import Any

import attrs
import pytest

from e11y import Fault, Record, Runtime, hookimpl
from e11y.adapters import MemoryAdapter
from e11y.context import CURRENT, NO_FRAME
from e11y_logging import E11yHandler


class Faults:
    """Collects what failed behind the application's back."""

    name = "faults"

    def __init__(self) -> None:
        self.seen: list[Fault] = []

    @hookimpl
    def e11y_error(self, fault: Fault) -> None:
        self.seen.append(fault)


@attrs.define
class Bench:
    runtime: Runtime
    memory: MemoryAdapter
    told: list[Fault]

    @property
    def records(self) -> tuple[Record, ...]:
        """Everything that arrived, after a flush; the ledger must balance."""
        assert not self.runtime.flush(5).undelivered
        self.runtime.ledger.check()
        return self.memory.records

    @property
    def messages(self) -> list[str]:
        return [str(record.payload["message"]) for record in self.records]

    @property
    def payload(self) -> dict[str, Any]:
        """The payload of the only event."""
        (record,) = self.records
        return dict(record.payload)

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        self.runtime.faults.tell(final=True)
        return [(fault.source, fault.operation, fault.kind) for fault in self.told]

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.runtime.ledger.snapshot().plugins)


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
    frame = CURRENT.get()
    CURRENT.set(NO_FRAME)
    with ExitStack() as stack:

        def make(settings: dict[str, Any] | None = None, adapters: Any = None, **own: Any) -> Bench:
            memory, faults = MemoryAdapter(max_records=None), Faults()
            given = {"environment": "test", "plugins": ["logging", faults], **(settings or {})}
            if own:
                given["logging"] = own
            arguments = {"adapters": {"logs": memory} if adapters is None else adapters}
            runtime = Runtime(given, environ={}, event_types=(), **arguments)
            stack.enter_context(runtime)
            return Bench(runtime, memory, faults.seen)

        yield make
    CURRENT.set(frame)


@pytest.fixture
def bench(make_bench: MakeBench) -> Bench:
    return make_bench()


@pytest.fixture
def log() -> logging.Logger:
    """A logger with a handler of ours that stands alone; pytest puts its own on all that it can find."""
    logger = logging.Logger("shop.orders", 1)  # noqa: LOG001 - one that stands alone
    logger.addHandler(E11yHandler())
    return logger
