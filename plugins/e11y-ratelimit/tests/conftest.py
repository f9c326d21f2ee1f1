"""Parts that the tests share: a runtime with the plugin and a clock that stands still, and a bare step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from e11y import CONTEXT, Field, Host, Outcome, Record, Schema, Severity, hookimpl, testing
from e11y.clock import Ids
from e11y.testing import FrozenClock, StandaloneHost
from e11y_ratelimit import RateLimitPlugin, RateLimitSettings


class Letters:
    """Keeps dead letters: ``(event name, reason)``."""

    name = "letters"

    def __init__(self) -> None:
        self.kept: list[tuple[str, str]] = []

    @hookimpl
    def e11y_dead_letter(self, record: Record, reason: str) -> bool:
        self.kept.append((record.name, reason))
        return True


class Bench(testing.Bench):
    """Summaries stand apart from the other records."""

    @property
    def records(self) -> list[Record]:
        return [record for record in super().records if record.name != "e11y.rate_limited"]

    @property
    def summaries(self) -> list[dict[str, Any]]:
        self.flush()  # the periodic work comes behind what is in the intake
        self.flush()
        return [dict(record.payload) for record in self.memory.records if record.name == "e11y.rate_limited"]

    @property
    def letters(self) -> list[tuple[str, str]]:
        """Name and reason of each event that was kept as a dead letter."""
        return self.runtime.plugins.plugin("letters").instance.kept


MakeBench = Callable[..., Bench]


@pytest.fixture
def make_bench() -> Iterator[MakeBench]:
    """Start the plugin with the settings of its table; further arguments are those of ``Runtime``."""
    with ExitStack() as stack:

        def make(*, top: dict[str, Any] | None = None, plugins: tuple[object, ...] = (), **table: Any) -> Bench:
            given = {"plugins": ["ratelimit"], "ratelimit": table, **(top or {})}
            return stack.enter_context(Bench.running(given, plugins=[Letters(), *plugins], ids=Ids(1)))

        yield make


class Step:
    """The sampler of one made-up event type with the fields ``user_id`` and ``ip``, and the host it was made with."""

    def __init__(self, settings: RateLimitSettings, name: str = "order.paid") -> None:
        self.clock = FrozenClock()
        self.host: Host = StandaloneHost(clock=self.clock)
        self.plugin = RateLimitPlugin(settings, self.host)
        fields = {key: Field(name=key, type=str) for key in ("user_id", "ip")}
        event_type = type("OrderPaid", (), {"__module__": "tests"})
        answer = self.plugin.e11y_sample(
            Schema(event_type=event_type, name=name, version=1, severity=Severity.INFO, fields=fields)
        )
        assert answer is not None
        self.needs = answer.needs or ()
        self.fn = answer.fn

    def passes(self, **values: str) -> bool:
        """Whether one event passes."""
        context = {"tenant": values.get("tenant")}
        read = [context if need is CONTEXT else values.get(str(need)) for need in self.needs[1:]]
        return isinstance(self.fn(Severity.INFO, *read), float)


__all__ = ["Bench", "MakeBench", "Outcome", "Step"]
