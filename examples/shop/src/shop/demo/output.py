"""What the server wrote, read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

LOG_LINE = "log.line"
"""Name of the event that e11y-logging makes of a log record."""


@dataclass(frozen=True, slots=True)
class Line:
    """One record as an adapter wrote it."""

    number: int
    time: datetime
    severity: str
    name: str
    trace_id: str
    span_id: str
    values: Mapping[str, object]
    """Its payload, with what was measured."""
    metadata: Mapping[str, object] = field(default_factory=dict)
    """What plugins added: ``v``, ``sample_rate``, ..."""
    context: Mapping[str, object] = field(default_factory=dict)
    """Who and where: ``user_id``, ``request_id``."""

    @property
    def source(self) -> str:
        """Name of the event; of a log record, that of its logger."""
        return str(self.values["logger"]) if self.name == LOG_LINE else self.name

    @property
    def is_debug(self) -> bool:
        """Whether it waited in the buffer of its request."""
        return self.severity == "debug"

    @property
    def is_error(self) -> bool:
        """Whether it makes its request a failing one."""
        return self.severity in ("error", "fatal")


@dataclass(frozen=True, slots=True)
class Output:
    """All lines of the server.

    Attributes:
        lines: In the order in which they were written.
        of_trace: Trace id -> its lines, in that order.
        unreadable: Numbers of the lines that are no record.
        addresses: Numbers of the lines in which a mail address can be read.
    """

    lines: Sequence[Line] = ()
    of_trace: Mapping[str, Sequence[Line]] = field(default_factory=dict)
    unreadable: Sequence[int] = ()
    addresses: Sequence[int] = ()

    def named(self, *names: str) -> Sequence[Line]:
        """Return the lines of some events, in the order in which they were written."""
        return [line for line in self.lines if line.name in names]

    def lines_of(self, trace_id: str) -> Sequence[Line]:
        """Return the lines of one request, in the order in which they were written."""
        return self.of_trace.get(trace_id, ())


class _Record(msgspec.Struct):
    """What adapters write, as far as it matters here."""

    timestamp: datetime
    severity: str
    event_name: str
    trace_id: str
    span_id: str
    payload: dict[str, object]
    metadata: dict[str, object] = {}
    context: dict[str, object] = {}


def read(path: Path) -> Output:
    """Return what the server wrote into ``path``, one JSON object per line."""
    with path.open("rb") as written:
        return parse(written)


def parse(written: Iterable[bytes]) -> Output:
    """Return what the server wrote, one JSON object per line."""
    lines: list[Line] = []
    of_trace: dict[str, list[Line]] = defaultdict(list)
    unreadable: list[int] = []
    addresses: list[int] = []
    for number, text in enumerate(written, start=1):
        if b"@" in text:
            addresses.append(number)
        try:
            line = _line(number, msgspec.json.decode(text, type=_Record))
        except (msgspec.DecodeError, UnicodeDecodeError):
            unreadable.append(number)
            continue
        lines.append(line)
        of_trace[line.trace_id].append(line)
    return Output(lines, dict(of_trace), unreadable, addresses)


def _line(number: int, record: _Record) -> Line:
    measured = {key: value for key, value in record.metadata.items() if key == "duration_ms"}
    return Line(
        number=number,
        time=record.timestamp,
        severity=record.severity,
        name=record.event_name,
        trace_id=record.trace_id,
        span_id=record.span_id,
        values={**record.payload, **measured},
        metadata=record.metadata,
        context=record.context,
    )
