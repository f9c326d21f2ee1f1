"""Who and where: the trace and request context that every event carries.

A ``Frame`` is what the context variable holds. Asyncio tasks and copied contexts share it, so a
value bound deep inside a request is seen by everyone who works on that request. Its ``snapshot`` is
a flat tuple of atoms: it is made once per change, shared by all events in between, and costs the
garbage collector nothing while it waits in a queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from e11y.scope import Scope

Snapshot = tuple[Any, ...]
"""``(trace_id, span_id, parent_span_id, parent_trace_id, sampled, key, value, key, value, ...)``.

Ids are integers, 0 when there is none. ``sampled`` is -1 (undecided), 0 or 1.
"""

TRACE_ID, SPAN_ID, PARENT_SPAN_ID, PARENT_TRACE_ID, SAMPLED, FIRST_KEY = range(6)

EMPTY: Snapshot = (0, 0, 0, 0, -1)

ContextFilter = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Takes the values that are about to become context and returns those that may stay."""


class Frame:
    """One level of context.

    Attributes:
        snapshot: The flat tuple that events of this frame carry.
        scope: The unit of work that is open, if any.
        tracestate: W3C ``tracestate``, passed through untouched.
        baggage: W3C baggage entries that may travel on.
    """

    __slots__ = ("baggage", "scope", "snapshot", "tracestate")

    def __init__(
        self,
        snapshot: Snapshot = EMPTY,
        scope: Scope | None = None,
        tracestate: str = "",
        baggage: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.snapshot = snapshot
        self.scope = scope
        self.tracestate = tracestate
        self.baggage = baggage


NO_FRAME = Frame()
"""Stands for "nothing is set"; it is shared by every context and never changed."""

CURRENT: ContextVar[Frame] = ContextVar("e11y", default=NO_FRAME)


def values(snapshot: Snapshot) -> dict[str, Any]:
    """Return the key-value part of a snapshot as a new dict."""
    pairs = iter(snapshot[FIRST_KEY:])
    return dict(zip(pairs, pairs, strict=True))


def extended(snapshot: Snapshot, added: Mapping[str, Any]) -> Snapshot:
    """Return ``snapshot`` with ``added`` merged in; a value of ``None`` takes its key away."""
    merged = {**values(snapshot), **added}
    return snapshot[:FIRST_KEY] + tuple(_flat(merged))


def _flat(merged: Mapping[str, Any]) -> Iterator[Any]:
    for key, value in merged.items():
        if value is not None:
            yield key
            yield value


def hex_trace(trace_id: int) -> str | None:
    """Return 32 lowercase hex digits, or ``None`` for no trace."""
    return f"{trace_id:032x}" if trace_id else None


def hex_span(span_id: int) -> str | None:
    """Return 16 lowercase hex digits, or ``None`` for no span."""
    return f"{span_id:016x}" if span_id else None
