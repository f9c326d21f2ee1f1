"""The plan of an event type, told in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from e11y.hookspecs import ZONES
from e11y.pipeline.placed import Placed
from e11y.pipeline.plan import Plan
from e11y.pipeline.text import Shape
from e11y.zones import Zone


def describe(plan: Plan, shape: Shape) -> dict[str, Any]:
    """Return what happens to each event of the type: plain data for JSON and for :func:`told`."""
    plan = plan.at(shape.severity)
    schema = plan.schema
    return {
        "event": schema.name,
        "type": schema.qualified_name,
        "version": schema.version,
        "severity": str(shape.severity),
        "fields": {name: ", ".join([check.expects, *check.bounds]) for name, check in plan.checks.items()},
        "zones": [
            {
                "zone": str(zone),
                "rights": zone.rights,
                "steps": [_step(placed) for placed in plan.steps if ZONES[placed.hook] is zone],
            }
            for zone in Zone
        ],
        "deferred": [placed.plugin for placed in plan.deferred],
        "buffered_in_scopes": shape.buffers,
        "makes_scope_fail": shape.triggers,
        "adapters": list(shape.adapters) if not plan.routers else "chosen per event",
        "retention_s": schema.retention_s,
        "audit": schema.audit,
        "dead_letter": schema.dead_letter,
    }


def told(facts: dict[str, Any]) -> str:
    """Return :func:`describe` as lines for people."""
    return "\n".join(_lines(facts))


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    yield f"{facts['event']}  ({facts['type']}, version {facts['version']}, {facts['severity']})"
    for name, expects in facts["fields"].items():
        yield f"  check    {name}: {expects}"
    for zone in facts["zones"]:
        yield f"  zone     {zone['zone']}: {zone['rights']}"
        for step in zone["steps"]:
            yield f"    {step['plugin']}: {step['does']}"
    if facts["buffered_in_scopes"]:
        yield "  scope    waits in the open scope; written only if the scope fails"
    if facts["makes_scope_fail"]:
        yield "  scope    makes the open scope fail: its debug trail is written first"
    adapters = facts["adapters"]
    yield f"  delivery {', '.join(adapters) if isinstance(adapters, list) else adapters or 'nowhere'}"


def _step(placed: Placed) -> dict[str, Any]:
    step = placed.step
    kind = type(step).__name__
    if kind == "Filter":
        at_call = [*step.fields, *(["further keywords"] if step.open is not None else [])]
        later = [*step.defers, *(["further keywords"] if step.defers_open else [])]
        does = f"filters {', '.join(at_call) or 'no field'} at the call"
        if step.signs is not None:
            does = f"signs; {does}"
        if step.deferred is not None:
            does += f"; filters {', '.join(later)} on the preparer"
    elif kind == "Enrich":
        does = f"adds {', '.join(step.adds)}"
    elif kind == "Annotate":
        does = f"metadata {', '.join(step.constants) or 'per event'}"
    else:
        does = {"Observe": "observes", "Sample": "keeps or drops", "Route": "chooses adapters"}[kind]
    needs = [need if isinstance(need, str) else need.name for need in getattr(step, "needs", None) or ()]
    if needs:
        does += f" by {', '.join(needs)}"
    if step.doc:
        does += f": {step.doc}"
    return {"plugin": placed.plugin, "hook": placed.hook, "does": does}
