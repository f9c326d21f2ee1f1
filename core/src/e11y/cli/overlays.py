"""What is wrong with the settings of environments that this process does not run in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from e11y import active
from e11y.assembly import adapter_types, unknown_in_routes
from e11y.cli.workspace import Workspace
from e11y.errors import ConfigError, E11yError
from e11y.plugins import NOT_LISTED, PluginSet, unread_table
from e11y.settings import Overlay, adapter_settings, load_overlay, overlay_names, structure


def problems_of_overlays(workspace: Workspace) -> Iterator[tuple[str, E11yError | None]]:
    """Yield each environment that has an overlay, but the present one, and what is wrong with its settings.

    Plugins and adapters are not made for them: that may be possible only where the environment runs.
    """
    explicit, _ = active.configuration()
    sources = (explicit, os.environ, Path.cwd())
    for name in overlay_names(*sources):
        if name == workspace.loaded.settings.environment:
            continue
        try:
            problems = list(_problems(load_overlay(name, *sources), workspace))
        except ConfigError as error:
            problems = [error]
        yield name, ConfigError.joined(problems) if problems else None


def _problems(overlay: Overlay, workspace: Workspace) -> Iterator[E11yError]:
    plugins = workspace.runtime.plugins
    settings = overlay.loaded.settings
    # Of plugins that are active only there nothing is known here.
    all_known = settings.plugins == workspace.loaded.settings.plugins
    yield from _of_plugins(overlay, plugins, all_known=all_known)
    yield from _of_adapters(overlay, plugins, all_known=all_known)
    if settings.adapters and settings.strict_adapters:
        yield from unknown_in_routes(overlay.loaded, settings.adapters)


def _of_plugins(overlay: Overlay, plugins: PluginSet, *, all_known: bool) -> Iterator[E11yError]:
    loaded = overlay.loaded
    for name, table in loaded.settings.plugin_tables.items():
        plugin = plugins.plugin(name)
        if plugin is None or plugin.why == NOT_LISTED:
            if all_known:
                yield unread_table(name, [one.name for one in plugins.plugins], loaded.place())
        elif plugin.settings is not None and overlay.is_whole(name):
            try:
                structure(plugin.settings, table, loaded.place(name, owner=plugin.owner))
            except ConfigError as error:
                yield error


def _of_adapters(overlay: Overlay, plugins: PluginSet, *, all_known: bool) -> Iterator[E11yError]:
    loaded, types = overlay.loaded, adapter_types(plugins)
    for name, table in loaded.settings.adapters.items():
        path = f"adapters.{name}"
        place = loaded.place(path)
        if not overlay.is_whole(path):
            continue
        if table.type in types:
            try:
                adapter_settings(types[table.type][1], table, place)
            except ConfigError as error:
                yield error
        elif all_known:
            yield plugins.unknown_adapter_type(table.type, str(place), types)
