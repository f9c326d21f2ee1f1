"""A record: one tracked occurrence, as an adapter receives it.

It is a thin view of what the caller left (see ``layout``): what an adapter does not ask for is never built.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

from e11y.context import (
    EMPTY,
    PARENT_TRACE_ID,
    SPAN_ID,
    Snapshot,
    hex_span,
    hex_trace,
    values,
)
from e11y.encode import encode
from e11y.layout import EXTRAS, INDEX, RECORD_BYTES, SNAPSHOT, TIME_NS, Entry, Layout
from e11y.line import BODY_OPENING, RETENTION, SAMPLE_RATE, moment, rate_of, surroundings
from e11y.severity import Severity

__all__ = [
    "EXTRAS",
    "INDEX",
    "RECORD_BYTES",
    "SNAPSHOT",
    "TIME_NS",
    "Entry",
    "Layout",
    "Record",
    "iso_ms",
]


class Record:
    """One tracked occurrence, read-only.

    Attributes:
        layout: What all records of its type have in common.
        time_ns: When ``track()`` was called, nanoseconds since 1970-01-01 UTC.
        trace_hex, span_hex: The bytes of ``trace_id`` and ``span_id``.
        sequence: Place in the order of preparation, set by the preparer and read by lanes.
        held_bytes: Memory that it is charged with while a lane holds it; 0: not known yet.
    """

    __slots__ = (
        "_body",
        "_entry",
        "_metadata",
        "_opening",
        "_payload",
        "_trail",
        "held_bytes",
        "layout",
        "sequence",
        "span_hex",
        "time_ns",
        "trace_hex",
    )

    def __init__(self, layout: Layout, entry: Entry, trace: int, span: int) -> None:
        self.layout = layout
        self._entry = entry
        self.time_ns: int = entry[TIME_NS]
        self.trace_hex = b"%032x" % trace
        self.span_hex = b"%016x" % span
        self._trail: tuple[Record, ...]
        self._payload: dict[str, Any] | None = None
        self._metadata: dict[str, Any] | None = None
        self._opening: bytes
        self._body: bytes | None = None
        self.sequence: int
        self.held_bytes: int

    @classmethod
    def of(
        cls,
        name: str,
        payload: Mapping[str, Any],
        *,
        severity: Severity = Severity.INFO,
        version: int = 1,
        event_type: str = "",
        time_ns: int = 0,
        trace: int = 1,
        span: int = 1,
        snapshot: Snapshot = EMPTY,
        metadata: Mapping[str, Any] = MappingProxyType({}),
        resource: Mapping[str, str] = MappingProxyType({}),
    ) -> Self:
        """Return a record made from plain values: for replay and for tests of adapters."""
        layout = Layout(
            name=name,
            severity=severity,
            version=version,
            event_type=event_type,
            names=tuple(payload),
            metadata=metadata,
            resource=resource,
        )
        return cls(layout, (0, time_ns, snapshot, *payload.values()), trace, span)

    @property
    def name(self) -> str:
        """Delivered name, for example ``order.paid``."""
        return self.layout.name

    @property
    def severity(self) -> Severity:
        return self.layout.severity

    @property
    def version(self) -> int:
        return self.layout.version

    @property
    def event_type(self) -> str:
        """Qualified name of the event class, for example ``shop.events.OrderPaid``."""
        return self.layout.event_type

    @property
    def snapshot(self) -> Snapshot:
        """The context as the flat tuple that its neighbours share."""
        snapshot: Snapshot = self._entry[SNAPSHOT]
        return snapshot

    @property
    def trail(self) -> tuple[Record, ...]:
        """For adapters that ask for it: the records below error of the same trace that were prepared before it."""
        return getattr(self, "_trail", ())

    @trail.setter
    def trail(self, trail: tuple[Record, ...]) -> None:
        self._trail = trail

    @property
    def trace(self) -> int:
        """The trace id as an integer."""
        return int(self.trace_hex, 16)

    @property
    def span(self) -> int:
        """The span id as an integer."""
        return int(self.span_hex, 16)

    @property
    def trace_id(self) -> str:
        """32 lowercase hex digits."""
        return self.trace_hex.decode()

    @property
    def span_id(self) -> str:
        """16 lowercase hex digits, new for each record."""
        return self.span_hex.decode()

    @property
    def parent_span_id(self) -> str | None:
        """Span of the scope or request that the event happened in."""
        return hex_span(self.snapshot[SPAN_ID])

    @property
    def parent_trace_id(self) -> str | None:
        """Trace that started the job that the event happened in."""
        return hex_trace(self.snapshot[PARENT_TRACE_ID])

    @property
    def payload(self) -> Mapping[str, Any]:
        """The caller's fields, filtered, as a read-only mapping."""
        if self._payload is None:
            self._payload = self.layout.payload(self._entry)
        return MappingProxyType(self._payload)

    @property
    def context(self) -> Mapping[str, Any]:
        """Who and where, as a read-only mapping."""
        return MappingProxyType(values(self.snapshot))

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the pipeline added late: ``retention_until``, ``sample_rate``, ``v``, ..."""
        if self._metadata is None:
            self._metadata = self._make_metadata()
        return MappingProxyType(self._metadata)

    @property
    def timestamp(self) -> str:
        """ISO 8601 in UTC with milliseconds."""
        return iso_ms(self.time_ns)

    @property
    def size_bytes(self) -> int:
        """Estimate of the memory the record holds: its JSON, its values and itself."""
        body = self._body
        return self.layout.held_bytes + (2 * len(body) if body is not None else 0)

    def encoded(self) -> bytes:
        """Return the record as one JSON object in UTF-8, without a line end.

        All but its head is made once and shared. The line is joined at each call: it would be held, a second
        time, for as long as any lane holds the record.
        """
        body = self._body or self._make_body()
        return b"".join((self._opening, self.trace_hex, b'",', body[1:]))

    def encoded_body(self) -> bytes:
        """Return the same without time, severity, name, resource and trace, for adapters that put these elsewhere.

        Made once and shared.
        """
        return self._body or self._make_body()

    def withhold(self, payload: Mapping[str, Any]) -> None:
        """Replace the payload, before anything was encoded; core's deferred filters end here."""
        self._payload = dict(payload)
        self._body = None

    def marked(self, mark: str) -> Record:
        """Return a copy whose metadata holds ``mark: True``."""
        copy = Record(self.layout, self._entry, self.trace, self.span)
        copy._payload = self._payload
        copy._metadata = {**self.metadata, mark: True}
        return copy

    def _make_body(self) -> bytes:
        layout, entry = self.layout, self._entry
        line = layout.line or layout.make_line()
        before, after = surroundings(self.snapshot)
        if self._payload is not None or layout.open_at:
            payload = encode(self._payload if self._payload is not None else layout.payload(entry))
        else:
            try:
                payload = line.dump(line.payload(*layout.columns(entry)))
            except Exception:  # noqa: BLE001 - the careful way tells what is wrong, if anything is
                payload = encode(layout.payload(entry))
        milliseconds = self.time_ns // 1_000_000
        frame = line.frame
        if frame[0] != milliseconds:
            frame = line.make_frame(milliseconds)
        _, self._opening, ending, _ = frame
        if self._metadata is not None or layout.varied:
            ending = self._make_ending()
        self._body = body = b"".join((BODY_OPENING, self.span_hex, before, payload, after, ending))
        return body

    def _make_ending(self) -> bytes:
        return b"}" if not self.metadata else b',"metadata":' + encode(self._metadata) + b"}"

    def _make_metadata(self) -> dict[str, Any]:
        layout = self.layout
        made = dict(layout.metadata)
        if layout.retention_ns:
            made[RETENTION] = iso_ms(self.time_ns + layout.retention_ns)
        weight = layout.extra(self._entry, "weight", 1.0)
        if "weight" in layout.extras:
            made.pop(SAMPLE_RATE, None)  # what is said of all records of the type stands before what is said of one
            made[SAMPLE_RATE] = rate_of(weight)
        made.update(layout.extra(self._entry, "metadata") or {})
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle what can be seen, never the entry: it may hold values as they were before zone 2."""
        layout = self.layout
        facts = {
            "severity": layout.severity,
            "version": layout.version,
            "event_type": layout.event_type,
            "time_ns": self.time_ns,
            "trace": self.trace,
            "span": self.span,
            "snapshot": self.snapshot,
            "metadata": dict(self.metadata),
            "resource": dict(layout.resource),
        }
        return (_copied, (layout.name, dict(self.payload), facts, self.trail))

    def __repr__(self) -> str:
        return f"<Record {self.name} {self.severity} {self.trace_id} with {len(self.layout.names)} fields>"


def original(record: Record) -> Record:
    """Return a view with the values as they were before zone 2, encoded on its own.

    No method of a record, so that only the lane of an adapter that may see originals asks for it.
    """
    view = Record(record.layout, record._entry, record.trace, record.span)
    view._metadata = record._metadata
    view._payload = record.layout.original(record._entry)
    view.trail = tuple(original(earlier) for earlier in record.trail)
    return view


def _copied(name: str, payload: dict[str, Any], facts: dict[str, Any], trail: tuple[Record, ...]) -> Record:
    copy = Record.of(name, payload, **facts)
    copy.trail = trail
    return copy


def iso_ms(time_ns: int) -> str:
    """Return ISO 8601 in UTC with milliseconds, for example ``2026-01-31T12:00:00.250Z``."""
    return f"{moment(time_ns // 1_000_000).decode()}Z"
