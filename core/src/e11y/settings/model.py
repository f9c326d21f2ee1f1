"""The settings of e11y, as they are once every source was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import attrs
from attrs.validators import gt

from e11y import units
from e11y.delivery.lane_settings import LaneSettings
from e11y.severity import Severity, SeverityName

Names = tuple[str, ...]
"""Purpose names of adapters, for example ``("logs", "errors_tracker")``."""


@attrs.frozen(eq=False)
class AdapterTable:
    """One table ``[tool.e11y.adapters.<purpose>]``.

    Keys that ``LaneSettings`` knows go to the lane, the remaining ones to the adapter type's own
    settings class, which is known only once plugins are loaded.

    Args:
        type: Name of the adapter type, for example ``"loki"``.
        originals: Whether this adapter may receive values as they were before zone 2. It counts only
            for adapters that declare ``Capabilities(originals=True)``.
        lane: How its lane batches, retries and gives up.
        options: The remaining keys, as written.
    """

    type: str
    originals: bool = False
    lane: LaneSettings = attrs.field(factory=LaneSettings)
    options: Mapping[str, Any] = attrs.field(factory=dict, repr=False)


@attrs.frozen(eq=False)
class Routes:
    """Table ``[tool.e11y.routes]``: which adapters receive events of a severity. ``None`` is unset.

    Args:
        debug, info, success, warn, error, fatal: Adapters for events of that severity.
        default: Adapters for severities that are not named here.
        fallback: Adapters for events that nothing else routes; never for audit events.
    """

    debug: Names | None = None
    info: Names | None = None
    success: Names | None = None
    warn: Names | None = None
    error: Names | None = None
    fatal: Names | None = None
    default: Names | None = None
    fallback: Names = ()

    def of(self, severity: str) -> Names | None:
        """Return the adapters for ``severity`` or else the default; ``None`` when neither is set."""
        named: dict[str, Names | None] = {
            "debug": self.debug,
            "info": self.info,
            "success": self.success,
            "warn": self.warn,
            "error": self.error,
            "fatal": self.fatal,
        }
        chosen = named[severity]
        return self.default if chosen is None else chosen


@attrs.frozen(eq=False)
class ScopeSettings:
    """Table ``[tool.e11y.scope]``: the debug buffer of a unit of work.

    Args:
        debug_buffer: Whether debug events wait in the scope until it fails or succeeds.
        buffer_bytes: Most bytes that one scope holds; the oldest records are evicted.
        buffer_records: Most records that one scope holds.
        total_bytes: Most bytes that all scopes of the process hold together.
        flush_on_severity: An event of this severity or above writes the trail; ``"never"``: none does.
        flush_on_error: Whether an exception or a status of 500 and above writes the trail.
        flush_on_statuses: Further statuses that write the trail, for example ``[404, 409]``.
    """

    debug_buffer: bool = True
    buffer_bytes: int = units.byte_size("256KiB")
    buffer_records: int = attrs.field(default=1000, validator=gt(0))
    total_bytes: int = units.byte_size("32MiB")
    flush_on_severity: Literal[SeverityName, "never"] = "error"
    flush_on_error: bool = True
    flush_on_statuses: tuple[int, ...] = ()

    @property
    def flush_severity(self) -> Severity | None:
        """Lowest severity that writes the trail, ``None`` when none does."""
        return None if self.flush_on_severity == "never" else Severity(self.flush_on_severity)


@attrs.frozen(eq=False)
class Settings:
    """Everything that ``[tool.e11y]`` can say, beside the tables of plugins.

    Args:
        service: Name of the service; also read from ``OTEL_SERVICE_NAME``.
        environment: Where the process runs. Unset: ``test`` under pytest, ``development`` in an
            interactive interpreter, ``production`` otherwise.
        enabled: ``False``: nothing is checked, kept or sent, and the application runs on.
        plugins: Exactly these plugins, in this order: names, ``"package.module:Class"``, or, from
            code, classes and instances. ``None``: every installed plugin, in the order of names.
        trusted: Further plugins that may stand in the security zone.
        on_invalid: What a wrong call of ``track()`` does. ``None``: it raises in development and
            tests, and reports in production.
        memory_limit: Most bytes that intake and lanes hold together.
        shutdown_timeout_s: Longest that the exit of the process waits for delivery.
        retention_s: How long records are kept when their event type does not say it.
        strict_adapters: Whether an adapter name that is not configured stops the start. ``False``: it is
            left out, told in the log and counted as ``core.unknown_adapter``.
        debug_checks: Whether each step is checked for changes it has no right to; slow, for tests.
        adapters: Purpose name -> adapter.
        routes: Which adapters receive events of a severity.
        scope: The debug buffer of a unit of work.
        plugin_tables: Plugin name -> its table as written; structured when the plugin is made.
    """

    service: str = ""
    environment: str = "production"
    enabled: bool = True
    plugins: tuple[object, ...] | None = None
    trusted: tuple[str, ...] = ()
    on_invalid: Literal["raise", "report"] | None = None
    memory_limit: int = units.byte_size("100MiB")
    shutdown_timeout_s: float = units.duration("5s")
    retention_s: float = units.duration("30d")
    strict_adapters: bool = True
    debug_checks: bool = False
    adapters: Mapping[str, AdapterTable] = attrs.field(factory=dict)
    routes: Routes = attrs.field(factory=Routes)
    scope: ScopeSettings = attrs.field(factory=ScopeSettings)
    plugin_tables: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict, repr=False)

    @property
    def raises_on_invalid(self) -> bool:
        """Whether a wrong call of ``track()`` raises ``InvalidEvent``."""
        if self.on_invalid is None:
            return self.environment in ("development", "test")
        return self.on_invalid == "raise"
