"""Records for the tests of the adapters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from e11y.context import EMPTY, Snapshot, extended
from e11y.record import Record
from e11y.severity import Severity

NOON_NS = 1_769_860_800_250_000_000
"""2026-01-31T12:00:00.250Z"""

TRACE = 0x4BF92F3577B34DA6A3CE929D0E0E4736


def record(
    name: str = "order.paid",
    payload: Mapping[str, Any] | None = None,
    severity: Severity = Severity.INFO,
    context: Mapping[str, Any] | None = None,
    **given: Any,
) -> Record:
    """Return a record of a fixed moment and trace."""
    snapshot: Snapshot = extended(EMPTY, context or {})
    usual = {"time_ns": NOON_NS, "trace": TRACE, "span": 7, "snapshot": snapshot}
    return Record.of(name, payload or {}, severity=severity, **{**usual, **given})
