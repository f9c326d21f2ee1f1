"""The command ``e11y config``: every setting, its value and where it comes from."""

from __future__ import annotations

from typing import Any

import attrs
import click

from e11y.cli.workspace import Workspace, pass_workspace
from e11y.errors import E11yError
from e11y.output import json_option, print_json, print_table
from e11y.settings import describe


@click.command()
@json_option
@pass_workspace
def config(workspace: Workspace, *, as_json: bool) -> None:
    """Show every setting, its value and its origin. Secrets are hidden."""
    rows = [attrs.asdict(row) for row in describe(workspace.loaded, _classes(workspace))]
    source = workspace.loaded.source
    if as_json:
        print_json({"source": source, "settings": rows})
    else:
        click.echo(f"{source}\n")
        print_table(rows, ("key", "value", "origin"))


def _classes(workspace: Workspace) -> dict[str, type[Any]]:
    """Return path of a table -> the class that reads it; none when plugins cannot be loaded."""
    try:
        plugins = workspace.runtime.plugins
        offered = [implementation() for _, implementation in plugins.implementations("e11y_export")]
    except E11yError as error:
        click.echo(f"tables of plugins and adapters are shown as they were written:\n{error}\n", err=True)
        return {}
    types = {answer.name: answer.settings for answer in offered if answer is not None}
    adapters = workspace.loaded.settings.adapters.items()
    return {
        **plugins.settings_classes,
        **{f"adapters.{name}": types[table.type] for name, table in adapters if table.type in types},
    }
