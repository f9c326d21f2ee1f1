"""The command ``e11y check``: whether a start would succeed, for a build to ask."""

from __future__ import annotations

import attrs
import click

from e11y import registry
from e11y.cli.examination import examine
from e11y.cli.workspace import Workspace, pass_workspace
from e11y.output import json_option, print_json


@click.command()
@json_option
@pass_workspace
def check(workspace: Workspace, *, as_json: bool) -> None:
    """Check that a start would succeed. Exit status 1 when it would not.

    Prints every problem, or one line when there is none. Nothing outside of this process is asked.
    """
    findings = list(examine(workspace, ask_destinations=False))
    problems = [finding for finding in findings if not finding.ok]
    if as_json:
        print_json([attrs.asdict(finding) for finding in findings])
    elif problems:
        click.echo("\n\n".join(f"{problem.subject}: {problem.says}" for problem in problems), err=True)
    else:
        state = "ok" if workspace.loaded.settings.enabled else "ok, but disabled"
        known = len(registry.event_types())
        click.echo(f"{state}: {known} event type{'' if known == 1 else 's'}, {workspace.loaded.source}")
    if problems:
        raise click.exceptions.Exit(1)
