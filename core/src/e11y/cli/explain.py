"""The command ``e11y explain``: what happens to an event, in order."""

from __future__ import annotations

import click

from e11y.cli.workspace import Workspace, pass_workspace
from e11y.output import json_option, print_json
from e11y.pipeline.explain import describe, told


@click.command()
@click.argument("event")
@click.option("--source", is_flag=True, help="Show the generated function too.")
@json_option
@pass_workspace
def explain(workspace: Workspace, event: str, *, source: bool, as_json: bool) -> None:
    """Show the checks, zones and steps that EVENT passes.

    EVENT is an event name (order.paid), a class name or a qualified name.
    """
    event_type = workspace.event_type(event)
    compiler = workspace.runtime.compiler
    plan = compiler.plan(event_type)
    facts = describe(plan, compiler.shape(plan, ()))
    text = compiler.source(event_type) if source else ""
    if as_json:
        print_json({**facts, "source": text} if source else facts)
        return
    click.echo(told(facts))
    if source:
        click.echo(f"\n{text.rstrip()}")
