"""What one entry holds, as expressions of the generated code."""

from __future__ import annotations

from e11y.pipeline.text import Writer
from e11y.steps import META


def columns(writer: Writer) -> list[str]:
    """Return the expressions that store the fields in an entry."""
    expressions = []
    for name in writer.fields:
        check = writer.plan.checks.get(name)
        if name in writer.changed or check is None:
            expressions.append(f"({name} if {name}.__class__ is _str else _stored({name}))")
        elif writer.plain and check.store is not None:
            writer.names.update(check.names)
            expressions.append(check.store.format(v=name))
        else:
            expressions.append(name)
    return expressions


def original_names(writer: Writer) -> list[str]:
    """Return the variables that hold what fields were before zone 2."""
    if not writer.shape.keeps_originals:
        return []
    return [f"_original_{name}" for name in writer.fields if name in writer.changed]


def keeps_open(writer: Writer) -> bool:
    """Return whether ``_unfiltered`` holds what the further keywords were before zone 2."""
    return writer.shape.keeps_originals and any(placed.step.open is not None for placed in writer.plan.filters)


def buffered_extras(writer: Writer) -> list[str]:
    """Return the extras of an entry in the debug buffer, as variable names."""
    made = []
    if META.span_id in writer.reads:
        made.append("_span")
    if writer.shape.late or any(placed.step.signs for placed in writer.plan.filters):
        made.append("_metadata")
    if writer.plan.schema.open:
        made.append("_open")
    if keeps_open(writer):
        made.append("_unfiltered")
    return made


def final_extras(writer: Writer) -> list[str]:
    """Return the extras of an entry in the intake, as variable names."""
    made = buffered_extras(writer)
    if "_metadata" not in made and any(placed.step.fn for placed in writer.plan.annotators):
        made.append("_metadata")
    if writer.plan.samplers:
        made.append("_weight")
    if writer.plan.routers:
        made.append("_route")
    return made


def size(writer: Writer) -> str:
    """Return the expression for the bytes of an entry's texts, empty when they are bounded."""
    parts = []
    for name in writer.fields:
        check = writer.plan.checks.get(name)
        if check is not None and writer.plain and name not in writer.changed:
            if name in writer.measured:
                parts.append(length(name))
            elif check.size is not None:
                writer.names.update(check.names)
                parts.append(check.size.format(v=name))
        elif check is None or check.size is not None:
            parts.append(f"(_len({name}) if {name}.__class__ is _str else _sized({name}))")
    if writer.plan.schema.open:
        parts.append("_sized(_open)")
    return " + ".join(parts)


def length(name: str) -> str:
    """Return the variable that holds the length of a field's text, once the check has asked for it."""
    return f"_length_{name}"


def time(writer: Writer) -> str:
    """Return the expression for the time of the event."""
    return "_time" if writer.shape.late or META.time_ns in writer.reads else "_now()"
