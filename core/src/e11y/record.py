"""A record: one tracked occurrence, as an adapter receives it.

It is a thin view of what the caller left (see ``layout``): what an adapter does not ask for is never built.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from types import MappingProxyType
from typing import Any, Self

from e11y.clock import Ids
from e11y.context import (
    EMPTY,
    PARENT_TRACE_ID,
    SPAN_ID,
    TRACE_ID,
    Snapshot,
    hex_span,
    hex_trace,
    values,
)
from e11y.encode import encode, encode_each
from e11y.layout import EXTRAS, INDEX, RECORD_BYTES, SNAPSHOT, TIME_NS, Entry, Layout
from e11y.line import NO_FRAME, RETENTION, SAMPLE_RATE, SPAN_KEY, Frame, moment, rate_of, surroundings
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
    "make_records",
]


class Record:
    """One tracked occurrence, read-only.

    Attributes:
        layout: What all records of its type have in common.
        time_ns: When ``track()`` was called, nanoseconds since 1970-01-01 UTC.
        snapshot: The context as the flat tuple that its neighbours share.
        trail: For adapters that ask for it: the records below error of the same trace that were prepared
            before this one.
        sequence: Place in the order of preparation, set by the preparer and read by lanes.
        held_bytes: Memory that it is charged with while a lane holds it; 0: not known yet.
    """

    __slots__ = (
        "_encoded",
        "_entry",
        "_metadata",
        "_payload",
        "held_bytes",
        "layout",
        "sequence",
        "snapshot",
        "span",
        "time_ns",
        "trace",
        "trail",
    )

    def __init__(self, layout: Layout, entry: Entry, trace: int, span: int) -> None:
        self.layout = layout
        self._entry = entry
        self.time_ns: int = entry[TIME_NS]
        self.snapshot: Snapshot = entry[SNAPSHOT]
        self.trace = trace
        self.span = span
        self.trail: tuple[Record, ...] = ()
        self._payload: dict[str, Any] | None = None
        self._metadata: dict[str, Any] | None = None
        self._encoded: bytes | None = None
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
    def trace_id(self) -> str:
        """32 lowercase hex digits."""
        return f"{self.trace:032x}"

    @property
    def span_id(self) -> str:
        """16 lowercase hex digits, new for each record."""
        return f"{self.span:016x}"

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
        encoded = self._encoded
        return self.layout.held_bytes + (2 * len(encoded) if encoded is not None else 0)

    def encoded(self) -> bytes:
        """Return the record as one JSON object in UTF-8, without a line end. Made once and shared."""
        if self._encoded is None:
            self._encoded = self._make_line()
        return self._encoded

    def withhold(self, payload: Mapping[str, Any]) -> None:
        """Replace the payload, before anything was encoded; core's deferred filters end here."""
        self._payload = dict(payload)
        self._encoded = None

    def marked(self, mark: str) -> Record:
        """Return a copy whose metadata holds ``mark: True``."""
        copy = Record(self.layout, self._entry, self.trace, self.span)
        copy._payload = self._payload
        copy._metadata = {**self.metadata, mark: True}
        return copy

    def _make_line(self) -> bytes:
        layout, entry, snapshot = self.layout, self._entry, self.snapshot
        line = layout.line or layout.make_line()
        trace, before, after = surroundings(snapshot)
        if self.trace != snapshot[TRACE_ID]:
            trace = b"%032x" % self.trace
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
        _, opening, ending, _ = frame
        if self._metadata is not None or layout.varied:
            ending = self._make_ending()
        return b"".join((opening, trace, SPAN_KEY, b"%016x" % self.span, before, payload, after, ending))

    def _make_ending(self) -> bytes:
        return b"}" if not self.metadata else b',"metadata":' + encode(self._metadata) + b"}"

    def _make_metadata(self) -> dict[str, Any]:
        layout = self.layout
        made = dict(layout.metadata)
        if layout.retention_ns:
            made[RETENTION] = iso_ms(self.time_ns + layout.retention_ns)
        weight = layout.extra(self._entry, "weight", 1.0)
        if "weight" in layout.extras:
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


