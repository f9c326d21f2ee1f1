"""What a message says about the task that it asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

_TRACE_HEADERS = ("traceparent", "tracestate", "baggage", "e11y-undecided")
_LONGEST = 255


@attrs.frozen(eq=False)
class Delivery:
    """One delivery of a task.

    Args:
        task: Name of the task.
        task_id: As Celery made it, or as the publisher chose.
        queue: Routing key of the message, at most 255 characters; empty when there was none.
        retries: Attempts before this one.
        is_eager: Whether it runs inside of the caller, without a message.
        headers: The headers of the message that carry trace context.
    """

    task: str
    task_id: str
    queue: str
    retries: int
    is_eager: bool
    headers: Mapping[str, str]


def read(get: Callable[[str], Any]) -> Delivery:
    """Return what is known of a delivery; no message can make this raise.

    Args:
        get: Returns a header of the message by name, ``None`` if there is none: that of the dict that the worker
            received, or of ``Task.request``.
    """
    info = get("delivery_info")
    key = info.get("routing_key") if isinstance(info, Mapping) else None
    retries = get("retries")
    found = {name: get(name) for name in _TRACE_HEADERS}
    return Delivery(
        task=_text(get("task")),
        task_id=_text(get("id")),
        queue=_text(key),
        retries=retries if isinstance(retries, int) else 0,
        is_eager=bool(get("is_eager")),
        headers={name: value for name, value in found.items() if isinstance(value, str)},
    )


def _text(value: object) -> str:
    return value[:_LONGEST] if isinstance(value, str) else ""
