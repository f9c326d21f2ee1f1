"""The host that a runtime gives to one plugin."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import attrs

from e11y.adapter import Adapter
from e11y.clock import Clock
from e11y.delivery.ledger import LedgerSnapshot
from e11y.faults import LOGGER
from e11y.host import MetricFamily, Receipt
from e11y.record import Record
from e11y.schema import Schema

if TYPE_CHECKING:
    from e11y.runtime import Runtime


class RuntimeHost:
    """Implements :class:`e11y.Host` for the plugin ``name``."""

    def __init__(self, runtime: Runtime, name: str) -> None:
        self._runtime = runtime
        self._name = name
        self.service: str = runtime.settings.service
        self.environment: str = runtime.settings.environment
        self.clock: Clock = runtime.clock
        self.random: random.Random = runtime.ids.stream(name)
        self.logger: logging.Logger = LOGGER

    def schemas(self) -> Iterable[Schema]:
        """Return the schema of every event type known by now."""
        return self._runtime.schemas()

    def adapters(self) -> Mapping[str, Adapter]:
        """Return the configured adapters by purpose name."""
        return self._runtime.adapters

    def ledger(self) -> LedgerSnapshot:
        """Return one reading of the runtime's ledger."""
        return self._runtime.ledger.snapshot()

    def is_active(self, plugin: str) -> bool:
        """Return whether a plugin of that name is active beside this one."""
        return self._runtime.plugins.is_active(plugin)

    def families(self) -> Iterator[MetricFamily]:
        """Yield what all plugins answer to ``e11y_collect``."""
        for plugin, implementation in self._runtime.plugins.implementations("e11y_collect"):
            try:
                found = [attrs.evolve(family, plugin=plugin) for family in implementation() or ()]
            except Exception as error:  # noqa: BLE001 - a plugin's own code may raise anything
                self._runtime.faults.report(plugin, "e11y_collect", error)
            else:
                yield from found

    def count(self, name: str, amount: int = 1) -> None:
        """Add to a counter of the plugin's own."""
        self._runtime.ledger.plugin_counter(f"{self._name}.{name}").add_many(amount)

    def fault(self, operation: str, error: BaseException) -> None:
        """Report an error that was swallowed."""
        self._runtime.faults.report(self._name, operation, error)

    def submit(self, records: Sequence[Record], adapter: str) -> Receipt:
        """Hand replayed records to one adapter."""
        return self._runtime.submit(records, adapter)

    def every(self, seconds: float, work: Callable[[], None]) -> None:
        """Run short ``work`` about every ``seconds`` on the preparer thread."""
        self._runtime.delivery.every(seconds, work)
