"""A record: one tracked occurrence, as an adapter receives it.

Callers leave a flat tuple (an entry): ``(layout index, time_ns, context snapshot, *extras, *columns)``.
A ``Layout`` knows everything that is the same for all entries of one kind, so a record is a thin view:
what an adapter does not ask for is never built.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

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
from e11y.encode import encode
from e11y.line import RETENTION, LineFormat, moment, surroundings
from e11y.sentinel import MISSING
from e11y.severity import Severity

Entry = tuple[Any, ...]

INDEX, TIME_NS, SNAPSHOT, EXTRAS = range(4)
"""Positions in an entry; the extras that its layout names follow, then the columns."""


class Layout:
    """How the entries of one event type (in one variant) are read.

    Attributes:
        index: First element of each entry.
        name, severity, version, event_type: The same for all its records.
        names: Column names in order.
        restores: Per column the function that turns the stored atom back, or ``None``.
        open_at: Position of the free keywords, 0 when the type takes none.
        start, stop: Position of the first column, and the one after the last.
        varied: Whether metadata varies by record (beyond its ``retention_until``).
        line: How its JSON lines look; made when the first is asked for.
        extras: Names of the extras from position ``EXTRAS`` on: any of ``weight``, ``route``,
            ``metadata``, ``span_id``, ``open`` (the free keywords of an open event type, as a dict).
        metadata: Metadata that is the same for all its records.
        adapters: Adapter names when they are the same for all its records.
        retention_ns: Nanoseconds each record must live.
        originals: Column name -> position of the value before zone 2 changed it.
        deferred: Filters still to run, in order.
        overhead_bytes: Estimate of what one queued entry costs beside its texts.
    """

    __slots__ = (
        "adapters",
        "deferred",
        "event_type",
        "extras",
        "index",
        "line",
        "metadata",
        "name",
        "names",
        "open_at",
        "originals",
        "overhead_bytes",
        "resource",
        "restores",
        "retention_ns",
        "severity",
        "start",
        "stop",
        "varied",
        "version",
    )

    def __init__(
        self,
        *,
        index: int = 0,
        name: str,
        severity: Severity,
        version: int = 1,
        event_type: str = "",
        names: tuple[str, ...] = (),
        restores: Mapping[str, Callable[[Any], Any]] = MappingProxyType({}),
        extras: tuple[str, ...] = (),
        metadata: Mapping[str, Any] = MappingProxyType({}),
        adapters: tuple[str, ...] = (),
        retention_ns: int = 0,
        originals: Mapping[str, int] = MappingProxyType({}),
        deferred: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = (),
        overhead_bytes: int = 0,
        resource: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.index = index
        self.name = name
        self.severity = severity
        self.version = version
        self.event_type = event_type
        self.names = names
        self.restores = {names.index(column): restore for column, restore in restores.items()}
        self.extras = extras
        self.open_at = EXTRAS + extras.index("open") if "open" in extras else 0
        self.start = EXTRAS + len(extras)
        self.stop = self.start + len(names)
        self.varied = "weight" in extras or "metadata" in extras or RETENTION in metadata
        self.metadata = metadata
        self.adapters = adapters
        self.retention_ns = retention_ns
        self.originals = originals
        self.deferred = deferred
        self.overhead_bytes = overhead_bytes
        self.resource = resource
        self.line: LineFormat | None = None

    def make_line(self) -> LineFormat:
        """Make, keep and return the format of its JSON lines."""
        constants = {"severity": str(self.severity), "event_name": self.name, **self.resource}
        metadata = {} if self.varied else self.metadata
        self.line = LineFormat(constants, self.names, metadata, self.retention_ns // 1_000_000)
        return self.line

    def extra(self, entry: Entry, name: str, default: Any = None) -> Any:
        """Return one extra of an entry."""
        return entry[EXTRAS + self.extras.index(name)] if name in self.extras else default

    def columns(self, entry: Entry) -> Sequence[Any]:
        """Return the values of an entry in the order of ``names``."""
        if not self.restores:
            return entry[self.start : self.stop]
        columns = list(entry[self.start : self.stop])
        for position, restore in self.restores.items():
            value = columns[position]
            if value is not None and value is not MISSING:
                columns[position] = restore(value)
        return columns

    def payload(self, entry: Entry) -> dict[str, Any]:
        """Return the payload of an entry as a new dict; fields that were removed are absent."""
        columns = self.columns(entry)
        payload = dict(zip(self.names, columns, strict=True))
        if MISSING in columns:
            payload = {name: value for name, value in payload.items() if value is not MISSING}
        if self.open_at:
            payload.update(entry[self.open_at])
        return payload


class Record:
    """One tracked occurrence, read-only.

    Attributes:
        layout: What all records of its type have in common.
        time_ns: When ``track()`` was called, nanoseconds since 1970-01-01 UTC.
        snapshot: The context as the flat tuple that its neighbours share.
        trail: For adapters that ask for it: the debug records of the same trace that were flushed
            before this one.
        sequence: Place in the order of preparation. Like ``held_bytes`` it is set by the preparer and
            read by lanes.
        held_bytes: Memory that it is charged with while a lane holds it.
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
    ) -> Record:
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
        return self.layout.overhead_bytes + (2 * len(encoded) if encoded is not None else 0) + RECORD_BYTES

    def encoded(self) -> bytes:
        """Return the record as one JSON object in UTF-8, without a line end. Made once and shared."""
        if self._encoded is None:
            self._encoded = self._make_line()
        return self._encoded

    def withhold(self, payload: Mapping[str, Any]) -> None:
        """Replace the payload, before anything was encoded; core's deferred filters end here."""
        self._payload = dict(payload)
        self._encoded = None

    def original(self) -> Record:
        """Return a view with the values as they were before zone 2, encoded on its own."""
        view = Record(self.layout, self._entry, self.trace, self.span)
        view._metadata = self._metadata
        view._payload = dict(self.layout.payload(self._entry))
        for name, position in self.layout.originals.items():
            value = self._entry[position]
            if value is MISSING:
                view._payload.pop(name, None)
            else:
                view._payload[name] = value
        return view

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
                columns = layout.columns(entry) if layout.restores else entry[layout.start : layout.stop]
                payload = line.dump(line.payload(*columns))
            except Exception:  # noqa: BLE001 - the careful way tells what is wrong, if anything is
                payload = encode(layout.payload(entry))
        milliseconds = self.time_ns // 1_000_000
        frame = line.frame
        if frame[0] != milliseconds:
            frame = line.make_frame(milliseconds)
        _, opening, ending = frame
        if self._metadata is not None or layout.varied:
            ending = b"}" if not self.metadata else b',"metadata":' + encode(self._metadata) + b"}"
        return b"".join((opening, trace, b'","span_id":"%016x' % self.span, before, payload, after, ending))

    def _make_metadata(self) -> dict[str, Any]:
        layout = self.layout
        made = dict(layout.metadata)
        if layout.retention_ns:
            made[RETENTION] = iso_ms(self.time_ns + layout.retention_ns)
        weight = layout.extra(self._entry, "weight", 1.0)
        if "weight" in layout.extras:
            made["sample_rate"] = 1.0 / weight if weight else 1.0
        made.update(layout.extra(self._entry, "metadata") or {})
        return made

    def __repr__(self) -> str:
        return f"<Record {self.name} {self.severity} {self.trace_id} with {len(self.layout.names)} fields>"


RECORD_BYTES = 200
"""Estimate of what a record costs beside its JSON and its values."""


def iso_ms(time_ns: int) -> str:
    """Return ISO 8601 in UTC with milliseconds, for example ``2026-01-31T12:00:00.250Z``."""
    return f"{moment(time_ns // 1_000_000).decode()}Z"
