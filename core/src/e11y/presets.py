"""Ready-made bases: bundles of settings that win over other base classes."""

from __future__ import annotations

from e11y.event import Event


class AuditEvent(Event, preset=True, audit=True, dead_letter=True):
    """For what must be provable later: never sampled, never limited, only to audit-capable adapters."""


class DebugEvent(Event, preset=True, severity="debug", retention="7d"):
    """For details that matter only when something fails; inside a scope they wait in its buffer."""


class HighValueEvent(Event, preset=True, severity="success", dead_letter=True):
    """For what the business counts: kept as a dead letter when a limit or an outage would drop it."""
