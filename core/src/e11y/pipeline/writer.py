"""Writes the function of one event type as Python source.

Absent features leave no code behind. Names that the code reads besides fields start with an underscore,
which no field may, and are handed over in a dict of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from e11y.pipeline import sections
from e11y.pipeline.entry import buffered_extras, original_names
from e11y.pipeline.plan import Plan
from e11y.pipeline.text import Shape, Writer, joined


def write(plan: Plan, shape: Shape, bind: Callable[[Writer], Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Return the source of an event type's function and the names it reads.

    Args:
        plan: Checks and steps.
        shape: What this variant fixes.
        bind: Called last; returns the names that the runtime provides.
    """
    writer = Writer(plan, shape)
    late = ["_time_ns=None", "_trace=None", "_metadata=None"] if shape.late else []
    parameters = ", ".join(["*_args", *(f"{name}=_MISSING" for name in writer.declared), *late, "**_unknown"])
    with writer.block(f"def track({parameters}):"):
        writer.line("_number = _tracked()")
        sections.write_checks(writer)
        sections.write_context(writer)
        sections.write_enrichers(writer)
        sections.write_filters(writer)
        sections.write_observers(writer)
        sections.write_buffer(writer)
        sections.write_samplers(writer)
        sections.write_metadata(writer)
        sections.write_delivery(writer)
    writer.names.update(bind(writer))
    return writer.text, writer.names


def write_resume(plan: Plan, shape: Shape, bind: Callable[[Writer], Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Return the source of the function that takes a buffered entry through zones 4 and 5."""
    writer = Writer(plan, shape)
    writer.resumed = True
    with writer.block("def resume(_entry):"):
        head = ["_", "_time", "_snapshot", *buffered_extras(writer)]
        writer.line(f"{joined([*head, *writer.fields, *original_names(writer)])} = _entry")
        writer.absent.update(writer.fields)
        sections.write_sealed(writer, writer.plan.annotators + writer.plan.routers)
        sections.write_metadata(writer)
        sections.write_delivery(writer)
    writer.names.update(bind(writer))
    return writer.text, writer.names


def needs_resume(plan: Plan) -> bool:
    """Return whether zones 4 and 5 do anything that depends on the event."""
    return any(placed.step.fn is not None for placed in plan.annotators) or bool(plan.routers)
