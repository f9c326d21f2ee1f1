"""The table ``[tool.e11y.celery]``."""

from __future__ import annotations

from typing import Literal

import attrs

Level = Literal["off", "debug", "info", "success", "warn", "error", "fatal"]
"""Severity of an event, or that it is not told."""

BAGGAGE = ("trace_id", "span_id", "environment", "version", "service_name", "deployment_id", "request_id")
"""Keys of W3C baggage that travel in messages; none of them names a person."""


@attrs.frozen(eq=False, kw_only=True)
class CelerySettings:
    """Table ``[tool.e11y.celery]``.

    Args:
        published, started, succeeded, retried, failed, ignored: Severity of each event, ``"off"`` for none. Debug
            events inside a scope belong to its trail.
        exclude: Tasks that none of these events is about; ``*`` stands for any characters. They have a scope all the
            same.
        baggage: Keys of ``baggage`` that travel from the publisher to the task.
        context: Keys of the publisher's context that the task's context begins with, as text. They travel in
            ``baggage`` too, where everybody with access to the broker can read them.
    """

    published: Level = "debug"
    started: Level = "debug"
    succeeded: Level = "success"
    retried: Level = "warn"
    failed: Level = "error"
    ignored: Level = "info"
    exclude: tuple[str, ...] = ("celery.*",)
    baggage: tuple[str, ...] = BAGGAGE
    context: tuple[str, ...] = ("user_id",)
