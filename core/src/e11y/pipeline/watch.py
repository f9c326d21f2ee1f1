"""Debug checks: steps that change what they only may read are caught in the act.

Values are handed to steps as they are, since copying them for every step would cost more than the steps.
With ``debug_checks = true`` each structure is compared before and after; a step that changed one is
reported like a step that raised, and the structure is brought back.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import attrs

from e11y.errors import PluginError
from e11y.pipeline.placed import Placed
from e11y.pipeline.plan import Plan


def watched(plan: Plan) -> Plan:
    """Return ``plan`` with every step's function wrapped."""

    def wrap(group: tuple[Placed, ...]) -> tuple[Placed, ...]:
        return tuple(attrs.evolve(placed, step=_watched_step(placed)) for placed in group)

    return attrs.evolve(
        plan,
        enrich=wrap(plan.enrich),
        filters=wrap(plan.filters),
        observers=wrap(plan.observers),
        samplers=wrap(plan.samplers),
        annotators=wrap(plan.annotators),
        routers=wrap(plan.routers),
    )


def _watched_step(placed: Placed) -> Any:
    step = placed.step
    if hasattr(step, "fields"):
        fields = {name: _watching(placed, function) for name, function in step.fields.items()}
        further = step.open and _watching(placed, step.open)
        return attrs.evolve(step, fields=fields, open=further, signs=step.signs and _watching(placed, step.signs))
    return attrs.evolve(step, fn=step.fn and _watching(placed, step.fn))


def _watching(placed: Placed, function: Callable[..., Any]) -> Callable[..., Any]:
    def watching(*values: Any) -> Any:
        before = [copy.deepcopy(value) if isinstance(value, (list, dict)) else None for value in values]
        answer = function(*values)
        for value, kept in zip(values, before, strict=True):
            if kept is not None and value != kept:
                value.clear()
                (value.update if isinstance(value, dict) else value.extend)(kept)
                raise PluginError(
                    f"plugin {placed.plugin!r} changed a value in place",
                    where=f"{placed.hook} step",
                    fix="return the new value from a filter; the other zones only read",
                )
        return answer

    return watching
