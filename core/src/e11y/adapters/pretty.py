"""One record as one line for human eyes.

    12:00:00.250Z 4bf92f35 ERROR   payment.failed          order_id=7 reason="card declined" | user_id=42

Time (UTC), start of the trace id, severity and name stand in columns, so that the debug trail of one
failed request reads as a block. After them come the fields, and behind a bar the context and metadata.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from e11y.adapters.escape import escape_text
from e11y.encode import encode
from e11y.record import Record
from e11y.severity import Severity

MAX_VALUE_CHARS = 200
"""Longer values are cut: the whole one is in every other adapter."""

_NAME_WIDTH = 24
_SEVERITY_WIDTH = 7
_TRACE_CHARS = 8
_TIME = slice(11, 24)
_UNSAID = frozenset({"retention_until"})
"""Metadata that nobody reads on a terminal; it stands on almost every record."""

_BARE = re.compile(r"[\w.,:/@+*#~-]+")
_DIM, _BOLD, _RESET = "\x1b[2m", "\x1b[1m", "\x1b[0m"
_COLORS = {
    Severity.DEBUG: "\x1b[90m",
    Severity.INFO: "\x1b[36m",
    Severity.SUCCESS: "\x1b[32m",
    Severity.WARN: "\x1b[33m",
    Severity.ERROR: "\x1b[31m",
    Severity.FATAL: "\x1b[35m",
}


def pretty(record: Record, *, color: bool) -> str:
    """Return ``record`` as one line without a line end.

    Args:
        record: What to show; every value is escaped, none can leave its place in the line.
        color: Whether to use ANSI colours.
    """
    severity = record.severity
    time = record.timestamp[_TIME]
    trace = record.trace_id[:_TRACE_CHARS]
    level = f"{severity.upper():<{_SEVERITY_WIDTH}}"
    name = f"{escape_text(record.name):<{_NAME_WIDTH}}"
    fields = _pairs(record.payload.items())
    around = _pairs([*record.context.items(), *_said(record.metadata)])
    if color:
        emphasis = _DIM if severity is Severity.DEBUG else _BOLD
        time, trace = f"{_DIM}{time}{_RESET}", f"{_DIM}{trace}{_RESET}"
        level = f"{_COLORS[severity]}{level}{_RESET}"
        name = f"{emphasis}{name}{_RESET}"
        around = f"{_DIM}| {around}{_RESET}" if around else ""
    elif around:
        around = f"| {around}"
    return " ".join(part for part in (time, trace, level, name, fields, around) if part).rstrip()


def _said(metadata: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(key, value) for key, value in metadata.items() if key not in _UNSAID]


def _pairs(items: Iterable[tuple[str, Any]]) -> str:
    return " ".join(f"{_bare_or_quoted(str(key))}={_shown(value)}" for key, value in items)


def _shown(value: Any) -> str:
    """Return a value as text: plain words bare, other text in quotes, structures as JSON."""
    if isinstance(value, str):
        return _bare_or_quoted(value)
    text = encode(value).decode("utf-8")
    if text.startswith('"'):  # what JSON has no word for: Decimal, UUID, times, bytes
        return _bare_or_quoted(json.loads(text))
    return escape_text(_cut(text))


def _bare_or_quoted(text: str) -> str:
    cut = _cut(text)
    if _BARE.fullmatch(cut):
        return cut
    quoted = cut.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escape_text(quoted)}"'


def _cut(text: str) -> str:
    beyond = len(text) - MAX_VALUE_CHARS
    return text if beyond <= 0 else f"{text[:MAX_VALUE_CHARS]}... ({beyond} more)"
