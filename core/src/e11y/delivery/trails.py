"""The debug trails of the traces seen lately."""

from __future__ import annotations

from collections import OrderedDict

from e11y.record import Record

_MOST_TRACES = 64
_MOST_RECORDS = 1000


class Trails:
    """Remembers debug records by trace, for adapters that show them beside an error.

    The preparer owns it. The trace that was silent longest is forgotten first.
    """

    def __init__(self) -> None:
        self._traces: OrderedDict[int, list[Record]] = OrderedDict()
        self._records = 0

    def remember(self, record: Record) -> None:
        """Add a debug record to the trail of its trace."""
        trail = self._traces.setdefault(record.trace, [])
        trail.append(record)
        self._records += 1
        self._traces.move_to_end(record.trace)
        while len(self._traces) > _MOST_TRACES or (self._records > _MOST_RECORDS and len(self._traces) > 1):
            _, forgotten = self._traces.popitem(last=False)
            self._records -= len(forgotten)
        if self._records > _MOST_RECORDS:
            del trail[0]
            self._records -= 1

    def of(self, trace: int) -> tuple[Record, ...]:
        """Return the trail of a trace, oldest first."""
        return tuple(self._traces.get(trace, ()))
