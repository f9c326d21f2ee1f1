"""What the commands look at: the application's event types and configuration, read but not started."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import click

from e11y import active, declaration, registry
from e11y.errors import ConfigError, nearest
from e11y.event import Event
from e11y.pipeline.plan import Plan
from e11y.runtime import Runtime
from e11y.settings import Loaded, load


class Workspace:
    """The application, as far as it was imported."""

    def import_app(self, modules: Iterable[str]) -> None:
        """Import modules of the application, found also in the current directory.

        Raises:
            ConfigError: A module cannot be imported; says which and why.
        """
        if str(Path.cwd()) not in sys.path:  # the script `e11y` does not have it, `python -m e11y` has
            sys.path.insert(0, str(Path.cwd()))
        for module in modules:
            if not _is_name(module):
                stem, _, attribute = module.partition(":")
                raise ConfigError(
                    f"{module!r} is no name of a module",
                    where=f"--app {module}",
                    fix=f"write  --app {stem}"
                    if attribute and _is_name(stem)
                    else "write it as in an import:  --app package.module",
                )
            try:
                importlib.import_module(module)
            except Exception as error:
                raise ConfigError(
                    f"the module {module!r} cannot be imported: {type(error).__name__}: {error}",
                    where=f"--app {module}",
                    fix=f"see the whole traceback with  python -c 'import {module}'",
                ) from error

    @cached_property
    def loaded(self) -> Loaded:
        """The settings, also when what they ask for cannot work.

        Raises:
            ConfigError: The settings themselves cannot be read.
        """
        settings, _ = active.configuration()
        return load(settings, environ=os.environ, directory=Path.cwd())

    @cached_property
    def runtime(self) -> Runtime:
        """The runtime that a start would activate; it is never activated.

        Raises:
            ConfigError: Settings, plugins or adapters cannot work.
        """
        settings, plugins = active.configuration()
        return Runtime(settings, plugins=plugins, event_types=())

    def event_type(self, name: str) -> type[Event]:
        """Return the event type of an event name, class name or qualified name.

        Raises:
            ConfigError: None is known by that name.
        """
        found = registry.find(name)
        if found is None:
            known = {known: None for one in registry.event_types() for known in (declaration.name(one), one.__name__)}
            raise ConfigError(
                f"no event type {name!r} is known{nearest(name, known)}",
                where=f"{len(registry.event_types())} event types of the imported modules",
                fix="import the module that declares it with  e11y --app your.module ...",
            )
        return found

    def plan(self, name: str) -> Plan:
        """Return the plan of an event type.

        Raises:
            ConfigError: The type is unknown, or it cannot work.
        """
        event_type = self.event_type(name)
        return self.runtime.compiler.plan(event_type)


def _is_name(module: str) -> bool:
    return all(part.isidentifier() for part in module.split("."))


pass_workspace = click.make_pass_decorator(Workspace, ensure=True)
"""Decorator: the command gets the workspace as its first argument."""
