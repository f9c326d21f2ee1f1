"""Postponing: work of filters that nobody waits for goes from the caller to the preparer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from e11y.pipeline.placed import Placed
from e11y.sentinel import REMOVE
from e11y.steps import PAYLOAD, Filter, Need

_Payload = dict[str, Any]
_Functions = Mapping[str, Callable[[Any], Any]]


def touched_by(step: Filter) -> tuple[str, ...]:
    """Return the names of the fields that a filter may change, each once."""
    return tuple(dict.fromkeys((*step.fields, *step.lazy, *step.defers)))


def in_time(filters: Sequence[Placed], read: Collection[str | Need]) -> list[Placed]:
    """Return ``filters`` without lazy functions: each of these runs at the call or on the preparer.

    Args:
        filters: In their order.
        read: What later steps read. A field that another filter touches too counts as read: filters keep their order.
    """
    touching = Counter(name for placed in filters for name in touched_by(placed.step))
    at_once = PAYLOAD in read
    settled = []
    for placed in filters:
        step: Filter = placed.step
        if not step.lazy:
            settled.append(placed)
            continue
        later = {
            name: function
            for name, function in step.lazy.items()
            if not at_once and name not in read and touching[name] == 1
        }
        settled.append(attrs.evolve(placed, step=_postponed(step, later)))
    return settled


def _postponed(step: Filter, later: _Functions) -> Filter:
    now = {name: function for name, function in step.lazy.items() if name not in later}
    return attrs.evolve(
        step,
        fields={**step.fields, **now},
        lazy={},
        deferred=partial(_filtered, tuple(later.items()), step.deferred) if later else step.deferred,
        defers=tuple(dict.fromkeys((*later, *step.defers))),
    )


def _filtered(
    functions: Sequence[tuple[str, Callable[[Any], Any]]],
    deferred: Callable[[_Payload], _Payload] | None,
    payload: _Payload,
) -> _Payload:
    """Do on the preparer what was postponed, then what was deferred anyway."""
    for name, function in functions:
        if name in payload:
            value = function(payload[name])
            if value is REMOVE:
                del payload[name]
            else:
                payload[name] = value
    return payload if deferred is None else deferred(payload)
