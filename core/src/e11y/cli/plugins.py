"""The command ``e11y plugins``: what is installed, where it stands, and why it is not active."""

from __future__ import annotations

from collections.abc import Iterator

import click

from e11y.cli.workspace import Workspace, pass_workspace
from e11y.errors import ConfigError, E11yError
from e11y.output import json_option, print_json, print_table
from e11y.plugins import NOT_LISTED, LoadedPlugin, discover

_COLUMNS = ("name", "distribution", "version", "zones", "active", "why")


@click.command()
@json_option
@pass_workspace
def plugins(workspace: Workspace, *, as_json: bool) -> None:
    """List the plugins, their zones, and why they are active or not.

    Where a start would fail, the plugins that are installed are listed, and then the error.
    """
    failure = None
    try:
        found = workspace.runtime.plugins.plugins
    except E11yError as error:
        found, failure = tuple(_installed(workspace, error)), error
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
        for plugin in found
    ]
    if as_json:
        print_json(rows)
    else:
        print_table(rows, _COLUMNS)
    if failure is not None:
        click.echo(err=True)
        raise failure


def _installed(workspace: Workspace, failure: E11yError) -> Iterator[LoadedPlugin]:
    """Yield the installed plugins, none of them imported or active, with what the failure says about them."""
    listed = workspace.loaded.settings.plugins
    problems = failure.problems if isinstance(failure, ConfigError) and failure.problems else (failure,)
    for candidate in discover():
        name = candidate.name
        why = NOT_LISTED if listed is not None and name not in listed else "a start would fail"
        subject = f"plugin {name!r} "
        said = [problem.what.removeprefix(subject) for problem in problems if problem.what.startswith(subject)]
        yield LoadedPlugin(name, candidate.distribution, candidate.version, why=", ".join([why, *said]))
