"""The command ``e11y``: core's commands, and those that plugins add."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from e11y.cli.check import check
from e11y.cli.config import config
from e11y.cli.doctor import doctor
from e11y.cli.events import events
from e11y.cli.explain import explain
from e11y.cli.plugins import plugins
from e11y.cli.workspace import Workspace
from e11y.errors import E11yError
from e11y.output import JSON_HELP, remember_json

_CORE = (plugins, config, events, explain, check, doctor)


class Complaint(click.ClickException):
    """An error of e11y, told in its own three parts."""

    def show(self, file: Any = None) -> None:
        """Print the error as it is."""
        click.echo(self.message, file=file or sys.stderr)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except E11yError as error:
        raise Complaint(str(error)) from error


class Root(click.Group):
    """Asks plugins for their commands when one is needed: core's own work with a broken configuration."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of core's commands and of the plugins'."""
        self._add_commands_of_plugins(ctx)
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; plugins are asked only for what is not core's."""
        if cmd_name not in self.commands:
            self._add_commands_of_plugins(ctx)
        return super().get_command(ctx, cmd_name)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors of e11y end it with status 1."""
        with _told():
            return super().invoke(ctx)

    def _add_commands_of_plugins(self, ctx: click.Context) -> None:
        state = ctx.meta.setdefault(__name__, {"asked": False})
        if state["asked"]:
            return
        state["asked"] = True
        try:
            implementations = ctx.ensure_object(Workspace).runtime.plugins.implementations("e11y_commands")
        except E11yError as error:
            click.echo(f"commands of plugins are left out:\n{error}\n", err=True)
            return
        for plugin, implementation in implementations:
            self._add_commands_of(plugin, implementation)

    def _add_commands_of(self, plugin: str, implementation: Callable[..., object]) -> None:
        offered = click.Group()
        try:
            implementation(group=offered)
        except Exception as error:  # noqa: BLE001 - a plugin's fault must not take the other commands away
            click.echo(f"commands of plugin {plugin!r} are left out: {type(error).__name__}", err=True)
            return
        for name, command in offered.commands.items():
            if name in self.commands:
                click.echo(f"command {name!r} of plugin {plugin!r} is left out: the name is taken", err=True)
            else:
                self.add_command(command, name)


def _import_app(ctx: click.Context, parameter: click.Parameter, modules: Sequence[str]) -> None:
    del parameter
    with _told():
        ctx.ensure_object(Workspace).import_app(modules)


def make_root() -> Root:
    """Return the command as it is before any plugin was asked."""
    root = Root(
        "e11y",
        help="Look at the events, the plugins and the configuration of an application.",
        epilog="Exit status: 0 well, 1 a problem was found, 2 wrong arguments.",
        params=[
            click.Option(
                ["--app"],
                multiple=True,
                metavar="MODULE",
                callback=_import_app,
                expose_value=False,
                is_eager=True,
                help="Import this module of the application first, so that its event types and its "
                "e11y.configure(...) are known. May be repeated.",
            ),
            click.Option(
                ["--json"],
                is_flag=True,
                callback=remember_json,
                expose_value=False,
                help=f"{JSON_HELP} For core's commands.",
            ),
        ],
    )
    for command in _CORE:
        root.add_command(command)
    return click.version_option(package_name="e11y-core")(root)


def main() -> None:
    """Run the command line with the arguments of the process, and exit."""
    make_root()(prog_name="e11y")
