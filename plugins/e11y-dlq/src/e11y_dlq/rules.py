"""The rules: which records become dead letters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from importlib import import_module
from typing import Any

from e11y import ConfigError, Host, Record
from e11y_dlq.settings import DlqSettings

Predicate = Callable[[Record, str, str], bool]

_WITHOUT_VALUES = frozenset({"invalid", "filter failed"})


class Rules:
    """Decides from what is certain to what is usual; the first that has a say decides.

    An audit event is always kept; then the names and reasons that are ignored; then the trait
    ``dead_letter`` of the event type; then its severity; then the predicate.

    Args:
        settings: Of the plugin.
        host: Knows the event types.
        predicate: Asked last, about what would be kept.
    """

    def __init__(self, settings: DlqSettings, host: Host, predicate: Predicate | None = None) -> None:
        self._settings = settings
        self._host = host
        self._predicate = predicate
        self._traits: Mapping[str, bool | None] = {}

    def refusal(self, record: Record, adapter: str, reason: str) -> str:
        """Return which rule refuses a record, in one word; an empty text when it is kept."""
        settings = self._settings
        word = reason.partition(":")[0]
        if record.metadata.get("audit"):
            return ""
        if any(fnmatchcase(record.name, pattern) for pattern in settings.ignore_events):
            return "event"
        if word in settings.ignore_reasons:
            return "reason"
        trait = self._trait(record.event_type)
        if trait is not None:
            return "" if trait else "trait"
        is_dropped = not adapter and word not in _WITHOUT_VALUES
        severities = settings.dropped_severities if is_dropped else settings.severities
        if record.severity not in severities:
            return "severity"
        return "" if self._agrees(record, adapter, reason) else "predicate"

    def is_wanted(self, record: Record) -> bool:
        """Return whether the record is an audit event or its type has the trait ``dead_letter``."""
        return bool(record.metadata.get("audit") or self._trait(record.event_type))

    def _trait(self, event_type: str) -> bool | None:
        """Return what an event type says; types that appear later are asked for when they are met."""
        if event_type not in self._traits:
            known = {schema.qualified_name: schema.dead_letter for schema in self._host.schemas()}
            self._traits = {**dict.fromkeys((*self._traits, event_type)), **known}
        return self._traits[event_type]

    def _agrees(self, record: Record, adapter: str, reason: str) -> bool:
        if self._predicate is None:
            return True
        try:
            return bool(self._predicate(record, adapter, reason))
        except Exception as error:  # noqa: BLE001 - better one letter too many than a lost one
            self._host.fault("predicate", error)
            return True


def imported(path: str, setting: str) -> Any:
    """Return the function of an import path.

    Args:
        path: ``package.module:function``.
        setting: Which setting or option named it.

    Raises:
        ConfigError: It leads nowhere.
    """
    module, _, name = path.partition(":")
    try:
        found: Any = getattr(import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        trouble = f"{type(error).__name__}: {error}"
    else:
        if callable(found):
            return found
        trouble = f"{name} cannot be called"
    raise ConfigError(
        f"{path!r} leads to no function: {trouble}", where=setting, fix="write it as  package.module:function"
    )
