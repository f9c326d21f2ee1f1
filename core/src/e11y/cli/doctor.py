"""The command ``e11y doctor``: whether a start would succeed, and whether the destinations answer."""

from __future__ import annotations

import attrs
import click

from e11y.cli.examination import examine
from e11y.cli.workspace import Workspace, pass_workspace
from e11y.output import json_option, print_json


@click.command()
@json_option
@pass_workspace
def doctor(workspace: Workspace, *, as_json: bool) -> None:
    """Check settings, plugins, event types and adapters. Exit status 1 when something is wrong.

    The settings of all environments are checked, those of this one together with its plugins and
    adapters. The adapters are asked whether their destinations answer; nothing is sent to them.
    """
    findings = list(examine(workspace, ask_destinations=True))
    if as_json:
        print_json([attrs.asdict(finding) for finding in findings])
    else:
        for finding in findings:
            says = finding.says.replace("\n", "\n         ")
            click.echo(f"{'ok     ' if finding.ok else 'PROBLEM'}  {finding.subject}: {says}")
    if not all(finding.ok for finding in findings):
        raise click.exceptions.Exit(1)
