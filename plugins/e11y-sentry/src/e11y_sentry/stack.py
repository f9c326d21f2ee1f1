"""Exceptions as Sentry reads them.

https://develop.sentry.dev/sdk/data-model/event-payloads/exception/
"""

from __future__ import annotations

import linecache
from collections.abc import Sequence
from pathlib import Path
from types import CodeType
from typing import Any

from e11y_sentry.raised import Raised

_LINES_AROUND = 5
_MOST_LINE = 256
_MOST_SOURCE = 200_000


def exception_values(raised: Sequence[Raised], *, source_context: bool) -> list[dict[str, Any]]:
    """Return the entries of ``exception.values``: what was handled comes last, what led to it before.

    Args:
        raised: What was handled first.
        source_context: Whether frames show source, read from the files as they are now. The innermost frames
            of the exception that was handled come first when all of it would be too much.
    """
    source = _Source(_MOST_SOURCE if source_context else 0)
    return [_value(one, number, source) for number, one in enumerate(raised)][::-1]


def _value(one: Raised, number: int, source: _Source) -> dict[str, Any]:
    mechanism: dict[str, Any] = {"type": "chained" if number else "e11y", "handled": True, "exception_id": number}
    if one.parent is not None:
        mechanism.update(parent_id=one.parent, source=one.source)
    if one.group:
        mechanism["is_exception_group"] = True
    value: dict[str, Any] = {"type": one.type, "mechanism": mechanism}
    if one.module != "builtins":
        value["module"] = one.module
    if one.text:
        value["value"] = one.text
    if one.frames:
        frames = [_frame(code, line, module, source) for code, line, module in reversed(one.frames)]
        value["stacktrace"] = {"frames": frames[::-1]}
    return value


def _frame(code: CodeType, line: int, module: str, source: _Source) -> dict[str, Any]:
    path = Path(code.co_filename)
    frame: dict[str, Any] = {"function": code.co_qualname, "filename": _short(path, module), "lineno": line}
    if module:
        frame["module"] = module
    if path.is_absolute():
        frame["abs_path"] = str(path)
        frame.update(source.around(code.co_filename, line))
    return frame


def _short(path: Path, module: str) -> str:
    """Return the path from the module's top-level package on."""
    depth = module.count(".") + (2 if path.name == "__init__.py" else 1)
    return "/".join(path.parts[-depth:])


class _Source:
    """Lines of source, until ``left`` characters are spent."""

    def __init__(self, left: int) -> None:
        self._left = left

    def around(self, filename: str, line: int) -> dict[str, Any]:
        """Return the lines around ``line`` (counted from 1) as a frame names them; nothing when there are none."""
        lines = linecache.getlines(filename) if self._left > 0 else []
        if not 0 < line <= len(lines):
            return {}
        first = max(0, line - 1 - _LINES_AROUND)
        shown = [text.rstrip("\r\n")[:_MOST_LINE] for text in lines[first : line + _LINES_AROUND]]
        self._left -= sum(map(len, shown))
        at = line - 1 - first
        return {"pre_context": shown[:at], "context_line": shown[at], "post_context": shown[at + 1 :]}
