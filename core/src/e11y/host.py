"""What a plugin may use of the process it runs in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import attrs

from e11y.clock import Clock
from e11y.record import Record

if TYPE_CHECKING:
    import logging
    import random

    from e11y.adapter import Adapter
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

    def count(self, name: str, amount: int = 1) -> None:
        """Add to a counter of the plugin's own; the ledger lists it as ``<plugin>.<name>``."""
        ...

    def fault(self, operation: str, error: BaseException) -> None:
        """Report an error that was swallowed: counted, logged once a minute per cause."""
        ...

    def submit(self, records: Sequence[Record], adapter: str) -> None:
        """Hand replayed records to one adapter, past filters, sampling and limits.

        Raises:
            ConfigError: No adapter of that name is configured.
        """
        ...

    def every(self, seconds: float, work: Callable[[], None]) -> None:
        """Run short ``work`` about every ``seconds`` on the preparer thread. Must not block on I/O."""
        ...