def make_records(
    entries: Sequence[Entry],
    layouts: Sequence[Layout],
    ids: Ids,
    filtered: Sequence[dict[str, Any] | None] | None = None,
) -> list[Record]:
    """Return the records of ``entries``, in their order, with their lines as far as these can be made at once.

    Among many a record costs half of what it costs alone: one call encodes all payloads, one draws all
    ids, neighbours share layout, context and millisecond. A record whose line fails makes it when it is
    asked for. The loop is flat on purpose.

    Args:
        entries: Of any layouts.
        layouts: By index.
        ids: Source of ids.
        filtered: For each entry the payload that its deferred filters left, ``None`` where it has none of these.
    """
    finals: Sequence[dict[str, Any] | None] = [None] * len(entries) if filtered is None else filtered
    texts = encode_each(_payloads(entries, layouts, finals))
    bare: Iterator[Record] = map(object.__new__, repeat(Record, len(entries)))
    spans, span_texts = ids.span_ids(len(entries))
    traces: Iterator[tuple[int, bytes]] | None = None
    records: list[Record] = []
    neighbour: Layout | None = None
    last: Snapshot | None = None
    frame = NO_FRAME
    at_once = varied = False
    span_at = base_bytes = shared_trace = begin_ns = end_ns = 0
    shared = own = opening = before = after = ending = b""
    for entry, final, payload, record, span, span_text in zip(
        entries, finals, texts, bare, spans, span_texts, strict=True
    ):
        records.append(record)
        record.layout = layout = layouts[entry[INDEX]]
        if layout is not neighbour:
            neighbour = layout
            at_once, span_at, varied, base_bytes = layout.at_once, layout.span_at, layout.varied, layout.held_bytes
            begin_ns = end_ns = 0
        record._entry = entry
        record.time_ns = time_ns = entry[TIME_NS]
        record.snapshot = snapshot = entry[SNAPSHOT]
        record.trail = ()
        record._payload = final
        record._metadata = record._encoded = None
        record.held_bytes = 0
        record.span = span
        if span_at:
            record.span = entry[span_at]
            span_text = b"%016x" % record.span  # noqa: PLW2901 - what was drawn for it is left
        if snapshot is not last:
            last, shared_trace, shared = snapshot, snapshot[TRACE_ID], b""
        if shared_trace:
            record.trace = shared_trace
        else:
            if traces is None:
                traces = zip(*ids.trace_ids(len(entries)), strict=True)
            record.trace, own = next(traces)
        if payload is None or (final is None and not at_once):
            continue
        try:
            if not shared:
                shared, before, after = surroundings(snapshot)
            if not begin_ns <= time_ns < end_ns:
                milliseconds = time_ns // 1_000_000
                begin_ns, end_ns = milliseconds * 1_000_000, (milliseconds + 1) * 1_000_000
                line = layout.line or layout.make_line()
                frame = line.frame if line.frame[0] == milliseconds else line.make_frame(milliseconds)
                _, opening, ending, _ = frame
            if varied:
                ending = _own_ending(record, frame)
            trace = shared if shared_trace else own
            record._encoded = made = b"".join((opening, trace, SPAN_KEY, span_text, before, payload, after, ending))
            record.held_bytes = base_bytes + 2 * len(made)
        except Exception:  # noqa: BLE001 - told when the record is asked for its line
            record.held_bytes = begin_ns = end_ns = 0
    return records


def _payloads(
    entries: Sequence[Entry], layouts: Sequence[Layout], finals: Sequence[dict[str, Any] | None]
) -> list[object]:
    """Return what encodes as the payload of each entry."""
    payloads: list[object] = []
    for entry, final in zip(entries, finals, strict=True):
        layout = layouts[entry[INDEX]]
        if final is not None:
            payloads.append(final)
        elif layout.plain:
            payloads.append((layout.line or layout.make_line()).payload(*entry[layout.start : layout.stop]))
        else:
            payloads.append(_payload_of(entry, layout))
    return payloads


def _own_ending(record: Record, frame: Frame) -> bytes:
    """Return the ending of a line whose metadata is not that of its neighbours."""
    layout = record.layout
    if not layout.weight_at:
        return record._make_ending()
    weight = record._entry[layout.weight_at]
    return frame[3].get(weight) or (layout.line or layout.make_line()).make_ending(frame, weight)


def _payload_of(entry: Entry, layout: Layout) -> object:
    """Return what encodes as the payload of an entry; what does not encode at all when it cannot be made."""
    if not layout.at_once:
        return None
    try:
        return (layout.line or layout.make_line()).payload(*layout.columns(entry))
    except Exception:  # noqa: BLE001 - told when the record is asked for its line
        return _UNMADE


_UNMADE = object()


def iso_ms(time_ns: int) -> str:
    """Return ISO 8601 in UTC with milliseconds, for example ``2026-01-31T12:00:00.250Z``."""
    return f"{moment(time_ns // 1_000_000).decode()}Z"
