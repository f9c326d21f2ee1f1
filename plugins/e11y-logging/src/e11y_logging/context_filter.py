"""Trace ids in log records, for the formatters that an application has."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from e11y.context import CURRENT, EMPTY, SPAN_ID, TRACE_ID, Snapshot, hex_span, hex_trace, values

ADDED: Final = "_e11y_context"
"""Attribute of a record that names what a filter added: it is context, not the record's own ``extra``."""


class ContextFilter(logging.Filter):
    """Gives each record ``trace_id``, ``span_id`` and values of the context; lets every record through.

    For any handler: ``handler.addFilter(ContextFilter())``, or ``"()": "e11y_logging.ContextFilter"`` in the
    ``filters`` of a dictConfig. An attribute that the record already has stays. A record factory could not do the
    same: ``extra={"request_id": ...}`` raises ``KeyError`` when the record has that attribute before.

    Args:
        keys: Context values to add, for example ``["request_id", "user_id"]``.
        default: Stands for whatever is not known: outside of a scope, all of it.
    """

    def __init__(self, keys: Sequence[str] = ("request_id",), default: str = "-") -> None:
        super().__init__()
        self._names = tuple(dict.fromkeys(("trace_id", "span_id", *keys)))
        self._nothing: dict[str, object] = dict.fromkeys(self._names, default)
        self._latest: tuple[Snapshot, dict[str, object]] = (EMPTY, self._nothing)

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the attributes and return ``True``."""
        snapshot = CURRENT.get().snapshot
        latest, found = self._latest
        if snapshot is not latest:  # one snapshot serves all lines between two changes of context
            found = self._found(snapshot)
            self._latest = (snapshot, found)
        attributes = record.__dict__
        if ADDED in attributes:
            return True
        if attributes.keys().isdisjoint(found):
            attributes.update(found)
            attributes[ADDED] = self._names
        else:
            added = tuple(name for name in self._names if name not in attributes)
            attributes.update((name, found[name]) for name in added)
            attributes[ADDED] = added
        return True

    def _found(self, snapshot: Snapshot) -> dict[str, object]:
        ids = {"trace_id": hex_trace(snapshot[TRACE_ID]), "span_id": hex_span(snapshot[SPAN_ID])}
        known = {**values(snapshot), **ids}
        return {name: default if known.get(name) is None else known[name] for name, default in self._nothing.items()}
