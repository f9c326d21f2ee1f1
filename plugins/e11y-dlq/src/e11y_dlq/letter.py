"""A letter: one record that could not be delivered, with what is known about the failure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import attrs

from e11y import Record, Severity
from e11y.context import EMPTY, Snapshot, extended

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@attrs.frozen(kw_only=True)
class Letter:
    """One dead letter. ``attrs.evolve`` makes a changed one; its representation shows no values.

    Values are those of JSON: what was a ``Decimal``, a time or a UUID is the text that was to be sent.

    Args:
        id: Segment and offset: where it is kept.
        adapter: Purpose name of the adapter that failed; empty when none was reached.
        reason: A short text that begins with a fixed word: ``expired: not accepted for 300 s``.
        failures: How often it was given up; 1 until a replay fails.
        first_failed_ns, failed_ns: When it was given up for the first and for the last time,
            nanoseconds since 1970-01-01 UTC.
        name: Delivered name of the event.
        severity, version, event_type, time_ns: As in the record; the type is its qualified name.
        trace_id, span_id: 32 and 16 lowercase hex digits.
        scope: Ids of the scope that the event happened in, and whether its trace is sampled.
        payload, context, metadata: As they were to be sent.
        resource: Service, environment, ... of the process that tracked it.
        trail: Debug records that belong to it, for adapters that want them.
    """

    id: str
    adapter: str
    reason: str
    failures: int
    first_failed_ns: int
    failed_ns: int
    name: str
    severity: Severity
    version: int
    event_type: str
    time_ns: int
    trace_id: str
    span_id: str
    scope: Snapshot = attrs.field(default=EMPTY, repr=False)
    payload: Mapping[str, Any] = attrs.field(repr=False)
    context: Mapping[str, Any] = attrs.field(default=_NOTHING, repr=False)
    metadata: Mapping[str, Any] = attrs.field(default=_NOTHING, repr=False)
    resource: Mapping[str, str] = attrs.field(default=_NOTHING, repr=False)
    trail: tuple[Record, ...] = attrs.field(default=(), repr=False)

    @property
    def word(self) -> str:
        """The fixed word that the reason begins with: ``expired``, ``rejected``, ``invalid``, ..."""
        return self.reason.partition(":")[0]

    @property
    def is_withheld(self) -> bool:
        """Whether it holds types and reasons in place of values, so that there is nothing to replay."""
        return self.metadata.get("withheld") is True


_SPAN_KEY: Final = b'"span_id":"'


class StoredRecord(Record):
    """The record of a letter: what is sent again is, byte for byte, what was to be sent.

    Attributes:
        line: The bytes; ``None`` once a transformation changed the letter.
    """

    __slots__ = ("line",)

    line: bytes | None

    @property
    def size_bytes(self) -> int:
        """Estimate of the memory the record holds."""
        return self.layout.held_bytes + 2 * len(self.encoded_body())

    def encoded(self) -> bytes:
        """Return the record as one JSON object."""
        return self.line if self.line is not None else super().encoded()

    def encoded_body(self) -> bytes:
        """Return the same from its span id on; quotes in what stands before that are escaped."""
        if self.line is None:
            return super().encoded_body()
        return b"{" + self.line[self.line.index(_SPAN_KEY) :]


def record_of(letter: Letter, line: bytes | None) -> StoredRecord:
    """Return the record of ``letter``.

    Args:
        letter: As it was kept, or changed.
        line: The bytes that were to be sent; ``None``: make them of the letter.
    """
    record = StoredRecord.of(
        letter.name,
        letter.payload,
        severity=letter.severity,
        version=letter.version,
        event_type=letter.event_type,
        time_ns=letter.time_ns,
        trace=int(letter.trace_id, 16),
        span=int(letter.span_id, 16),
        snapshot=extended(letter.scope, letter.context),
        metadata=letter.metadata,
        resource=letter.resource,
    )
    record.line = line
    record.trail = letter.trail
    return record
