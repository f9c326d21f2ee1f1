"""Log records as events: a handler for the standard library's logging, beside the way back for trace ids."""

from __future__ import annotations

from e11y_logging.attaching import attach, detach
from e11y_logging.context_filter import ContextFilter
from e11y_logging.events import LogLine
from e11y_logging.handler import E11yHandler
from e11y_logging.lines import log_line
from e11y_logging.plugin import LoggingPlugin
from e11y_logging.settings import LoggingSettings

__all__ = [
    "ContextFilter",
    "E11yHandler",
    "LogLine",
    "LoggingPlugin",
    "LoggingSettings",
    "attach",
    "detach",
    "log_line",
]
