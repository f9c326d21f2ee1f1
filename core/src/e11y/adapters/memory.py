"""The memory adapter: keeps records in the process and answers questions about them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from itertools import groupby
from threading import Lock
from typing import TYPE_CHECKING

import attrs

from e11y.adapter import AdapterType, Capabilities
from e11y.errors import Rejected
from e11y.plugins import hookimpl
from e11y.record import Record

if TYPE_CHECKING:
    from e11y.host import Host

Selector = type | str | re.Pattern[str]
"""Which records: of an event class, of an exact name or a glob (``order.*``), or of names a regex finds."""


def selects(what: Selector | None) -> Callable[[Record], bool]:
    """Return a function that tells whether a record is meant by ``what``; ``None`` means every record.

    A class stands for itself, not for its subclasses; it is known by module and qualified name, so that
    records outlive a reload. Names are compared as they are delivered.
    """
    if what is None:
        return lambda record: True
    if isinstance(what, re.Pattern):
        return lambda record: what.search(record.name) is not None
    if isinstance(what, str):
        return lambda record: record.name == what or fnmatchcase(record.name, what)
    qualified = f"{what.__module__}.{what.__qualname__}"
    return lambda record: record.event_type == qualified


@attrs.frozen(eq=False)
class MemorySettings:
    """Settings of the memory adapter.

    Args:
        max_records: How many records are kept; the oldest go first.
    """

    max_records: int = attrs.field(default=1000, validator=attrs.validators.gt(0))


class MemoryAdapter:
    """Keeps the newest records. For tests; every method is safe to call from any thread.

    Records are read-only and hold values as they were at the call, so nothing that happens later changes
    what a test sees. Questions may still be asked after ``close``.

    Args:
        max_records: How many are kept; ``None`` keeps all.
    """

    def __init__(self, max_records: int | None = 1000) -> None:
        self.capabilities = Capabilities(audit=True)
        self._lock = Lock()
        self._kept: deque[tuple[int, Record]] = deque(maxlen=max_records)
        self._batches = 0
        self._dropped = 0
        self._closed = False

    def write_batch(self, records: Sequence[Record]) -> None:
        """Keep ``records``.

        Raises:
            Rejected: The adapter is closed.
        """
        with self._lock:
            if self._closed:
                raise Rejected("the memory adapter is closed")
            before = len(self._kept)
            self._kept.extend((self._batches, record) for record in records)
            self._batches += 1
            self._dropped += before + len(records) - len(self._kept)

    def healthy(self) -> bool:
        """Return whether it still takes records."""
        return not self._closed

    def close(self) -> None:
        """Take no more records; those that are kept stay."""
        with self._lock:
            self._closed = True

    @property
    def records(self) -> tuple[Record, ...]:
        """All kept records in the order they came."""
        return tuple(record for _, record in self._snapshot())

    @property
    def batches(self) -> tuple[tuple[Record, ...], ...]:
        """The kept records as they were written together."""
        grouped = groupby(self._snapshot(), key=lambda kept: kept[0])
        return tuple(tuple(record for _, record in batch) for _, batch in grouped)

    @property
    def dropped_count(self) -> int:
        """How many records were given up because ``max_records`` was reached."""
        return self._dropped

    def find(self, what: Selector | None = None) -> tuple[Record, ...]:
        """Return the kept records that ``what`` selects, oldest first."""
        return tuple(filter(selects(what), self.records))

    def find_one(self, what: Selector | None = None) -> Record | None:
        """Return the oldest kept record that ``what`` selects, or ``None``."""
        return next(filter(selects(what), self.records), None)

    def count(self, what: Selector | None = None) -> int:
        """Return how many kept records ``what`` selects."""
        return len(self.find(what))

    def first(self, n: int = 10) -> tuple[Record, ...]:
        """Return the ``n`` oldest kept records, oldest first."""
        return self.records[:n]

    def last(self, n: int = 10) -> tuple[Record, ...]:
        """Return the ``n`` newest kept records, oldest first."""
        return self.records[-n:] if n else ()

    def last_one(self, what: Selector | None = None) -> Record | None:
        """Return the newest kept record that ``what`` selects, or ``None``."""
        return next(filter(selects(what), reversed(self.records)), None)

    def by_severity(self, severity: str) -> tuple[Record, ...]:
        """Return the kept records of one severity, oldest first."""
        return tuple(record for record in self.records if record.severity == severity)

    def clear(self) -> None:
        """Forget all records and the count of dropped ones."""
        with self._lock:
            self._kept.clear()
            self._dropped = 0

    def _snapshot(self) -> list[tuple[int, Record]]:
        with self._lock:
            return list(self._kept)


class MemoryPlugin:
    """Offers the adapter type ``memory``."""

    name = "memory"

    @hookimpl
    def e11y_export(self) -> AdapterType:
        return AdapterType(name=self.name, settings=MemorySettings, make=_make)


def _make(settings: MemorySettings, host: Host) -> MemoryAdapter:
    del host
    return MemoryAdapter(settings.max_records)
