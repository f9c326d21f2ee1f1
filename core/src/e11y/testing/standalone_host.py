"""A host without a runtime, for tests that make a plugin or an adapter by hand."""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

import attrs

from e11y.adapter import Adapter
from e11y.clock import Clock, SystemClock
from e11y.delivery.ledger import Ledger, LedgerSnapshot
from e11y.host import MetricFamily, Receipt
from e11y.record import Record
from e11y.schema import Schema


@attrs.define(eq=False)
class StandaloneHost:
    """Answers like the host of a running process and writes down what a plugin told it.

    Args:
        service, environment, clock, random, logger: As in ``Host``; chance is seeded.
        known_schemas: What ``schemas()`` returns.
        known_adapters: What ``adapters()`` returns.
        known_ledger: What ``ledger()`` reads.
        known_families: What ``families()`` returns.
        active: Names of the plugins that are active.

    Attributes:
        counts: Counter name -> amount.
        faults: ``(operation, exception)`` in the order they were reported.
        submitted: ``(adapter name, record)`` in the order they were handed over; each counts as delivered.
        jobs: ``(seconds, work)`` that a test may run by hand.
    """

    service: str = "kit"
    environment: str = "test"
    clock: Clock = attrs.field(factory=SystemClock)
    random: random.Random = attrs.field(factory=lambda: random.Random(1))
    logger: logging.Logger = attrs.field(factory=lambda: logging.getLogger("e11y.kit"))
    known_schemas: Sequence[Schema] = ()
    known_adapters: Mapping[str, Adapter] = attrs.field(factory=dict)
    known_ledger: Ledger = attrs.field(factory=Ledger)
    known_families: Sequence[MetricFamily] = ()
    active: Collection[str] = ()
    counts: Counter[str] = attrs.field(factory=Counter, init=False)
    faults: list[tuple[str, BaseException]] = attrs.field(factory=list, init=False)
    submitted: list[tuple[str, Record]] = attrs.field(factory=list, init=False)
    jobs: list[tuple[float, Callable[[], None]]] = attrs.field(factory=list, init=False)

    def schemas(self) -> Iterable[Schema]:
        return self.known_schemas

    def adapters(self) -> Mapping[str, Adapter]:
        return self.known_adapters

    def ledger(self) -> LedgerSnapshot:
        return self.known_ledger.snapshot()

    def is_active(self, plugin: str) -> bool:
        return plugin in self.active

    def families(self) -> Iterable[MetricFamily]:
        return self.known_families

    def count(self, name: str, amount: int = 1) -> None:
        self.counts[name] += amount

    def fault(self, operation: str, error: BaseException) -> None:
        self.faults.append((operation, error))

    def submit(self, records: Sequence[Record], adapter: str) -> Receipt:
        self.submitted.extend((adapter, record) for record in records)
        receipt = Receipt()
        for record in records:
            receipt.expect(record)
            receipt.settle(record)
        return receipt

    def every(self, seconds: float, work: Callable[[], None]) -> None:
        self.jobs.append((seconds, work))
