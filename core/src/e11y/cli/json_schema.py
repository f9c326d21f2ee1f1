"""JSON Schema of what an event type delivers."""

from __future__ import annotations

from typing import Any

from e11y.pipeline.plan import Plan

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(plan: Plan) -> dict[str, Any]:
    """Return the JSON Schema of the payload of one event type, before any filter removes a field.

    Args:
        plan: Of the event type. Each field's ``description`` holds what the check expects, which may be
            more than JSON Schema can say.
    """
    schema = plan.schema
    described: dict[str, Any] = {"title": schema.name, "type": "object"}
    if schema.doc:
        described["description"] = schema.doc
    described["properties"] = {
        name: {**plan.checks[name].json_type, "description": plan.checks[name].expects} if name in plan.checks else {}
        for name in schema.fields
    }
    described["required"] = [name for name, field in schema.fields.items() if field.required]
    described["additionalProperties"] = schema.open
    return described
