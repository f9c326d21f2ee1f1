"""A line from a logging library that is not the standard one."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from e11y_logging.fields import fields_of, further_of
from e11y_logging.levels import number_of
from e11y_logging.plugin import active

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def log_line(
    level: int | str,
    message: str,
    *,
    logger: str = "root",
    level_name: str | None = None,
    extra: Mapping[str, Any] = _NOTHING,
    exc_info: object = None,
    module: str | None = None,
    function: str | None = None,
    line: int | None = None,
) -> None:
    """Make an event of a line, as the handler does of a record. For sinks and processors; see the how-to page.

    What is ignored, the scope's debug buffer and the guard against recursion hold as for records. Never raises.

    Args:
        level: Its number as the standard library counts, or its name in any case.
        message: Ready to read; an empty one without exception or ``extra`` is no event.
        logger: Name of the logger.
        level_name: Beside a number that is none of Python's own.
        extra: Further fields.
        exc_info: An exception, the triple of :func:`sys.exc_info`, or ``True`` for what is being handled just now.
        module: Of the call, without a path.
        function: Of the call.
        line: Of the call.
    """
    plugin = active()
    if plugin is None:
        return
    try:
        name = level if isinstance(level, str) else level_name or f"Level {level}"
        number = number_of(level) if isinstance(level, str) else level
        if not plugin.wants(logger, number) or (plugin.ignores_messages and plugin.ignores(message)):
            return
        fields = fields_of(logger, message, number, name, module, function, line, exc_info)
        further = further_of(extra)
        if message or further or "exception_type" in fields:
            plugin.track(number, name, fields, further)
    except Exception as error:  # noqa: BLE001 - the application must not notice
        plugin.fault("a line", error)
