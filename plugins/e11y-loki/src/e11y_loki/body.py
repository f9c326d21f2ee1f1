"""The body of a push: Loki's JSON, joined from the lines that all adapters share.

Source: Loki HTTP API, "Ingest logs": ``{"streams": [{"stream": {label: value}, "values": [[time, line,
{name: value}]]}]}``, times as nanoseconds in decimal text, all values text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from e11y import Record, Severity
from e11y.context import Snapshot
from e11y_loki.labels import stream_labels

_dump = msgspec.json.Encoder().encode
_time_of = attrgetter("time_ns")

_IDS: Mapping[str, bytes] = {"trace_id": b'"trace_id":"%032x"', "span_id": b'"span_id":"%016x"'}

_ID_VALUES: Mapping[tuple[str, ...], Callable[[Record], tuple[int, ...]]] = {
    (): lambda _: (),
    ("trace_id",): lambda record: (record.trace,),
    ("span_id",): lambda record: (record.span,),
    ("trace_id", "span_id"): attrgetter("trace", "span"),
}


class BodyFormat:
    """Makes bodies; belongs to one adapter and one thread.

    Args:
        shared: Labels of every stream.
        structured_metadata: Names of what stands beside each line.
    """

    def __init__(self, shared: Mapping[str, str], structured_metadata: Sequence[str]) -> None:
        self._shared = shared
        self._openings: dict[tuple[str, Severity], bytes] = {}
        ids = tuple(name for name in _IDS if name in structured_metadata)
        self._ids = _ID_VALUES[ids]
        self._context_names = tuple(name for name in structured_metadata if name not in _IDS)
        inside = b",".join([_IDS[name] for name in ids])
        if self._context_names:
            inside += b"%b"
        self._entry = b'["%d",%b,{' + inside + b"}]" if inside else b'["%d",%b]'
        self._comma = b"," if ids else b""
        self._last: tuple[Snapshot | None, bytes] = (None, b"")

    def body(self, records: Sequence[Record]) -> bytes:
        """Return ``records`` as one push; each stream in the order of time, as Loki likes it best."""
        streams: dict[tuple[str, Severity], list[Record]] = {}
        by_layout: dict[object, list[Record]] = {}
        for record in records:
            layout = record.layout
            stream = by_layout.get(layout)
            if stream is None:
                stream = by_layout[layout] = streams.setdefault((layout.name, layout.severity), [])
            stream.append(record)
        parts = [
            b"".join((self._opening(key), b",".join(self._entries(sorted(stream, key=_time_of))), b"]}"))
            for key, stream in streams.items()
        ]
        return b'{"streams":[' + b",".join(parts) + b"]}"

    def _entries(self, records: Sequence[Record]) -> list[bytes]:
        # One call per line beats one for the whole batch: 1.0 us against 1.3 us to 2.1 us.
        entry, ids = self._entry, self._ids
        if self._context_names:
            return [
                entry % (each.time_ns, _dump(each.encoded().decode()), *ids(each), self._context(each))
                for each in records
            ]
        return [entry % (each.time_ns, _dump(each.encoded().decode()), *ids(each)) for each in records]

    def _opening(self, key: tuple[str, Severity]) -> bytes:
        opening = self._openings.get(key)
        if opening is None:
            labels = _dump(stream_labels(self._shared, *key))
            opening = self._openings[key] = b'{"stream":' + labels + b',"values":['
        return opening

    def _context(self, record: Record) -> bytes:
        """Return the chosen context values as members of an object; neighbours share their context."""
        snapshot, made = self._last
        if snapshot is not record.snapshot:
            context = record.context
            chosen = {name: _text(context[name]) for name in self._context_names if name in context}
            made = self._comma + _dump(chosen)[1:-1] if chosen else b""
            self._last = record.snapshot, made
        return made


def _text(value: Any) -> str:
    """Return a context value as Loki takes it: text."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    try:
        return _dump(value).decode()
    except Exception:  # noqa: BLE001 - the line has the value; a wrong one here must not cost the record
        return type(value).__name__
