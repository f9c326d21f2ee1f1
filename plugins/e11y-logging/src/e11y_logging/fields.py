"""The fields of a line: what each event has in common, whoever logged it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from e11y_logging.events import LogLine
from e11y_logging.excerpt import LONGEST_CHARS, excerpt
from e11y_logging.levels import SEVERITIES
from e11y_logging.raised import described, exception_in

NAMES: Final = frozenset(
    (*LogLine.__annotations__, "level", "exception_type", "exception_message", "exception_stacktrace", "stacktrace")
)
"""What ``extra`` cannot be called."""


def fields_of(
    logger: str,
    message: str,
    level: int,
    level_name: str,
    module: str | None,
    function: str | None,
    line: int | None,
    exc_info: object,
) -> dict[str, Any]:
    """Return the fields of a ``LogLine`` without its ``extra``."""
    fields: dict[str, Any] = {
        "logger": logger,
        "message": message if len(message) <= LONGEST_CHARS else excerpt(message),
        "module": module,
        "function": function,
        "line": line,
    }
    if level not in SEVERITIES:
        fields["level"] = level_name
    if exc_info:
        error = exception_in(exc_info)
        if error is not None:
            fields |= described(error)
    return fields


def further_of(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return what stands beside the fields; ``extra_<name>`` where a field has the name.

    Names that begin with an underscore are between libraries, and what is no text is no name.
    """
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(name, str) and not name.startswith("_"):
            found[f"extra_{name}" if name in NAMES else name] = value
    return found
