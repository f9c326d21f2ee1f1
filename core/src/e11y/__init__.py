"""e11y: typed events, protected, counted and delivered, with every one accounted for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from attrs import field

from e11y.errors import (
    ConfigError,
    Declined,
    DeliveryError,
    E11yError,
    InvalidEvent,
    Partial,
    PluginError,
    Problem,
    Rejected,
    Retryable,
)
from e11y.event import Event, OpenEvent, sampled
from e11y.front import (
    bind,
    configure,
    context,
    current_context,
    flush,
    ledger,
    plugin,
    scope,
    shutdown,
    start,
    watch_process,
)
from e11y.options import OFF, FreeText, Option, option, option_off
from e11y.outcome import Outcome
from e11y.presets import AuditEvent, DebugEvent, HighValueEvent
from e11y.scope import Scope, carry
from e11y.sentinel import MISSING
from e11y.severity import Severity

if TYPE_CHECKING:
    from e11y.adapter import Adapter, AdapterType, Capabilities, current_deadline
    from e11y.delivery.delivery import FlushReport
    from e11y.delivery.ledger import Ledger, LedgerError, LedgerSnapshot
    from e11y.hookspecs import HOOK_API
    from e11y.host import Fault, Host, MetricFamily, Receipt, ScopeReport
    from e11y.plugins import hookimpl
    from e11y.record import Record
    from e11y.registry import all_versions, autodiscover
    from e11y.runtime import Runtime
    from e11y.schema import Field, Schema
    from e11y.steps import CONTEXT, META, PAYLOAD, REMOVE, Annotate, Drop, Enrich, Filter, Observe, Route, Sample
    from e11y.threads import is_own_thread, start_thread

_LATE = {
    "e11y.adapter": ("Adapter", "AdapterType", "Capabilities", "current_deadline"),
    "e11y.delivery.delivery": ("FlushReport",),
    "e11y.delivery.ledger": ("Ledger", "LedgerError", "LedgerSnapshot"),
    "e11y.hookspecs": ("HOOK_API",),
    "e11y.host": ("Fault", "Host", "MetricFamily", "Receipt", "ScopeReport"),
    "e11y.plugins": ("hookimpl",),
    "e11y.record": ("Record",),
    "e11y.registry": ("all_versions", "autodiscover"),
    "e11y.runtime": ("Runtime",),
    "e11y.schema": ("Field", "Schema"),
    "e11y.steps": (
        "CONTEXT",
        "META",
        "PAYLOAD",
        "REMOVE",
        "Annotate",
        "Drop",
        "Enrich",
        "Filter",
        "Observe",
        "Route",
        "Sample",
    ),
    "e11y.threads": ("is_own_thread", "start_thread"),
}
"""Module -> names that are imported when somebody asks for them: what authors of plugins need, and what the
first event needs, is no part of ``import e11y``."""


def __getattr__(name: str) -> Any:
    for module, names in _LATE.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'e11y' has no attribute {name!r}")


__all__ = [
    "CONTEXT",
    "HOOK_API",
    "META",
    "MISSING",
    "OFF",
    "PAYLOAD",
    "REMOVE",
    "Adapter",
    "AdapterType",
    "Annotate",
    "AuditEvent",
    "Capabilities",
    "ConfigError",
    "DebugEvent",
    "Declined",
    "DeliveryError",
    "Drop",
    "E11yError",
    "Enrich",
    "Event",
    "Fault",
    "Field",
    "Filter",
    "FlushReport",
    "FreeText",
    "HighValueEvent",
    "Host",
    "InvalidEvent",
    "Ledger",
    "LedgerError",
    "LedgerSnapshot",
    "MetricFamily",
    "Observe",
    "OpenEvent",
    "Option",
    "Outcome",
    "Partial",
    "PluginError",
    "Problem",
    "Receipt",
    "Record",
    "Rejected",
    "Retryable",
    "Route",
    "Runtime",
    "Sample",
    "Schema",
    "Scope",
    "ScopeReport",
    "Severity",
    "all_versions",
    "autodiscover",
    "bind",
    "carry",
    "configure",
    "context",
    "current_context",
    "current_deadline",
    "field",
    "flush",
    "hookimpl",
    "is_own_thread",
    "ledger",
    "option",
    "option_off",
    "plugin",
    "sampled",
    "scope",
    "shutdown",
    "start",
    "start_thread",
    "watch_process",
]
