"""The commands ``e11y events``: the catalogue of event types."""

from __future__ import annotations

from typing import Any

import click

from e11y import declaration, registry
from e11y.cli.json_schema import DIALECT, json_schema
from e11y.cli.workspace import Workspace, pass_workspace
from e11y.event import Event
from e11y.options import OFF
from e11y.output import json_option, print_json, print_table
from e11y.pipeline.plan import Plan

_FACTS = ("type", "doc", "version", "severity", "adapters", "retention_s", "audit", "dead_letter", "open", "options")


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def events(context: click.Context, *, as_json: bool) -> None:
    """List, show and describe the event types of the application."""
    if context.invoked_subcommand is None:
        _list(as_json=as_json)


@events.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List all event types that are known. Also what  e11y events  alone does."""
    _list(as_json=as_json)


def _list(*, as_json: bool) -> None:
    rows = sorted((_row(event_type) for event_type in registry.event_types()), key=lambda row: str(row["name"]))
    if as_json:
        print_json(rows)
    elif rows:
        print_table(rows, ("name", "version", "severity", "adapters", "type"))
    else:
        click.echo("no event types are known; import the application's with  e11y --app your.module events list")


@events.command()
@click.argument("name")
@json_option
@pass_workspace
def show(workspace: Workspace, name: str, *, as_json: bool) -> None:
    """Show one event type: its fields, options and traits."""
    facts = _facts(workspace.plan(name))
    if as_json:
        print_json(facts)
        return
    click.echo(facts["name"])
    for key in _FACTS:
        value = facts[key]
        if value not in ("", [], False, None):
            click.echo(f"  {key}: {_told(value)}")
    if facts["fields"]:
        click.echo()
        print_table(facts["fields"], ("field", "required", "expects"))


@events.command()
@click.argument("name")
@json_option
@pass_workspace
def schema(workspace: Workspace, name: str, *, as_json: bool) -> None:
    """Print the JSON Schema of the payload of one event type, as it is delivered."""
    del as_json  # it is JSON for people too
    print_json({"$schema": DIALECT, **json_schema(workspace.plan(name))})


def _row(event_type: type[Event]) -> dict[str, Any]:
    """Return what the class itself says: works also where plugins or settings are broken."""
    return {
        "name": declaration.name(event_type),
        "version": declaration.version(event_type),
        "severity": str(declaration.severity(event_type)),
        "adapters": _adapters(declaration.resolved(event_type, "adapters")),
        "type": f"{event_type.__module__}.{event_type.__qualname__}",
    }


def _facts(plan: Plan) -> dict[str, Any]:
    schema = plan.schema
    return {
        "name": schema.name,
        "type": schema.qualified_name,
        "doc": schema.doc,
        "version": schema.version,
        "severity": str(schema.severity),
        "adapters": _adapters(schema.adapters),
        "retention_s": schema.retention_s,
        "audit": schema.audit,
        "dead_letter": schema.dead_letter,
        "open": schema.open,
        "options": sorted(
            f"{kind.plugin}.{kind.__name__}{' (off)' if value is OFF else ''}" for kind, value in schema.options.items()
        ),
        "fields": [
            {
                "field": field.name,
                "required": field.required,
                "expects": plan.checks[field.name].expects if field.name in plan.checks else "added by a plugin",
            }
            for field in schema.fields.values()
        ],
    }


def _adapters(names: Any) -> list[str] | str:
    if names is None:
        return "by routes"
    return list(names) or "nowhere"


def _told(value: Any) -> str:
    return ", ".join(value) if isinstance(value, list) else "yes" if value is True else str(value)
