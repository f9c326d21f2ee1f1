"""A layout: how a flat entry is read.

Callers leave a flat tuple (an entry): ``(layout index, time_ns, context snapshot, *extras, *columns)``.
A ``Layout`` knows everything that is the same for all entries of one kind, so a record is a thin view.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from e11y.line import RETENTION, SAMPLE_RATE, LineFormat
from e11y.sentinel import MISSING
from e11y.severity import Severity

Entry = tuple[Any, ...]

INDEX, TIME_NS, SNAPSHOT, EXTRAS = range(4)
"""Positions in an entry; the extras that its layout names follow, then the columns."""


RECORD_BYTES = 200
"""Estimate of what a record costs beside its JSON and its values."""

_HEAD_BYTES = 88
"""Time and trace id in the head of a line, with their keys."""


class Layout:
    """How the entries of one event type (in one variant) are read.

    Attributes:
        index: First element of each entry.
        name, severity, version, event_type: The same for all its records.
        names: Column names in order.
        restores: Per column the function that turns the stored atom back, or ``None``.
        open_at: Position of the free keywords, 0 when the type takes none.
        span_at: Position of the span id, 0 when the record gets a new one.
        at_once: Whether its payloads may be encoded straight from the columns, before anything else is known.
        plain: Whether the payload is the columns, and nothing else.
        start, stop: Position of the first column, and the one after the last.
        varied: Whether metadata varies by record (beyond its ``retention_until``).
        weight_at: Position of the weight when nothing else varies, else 0.
        line: How its JSON lines look; made when the first is asked for.
        extras: Names of the extras from position ``EXTRAS`` on: any of ``weight``, ``route``,
            ``metadata``, ``span_id``, ``open`` (the free keywords of an open event type, as a dict),
            ``unfiltered`` (the same before zone 2).
        metadata: Metadata that is the same for all its records.
        adapters: Adapter names when they are the same for all its records.
        retention_ns: Nanoseconds each record must live.
        originals: Column name -> position of the value before zone 2 changed it.
        deferred: Filters still to run, in order.
        overhead_bytes: Estimate of what one queued entry costs beside its texts.
        held_bytes: Estimate of what one record costs beside the body of its line.
    """

    __slots__ = (
        "adapters",
        "at_once",
        "deferred",
        "event_type",
        "extras",
        "held_bytes",
        "index",
        "line",
        "metadata",
        "name",
        "names",
        "open_at",
        "originals",
        "overhead_bytes",
        "plain",
        "resource",
        "restores",
        "retention_ns",
        "severity",
        "span_at",
        "start",
        "stop",
        "varied",
        "version",
        "weight_at",
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
        self.open_at = self.position("open")
        self.span_at = self.position("span_id")
        self.at_once = not deferred and not self.open_at
        self.plain = self.at_once and not restores
        self.start = EXTRAS + len(extras)
        self.stop = self.start + len(names)
        self.varied = "weight" in extras or "metadata" in extras or RETENTION in metadata
        self.weight_at = 0 if "metadata" in extras or RETENTION in metadata else self.position("weight")
        self.metadata = metadata
        self.adapters = adapters
        self.retention_ns = retention_ns
        self.originals = originals
        self.deferred = deferred
        self.overhead_bytes = overhead_bytes
        self.resource = resource
        head_bytes = _HEAD_BYTES + sum([len(key) + len(text) + 6 for key, text in self._constants().items()])
        self.held_bytes = overhead_bytes + RECORD_BYTES + 2 * head_bytes
        self.line: LineFormat | None = None

    def make_line(self) -> LineFormat:
        """Make, keep and return the format of its JSON lines."""
        metadata = {} if self.varied and not self.weight_at else dict(self.metadata)
        if self.weight_at:
            metadata.pop(SAMPLE_RATE, None)
        self.line = LineFormat(self._constants(), self.names, metadata, self.retention_ns // 1_000_000)
        return self.line

    def _constants(self) -> dict[str, str]:
        return {"severity": str(self.severity), "event_name": self.name, **self.resource}

    def position(self, extra: str) -> int:
        """Return where an entry holds an extra, 0 when it has none."""
        return EXTRAS + self.extras.index(extra) if extra in self.extras else 0

    def extra(self, entry: Entry, name: str, default: Any = None) -> Any:
        """Return one extra of an entry."""
        position = self.position(name)
        return entry[position] if position else default

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

    def filtered(self, entry: Entry) -> dict[str, Any]:
        """Return the payload of an entry as its deferred filters leave it. Raises what they raise."""
        payload = self.payload(entry)
        for deferred in self.deferred:
            payload = deferred(payload)
            if payload.__class__ is not dict:
                payload = dict(payload)
        return payload

    def original(self, entry: Entry) -> dict[str, Any]:
        """Return the payload of an entry as it was before zone 2."""
        payload = dict(zip(self.names, self.columns(entry), strict=True))
        payload.update({name: entry[position] for name, position in self.originals.items()})
        payload = {name: value for name, value in payload.items() if value is not MISSING}
        if self.open_at:
            payload.update(self.extra(entry, "unfiltered", entry[self.open_at]))
        return payload
