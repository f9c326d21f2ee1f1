"""The handler that the standard library's loggers are given."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from time import time
from types import MappingProxyType
from typing import Any, Final

from e11y_logging.context_filter import ADDED
from e11y_logging.excerpt import excerpt
from e11y_logging.fields import fields_of, further_of
from e11y_logging.plugin import LoggingPlugin, active

_TRACKED: Final = "_e11y_tracked"
"""Attribute of a record that has been an event: a second handler leaves it alone, also behind a queue."""

_OLD_S = 0.25
"""A record that comes later than this keeps its own time: it waited in somebody's queue."""

_PLAIN = logging.LogRecord("", logging.DEBUG, "", 0, "", None, None).__dict__
_LAST = next(reversed(_PLAIN))
"""The attribute that every record is given last: what stands behind it was added."""
_OF_FORMATTERS = frozenset(("message", "asctime"))
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_OF_STRUCTLOG = ("event", "exc_info", "stack_info", "level", "logger", "timestamp")


class E11yHandler(logging.Handler):
    """Makes events of log records: in a ``dictConfig`` ``{"class": "e11y_logging.E11yHandler"}``.

    Has no lock, since it waits for nothing: a record is turned into an event on the thread that logs it, and a
    forked child finds nothing held. Formatters play no part. Never raises into the application.

    Args:
        level: Records below it are no events, whatever the loggers let through.

    Attributes:
        level_before: Of the root logger, when ``attach`` had to change it.
    """

    level_before: int | None = None

    def createLock(self) -> None:  # noqa: N802 - the standard library's name
        """Have no lock; nothing has to be made anew after a fork."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Make an event of ``record`` unless a filter of the handler is against it.

        Returns:
            Whether the filters let the record through.
        """
        if self.filters:
            passed: Any = self.filter(record)
            if not passed:
                return False
            if isinstance(passed, logging.LogRecord):  # from Python 3.12 on a filter may answer with another record
                record = passed
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Make an event of ``record``, once."""
        attributes = record.__dict__
        if _TRACKED in attributes:
            return
        plugin = active()
        if plugin is None:
            return
        try:
            if plugin.wants(record.name, record.levelno):
                _track(plugin, record, attributes)
        except Exception as error:  # noqa: BLE001 - the application must not notice
            plugin.fault("a record", error)


def _track(plugin: LoggingPlugin, record: logging.LogRecord, attributes: dict[str, Any]) -> None:
    further = _NOTHING
    if next(reversed(attributes)) != _LAST:
        further = further_of(_extra(attributes))
    exc_info: object = record.exc_info
    msg: Any = record.msg
    if type(msg) is dict and not record.args and isinstance(msg.get("event"), str):
        # structlog leaves its dict to a formatter of its own: ProcessorFormatter.wrap_for_formatter.
        message = msg["event"]
        further = {**further, **further_of({name: msg[name] for name in msg if name not in _OF_STRUCTLOG})}
        exc_info = exc_info or msg.get("exc_info")
    else:
        try:
            message = record.getMessage()
        except Exception as error:  # noqa: BLE001 - anything may be wrong with what was passed
            message = _unfit(plugin, record, error)
    if plugin.ignores_messages and plugin.ignores(message):
        return
    level = record.levelno
    fields = fields_of(
        record.name, message, level, record.levelname, record.module, record.funcName, record.lineno, exc_info
    )
    if record.stack_info:
        fields["stacktrace"] = excerpt(record.stack_info)
    if not message and not further and "exception_type" not in fields:
        return
    attributes[_TRACKED] = True
    waited = time() - record.created > _OLD_S
    time_ns = int(record.created * 1_000_000_000) if waited else None
    plugin.track(level, record.levelname, fields, further, time_ns)


def _extra(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes that the caller, a filter or a factory of the application's own added, in their order."""
    added = []
    for name in reversed(attributes):
        if name in _PLAIN:
            break
        added.append(name)
    context = attributes.get(ADDED, ())
    return {name: attributes[name] for name in reversed(added) if name not in _OF_FORMATTERS and name not in context}


def _unfit(plugin: LoggingPlugin, record: logging.LogRecord, error: Exception) -> str:
    """Report arguments that do not fit their message, or a message that is broken; return what can be told."""
    plugin.fault(f"message of {record.name}, {record.filename}:{record.lineno}", error)
    return record.msg if isinstance(record.msg, str) else f"<{type(record.msg).__name__}>"
