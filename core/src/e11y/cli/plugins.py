"""The command ``e11y plugins``: what is installed, where it stands, and why it is not active."""

from __future__ import annotations

import click

from e11y.cli.output import json_option, print_json, print_table
from e11y.cli.workspace import Workspace, pass_workspace

_COLUMNS = ("name", "distribution", "version", "zones", "active", "why")


@click.command()
@json_option
@pass_workspace
def plugins(workspace: Workspace, *, as_json: bool) -> None:
    """List the plugins, their zones, and why they are active or not."""
    rows = [
        {
            "name": plugin.name,
            "distribution": plugin.distribution,
            "version": plugin.version,
            "zones": [str(zone) for zone in plugin.zones],
            "hooks": list(plugin.hooks),
            "active": plugin.active,
            "why": plugin.why,
        }
        for plugin in workspace.runtime.plugins.plugins
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, _COLUMNS)
