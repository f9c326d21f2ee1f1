"""Records that say what happened to an event without saying its values.

Their metadata holds ``withheld: True``: whoever keeps them can tell that there is nothing to replay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from e11y.clock import Ids
from e11y.context import FIRST_KEY, TRACE_ID
from e11y.record import Layout, Record
from e11y.severity import SEVERITIES, Severity

_WITHHELD = {"withheld": True}


def of_invalid(item: tuple[Any, ...], ids: Ids, resource: Mapping[str, str]) -> Record:
    """Return the dead letter of an invalid event: which fields are wrong, and why.

    Args:
        item: ``(INVALID, time_ns, snapshot, event_name, event_type, severity, ((path, reason), ...))``.
        ids: Source of the ids that the event never got.
        resource: Service, environment, ... as in every line.
    """
    _, time_ns, snapshot, event_name, event_type, severity, problems = item
    reasons: dict[str, str] = {}
    for path, reason in problems:
        reasons[path] = f"{reasons[path]}; {reason}" if path in reasons else reason
    return Record.of(
        event_name,
        {"problems": reasons},
        severity=SEVERITIES[severity] if isinstance(severity, int) else Severity(severity),
        event_type=event_type,
        time_ns=time_ns,
        trace=snapshot[TRACE_ID] or ids.trace_id(),
        span=ids.span_id(),
        snapshot=snapshot,
        metadata=_WITHHELD,
        resource=resource,
    )


def without_values(record: Record, entry: tuple[Any, ...]) -> Record:
    """Return the dead letter of a record that must not be shown: its fields' types instead of their values."""
    layout: Layout = record.layout
    columns = entry[layout.start : layout.stop]
    return Record.of(
        layout.name,
        {name: type(value).__name__ for name, value in zip(layout.names, columns, strict=True)},
        severity=layout.severity,
        version=layout.version,
        event_type=layout.event_type,
        time_ns=record.time_ns,
        trace=record.trace,
        span=record.span,
        snapshot=record.snapshot[:FIRST_KEY],
        metadata=_WITHHELD,
        resource=layout.resource,
    )
