"""What was tracked lately, by trace."""

from __future__ import annotations

from collections import OrderedDict, deque

from e11y.context import TRACE_ID
from e11y.record import Record

_MOST_TRACES = 1000
_MOST_RECORDS = 100
_MOST_BYTES = 8 << 20


class Trails:
    """Remembers records below error by trace, for adapters that show them beside an error.

    The preparer owns it. A trace keeps its newest records; all traces together are bounded in bytes, and the
    one that was silent longest is forgotten first. What belongs to no scope has a trace of its own, so it leads
    to nothing and is not remembered.
    """

    def __init__(self) -> None:
        self._traces: OrderedDict[int, deque[Record]] = OrderedDict()
        self._bytes = 0

    def remember(self, record: Record) -> None:
        """Add a record to the trail of its trace."""
        trace = record.snapshot[TRACE_ID]
        if not trace:
            return
        traces = self._traces
        trail = traces.get(trace)
        if trail is None:
            trail = traces[trace] = deque()
            if len(traces) > _MOST_TRACES:
                self._forget()
        else:
            traces.move_to_end(trace)
        trail.append(record)
        self._bytes += record.held_bytes
        if len(trail) > _MOST_RECORDS:
            self._bytes -= trail.popleft().held_bytes
        while self._bytes > _MOST_BYTES and len(traces) > 1:
            self._forget()
        while self._bytes > _MOST_BYTES and trail:
            self._bytes -= trail.popleft().held_bytes

    def of(self, trace: int) -> tuple[Record, ...]:
        """Return the trail of a trace in the order of preparation."""
        return tuple(self._traces.get(trace, ()))

    def _forget(self) -> None:
        _, forgotten = self._traces.popitem(last=False)
        self._bytes -= sum([record.held_bytes for record in forgotten])
