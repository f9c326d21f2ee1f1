"""The plugin: what it offers to core, and for which events."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import attrs

from e11y import META, OFF, AdapterType, ConfigError, Host, Observe, Record, Schema, hookimpl
from e11y_sentry.option import SentryOption
from e11y_sentry.raised import RaisedTable
from e11y_sentry.settings import SentrySettings

if TYPE_CHECKING:
    from e11y_sentry.adapter import SentryAdapter


@attrs.frozen(eq=False)
class SentryPluginSettings:
    """Table ``[tool.e11y.sentry]``.

    Args:
        exception_messages: Whether to send what exceptions say. Off, because it may quote anybody's data and no
            filter sees it: issues then show type and stack.
    """

    exception_messages: bool = False


class SentryPlugin:
    """Offers the adapter type ``sentry`` and notes the exceptions that error events are tracked in."""

    Settings = SentryPluginSettings

    def __init__(self, settings: SentryPluginSettings, host: Host) -> None:
        self._host = host
        self._raised = RaisedTable(texts=settings.exception_messages)
        self._rules: dict[str, SentryOption | None] = {}

    @hookimpl
    def e11y_observe(self, schema: Schema) -> Observe | None:
        """Note exceptions at the call, for events that may become issues; the others pay nothing."""
        rule = schema.option(SentryOption)
        if rule is OFF:
            self._rules[schema.qualified_name] = None
            return None
        if rule is not None:
            _require_fields(schema, rule)
            self._rules[schema.qualified_name] = rule
        lowest = min((adapter.settings.severity for adapter in self._adapters().values()), default=None)
        if lowest is None:
            return None
        return Observe(self._raised.note, needs=(META.span_id,), at_least=lowest)

    @hookimpl
    def e11y_export(self) -> AdapterType:
        """Let settings say ``type = "sentry"``."""
        return AdapterType(name="sentry", settings=SentrySettings, make=self._make)

    @hookimpl(after="dlq")
    def e11y_dead_letter(self, record: Record, adapter: str, reason: str) -> bool | None:
        """Count what nobody keeps for the next client report. Keeps nothing itself."""
        del record
        found = self._adapters().get(adapter)
        if found is not None:
            found.lost(reason)
        return None

    def _make(self, settings: SentrySettings, host: Host) -> SentryAdapter:
        from e11y_sentry.adapter import SentryAdapter  # noqa: PLC0415 - importing sentry_sdk takes a tenth of a second

        return SentryAdapter(settings, host, self._raised.of, self._rules)

    def _adapters(self) -> dict[str, SentryAdapter]:
        """Return the adapters of this plugin by purpose name."""
        if "e11y_sentry.adapter" not in sys.modules:
            return {}  # nobody made one, so that there is no reason to import sentry_sdk
        from e11y_sentry.adapter import SentryAdapter  # noqa: PLC0415 - as above

        return {name: one for name, one in self._host.adapters().items() if isinstance(one, SentryAdapter)}


def _require_fields(schema: Schema, rule: SentryOption) -> None:
    missing = [name for name in rule.fields if name not in schema.fields]
    if missing and not schema.open:
        raise ConfigError(
            f"@sentry names {', '.join(missing)}, which {schema.event_type.__name__} does not have",
            where=f"class {schema.qualified_name}",
            fix=f"name some of its fields: {', '.join(schema.fields) or '(it has none)'}",
        )
