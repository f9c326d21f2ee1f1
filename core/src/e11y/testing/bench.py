"""A bench: one plugin at work in a runtime of a test's own, with everything it did in sight."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import attrs

from e11y.adapter import Adapter
from e11y.adapters.memory import MemoryAdapter
from e11y.clock import Clock, Ids
from e11y.context import CURRENT, NO_FRAME
from e11y.event import Event
from e11y.host import Fault, ScopeReport
from e11y.plugins import hookimpl
from e11y.record import Record
from e11y.runtime import Runtime
from e11y.testing.frozen_clock import FrozenClock


class _Watcher:
    """Writes down what scopes report, and what fails behind the application's back."""

    name = "bench"

    def __init__(self) -> None:
        self.scopes: list[ScopeReport] = []
        self.faults: list[Fault] = []

    @hookimpl
    def e11y_scope_finished(self, report: ScopeReport) -> None:
        self.scopes.append(report)

    @hookimpl
    def e11y_error(self, fault: Fault) -> None:
        self.faults.append(fault)


@attrs.define(eq=False)
class Bench:
    """A running runtime, and what came of the events that were tracked in it.

    For tests of plugins, made by ``running``; a plugin's tests may derive one that knows more. Applications
    test with the fixture ``e11y_events``.

    Attributes:
        runtime: Active, with no settings but those it was given.
        memory: The adapter ``logs``, unless others were given.
        clock: Stands still until ``advance``, unless another was given.
        scopes: What each finished scope reported.
    """

    runtime: Runtime
    memory: MemoryAdapter
    clock: Clock
    scopes: list[ScopeReport]
    _told: list[Fault]

    @classmethod
    @contextmanager
    def running(
        cls,
        settings: Mapping[str, Any] | None = None,
        *,
        plugins: Sequence[object] = (),
        adapters: Mapping[str, Adapter] | None = None,
        clock: Clock | None = None,
        ids: Ids | None = None,
        event_types: Sequence[type[Event]] = (),
    ) -> Iterator[Self]:
        """Run a runtime until the block ends; arguments are those of ``Runtime``.

        The environment is ``test`` unless ``settings`` say otherwise, and ``settings["plugins"]`` names what
        is active: without it, no installed plugin is. The context of the test is put aside meanwhile.

        Raises:
            AssertionError: The block left a scope or a context behind.
        """
        memory, watcher = MemoryAdapter(max_records=None), _Watcher()
        time = clock or FrozenClock()
        frame = CURRENT.get()
        CURRENT.set(NO_FRAME)
        try:
            with Runtime(
                {"environment": "test", "plugins": [], **(settings or {})},
                plugins=[*plugins, watcher],
                adapters={"logs": memory} if adapters is None else adapters,
                clock=time,
                ids=ids,
                environ={},
                event_types=event_types,
            ) as runtime:
                yield cls(runtime, memory, time, watcher.scopes, watcher.faults)
                if CURRENT.get() is not NO_FRAME:
                    raise AssertionError("a scope or a context was left behind")
        finally:
            CURRENT.set(frame)

    @property
    def records(self) -> Sequence[Record]:
        """Everything that arrived in memory, after a flush.

        Raises:
            AssertionError: The ledger does not balance.
        """
        self.flush()
        self.runtime.ledger.check()
        return self.memory.records

    @property
    def names(self) -> list[str]:
        """The delivered name of each record."""
        return [record.name for record in self.records]

    @property
    def payloads(self) -> list[dict[str, Any]]:
        """The payload of each record."""
        return [dict(record.payload) for record in self.records]

    @property
    def dropped(self) -> dict[str, int]:
        """Reason -> events that no adapter gets."""
        return dict(self.runtime.ledger.snapshot().dropped)

    @property
    def counts(self) -> dict[str, int]:
        """What plugins counted with ``Host.count``: ``plugin.counter`` -> amount."""
        return dict(self.runtime.ledger.snapshot().plugins)

    @property
    def faults(self) -> list[Fault]:
        """What failed behind the application's back, each place once."""
        self.runtime.faults.tell(final=True)
        return self._told

    def only(self, name: str) -> Record:
        """Return the one record of that delivered name.

        Raises:
            AssertionError: There is none, or there are several.
        """
        found = [record for record in self.records if record.name == name]
        if len(found) != 1:
            raise AssertionError(f"{len(found)} records are named {name!r}, not one")
        return found[0]

    def advance(self, seconds: float) -> None:
        """Let time go on, and the periodic work be done that is due then.

        Raises:
            TypeError: Time goes on by itself, by the clock that was given.
        """
        if not isinstance(self.clock, FrozenClock):
            raise TypeError("this bench has a clock that nobody can advance")
        self.clock.advance(seconds)
        self.flush()

    def flush(self, timeout_s: float = 20.0) -> None:
        """Deliver what was tracked. While time stands still, nothing is too late.

        Raises:
            AssertionError: An adapter did not take everything in time.
        """
        undelivered = self.runtime.flush(timeout_s).undelivered
        if undelivered:
            raise AssertionError(f"events were not delivered: {dict(undelivered)}")

    def source(self, event_type: type[Event]) -> str:
        """Return the function that was generated for an event type."""
        return self.runtime.compiler.source(event_type)
