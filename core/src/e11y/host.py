"""What a plugin may use of the process it runs in."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import attrs

from e11y.clock import Clock
from e11y.record import Record

if TYPE_CHECKING:
    import logging
    import random

    from e11y.adapter import Adapter
    from e11y.delivery.ledger import LedgerSnapshot
    from e11y.schema import Schema


@attrs.frozen
class Fault:
    """Something of ours or of a plugin went wrong; the application did not notice.

    Args:
        source: Plugin or adapter, for example ``pii`` or ``adapter logs``.
        operation: What was being done, for example ``e11y_enrich step of OrderPaid``.
        kind: Class name of the exception; its text is left out because it may hold values.
        count: How often it happened since it was last reported.
    """

    source: str
    operation: str
    kind: str
    count: int = 1


@attrs.frozen
class ScopeReport:
    """How one scope ended.

    Args:
        name: For example ``POST /orders``.
        kind: ``request``, ``task``, ``command`` or the integration's own word.
        duration_ns: From opening to the true end.
        failed: Whether the debug trail was written.
        trigger: What decided so: ``error event``, ``exception``, ``status``, ``explicit``; empty on success.
        flushed, discarded, evicted: Debug records written, thrown away on success, given up to the caps.
        trace_id: 32 hex digits.
        attributes: What the integration knows beside: ``status``, ``route``, ``method``, ...
    """

    name: str
    kind: str
    duration_ns: int
    failed: bool
    trigger: str
    flushed: int
    discarded: int
    evicted: int
    trace_id: str
    attributes: Mapping[str, Any]


@attrs.frozen(eq=False)
class MetricFamily:
    """One metric that a plugin counts by itself, as it stands at one moment.

    Args:
        name: As people ask for it: that of a counter ends in ``_total``.
        kind: ``counter``, ``gauge`` or ``histogram``.
        help: One line for people.
        labels: Their names; the same for every series.
        series: Label values -> numbers. One number for a counter or a gauge. For a histogram the values per
            bucket, not cumulated, with those above all bounds after them, and their sum at the end.
        buckets: Upper bounds of a histogram, ascending.
        limits: Label -> most values, where they are bounded: processes that share their numbers keep it together.
        across: What several processes show of a gauge together. Counters and histograms are added up.
        plugin: Which plugin counts it; filled in by ``Host.families``.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...]
    series: Mapping[tuple[str, ...], Sequence[float]]
    buckets: tuple[float, ...] = attrs.field(default=(), kw_only=True)
    limits: Mapping[str, int] = attrs.field(factory=dict, kw_only=True)
    across: Literal["sum", "max", "min"] = attrs.field(default="sum", kw_only=True)
    plugin: str = attrs.field(default="", kw_only=True)


class Receipt:
    """What becomes of records that were submitted to one adapter. All members are thread-safe.

    Each record that was taken is settled exactly once: delivered, or not. Until then it must not be
    submitted again.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._outstanding: dict[int, Record] = {}
        self._taken = 0
        self._delivered: list[Record] = []
        self._failed: list[tuple[Record, str]] = []

    @property
    def taken(self) -> int:
        """How many records were taken, from the first on: there may be no room for all of them."""
        return self._taken

    @property
    def outstanding(self) -> int:
        """How many of them are still under way."""
        return len(self._outstanding)

    @property
    def delivered(self) -> Sequence[Record]:
        """Those that the adapter acknowledged so far, or could only hand over, in the order it did."""
        with self._changed:
            return tuple(self._delivered)

    @property
    def failed(self) -> Sequence[tuple[Record, str]]:
        """Those that were given up so far, each with the reason that a dead letter would have."""
        with self._changed:
            return tuple(self._failed)

    def wait(self, timeout_s: float) -> bool:
        """Wait until every record is settled; return whether that was within ``timeout_s`` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._outstanding, timeout_s)

    def expect(self, record: Record) -> None:
        """Note a record that is taken. For core, before the record is on its way."""
        with self._changed:
            self._taken += 1
            self._outstanding[id(record)] = record

    def settle(self, record: Record, reason: str = "") -> None:
        """Note that ``record`` was delivered, or, with a reason, that it was given up. For core."""
        with self._changed:
            if self._outstanding.pop(id(record), None) is None:
                return
            if reason:
                self._failed.append((record, reason))
            else:
                self._delivered.append(record)
            if not self._outstanding:
                self._changed.notify_all()


class Host(Protocol):
    """What core hands to each plugin. Every member is safe to use from any thread.

    Attributes:
        service: Name of the service, or an empty text.
        environment: ``production``, ``development``, ``test``, ... as configured.
        clock: Time; bind its functions once.
        random: Random numbers for this plugin alone; reseeded in a forked child.
        logger: A logger that cannot feed back into e11y.
    """

    service: str
    environment: str
    clock: Clock
    random: random.Random
    logger: logging.Logger

    def schemas(self) -> Iterable[Schema]:
        """Return the schema of every event type known by now."""
        ...

    def adapters(self) -> Mapping[str, Adapter]:
        """Return the configured adapters by purpose name."""
        ...

    def ledger(self) -> LedgerSnapshot:
        """Return one reading of the runtime's ledger. Sums up cells of all threads: not for the caller's path."""
        ...

    def is_active(self, plugin: str) -> bool:
        """Return whether a plugin of that name is active beside this one."""
        ...

    def families(self) -> Iterable[MetricFamily]:
        """Yield what all plugins answer to ``e11y_collect``: for those that show metrics."""
        ...

    def count(self, name: str, amount: int = 1) -> None:
        """Add to a counter of the plugin's own; the ledger lists it as ``<plugin>.<name>``."""
        ...

    def fault(self, operation: str, error: BaseException) -> None:
        """Report an error that was swallowed: counted, logged once a minute per cause."""
        ...

    def submit(self, records: Sequence[Record], adapter: str) -> Receipt:
        """Hand replayed records to one adapter, past filters, sampling and limits.

        Returns:
            What becomes of them. None is taken once the runtime has stopped.

        Raises:
            ConfigError: No adapter of that name is configured.
        """
        ...

    def every(self, seconds: float, work: Callable[[], None]) -> None:
        """Run short ``work`` about every ``seconds`` on the preparer thread. Must not block on I/O."""
        ...
