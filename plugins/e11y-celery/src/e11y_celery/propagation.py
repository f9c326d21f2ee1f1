"""Trace context in the headers of messages.

The names are those of W3C, so that other libraries understand them. A retry is published with the headers of the first
attempt, and a header that is there is never changed: all attempts have the publisher's trace as their parent.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any

from e11y.context import CURRENT, SAMPLED, TRACE_ID, Frame, values
from e11y.trace import Trace, extract, inject
from e11y_celery.delivery import Delivery
from e11y_celery.settings import CelerySettings

_UNDECIDED = "e11y-undecided"
"""Says that nobody decided whether the publisher's trace is kept: ``traceparent`` has no word for that, and a job,
whose trace is a new one, would be kept always."""


def write(headers: MutableMapping[str, Any], settings: CelerySettings) -> None:
    """Add the present context to the headers of a message.

    Args:
        headers: Changed in place; what is there stays.
        settings: Say which values travel.
    """
    frame = CURRENT.get()
    context = values(frame.snapshot)
    named = {key: str(context[key]) for key in settings.context if key in context}
    baggage = {key: value for key, value in frame.baggage.items() if key in settings.baggage}
    is_new = "traceparent" not in headers
    inject(headers, Frame(frame.snapshot, None, frame.tracestate, {**baggage, **named}))
    if is_new and frame.snapshot[TRACE_ID] and frame.snapshot[SAMPLED] < 0:
        headers[_UNDECIDED] = "1"


def trace_of(delivery: Delivery, settings: CelerySettings, bits: Callable[[int], int]) -> Trace:
    """Return the trace of one attempt: a new one, with the publisher's as its parent.

    Args:
        delivery: What was received; for an eager task the present context stands in for headers.
        settings: Say which baggage may come in.
        bits: Returns so many random bits.
    """
    trace_id = bits(128) or 1
    if delivery.is_eager:
        frame = CURRENT.get()
        sampled = frame.snapshot[SAMPLED]
        return Trace(
            trace_id,
            sampled=None if sampled < 0 else bool(sampled),
            baggage=frame.baggage,
            parent_trace_id=frame.snapshot[TRACE_ID],
        )
    keys = (*settings.baggage, *settings.context)
    found = extract(delivery.headers, legacy=False, baggage_keys=keys)
    if found.source == "generated":  # nobody's
        return Trace(trace_id, baggage=found.baggage)
    sampled = None if _UNDECIDED in delivery.headers else found.sampled
    return Trace(trace_id, sampled=sampled, baggage=found.baggage, parent_trace_id=found.trace_id)
