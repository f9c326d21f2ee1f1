"""The event that a log record becomes."""

from __future__ import annotations

from typing import Annotated

from e11y import FreeText, OpenEvent


class LogLine(OpenEvent, severity="info"):
    """One log record.

    Beside the fields below it has those that the record gives reason for:

    - ``exception_type``, ``exception_message`` and ``exception_stacktrace``, which is laid out like Python's traceback
      but without lines of source code,
    - ``stacktrace`` of the call, for ``stack_info=True``,
    - ``level``, the name of one that is none of Python's own five,
    - what was passed as ``extra``; as ``extra_<name>`` where the name is one of the above.

    Names follow the attributes ``code.*`` and ``exception.*`` of OpenTelemetry's semantic conventions.
    """

    logger: str
    """For example ``shop.orders``; ``root`` for the one without a name."""

    message: Annotated[str, FreeText]
    """With its arguments, as they were at the call."""

    module: str | None = None
    function: str | None = None
    line: int | None = None
