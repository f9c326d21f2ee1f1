"""From files, environment and code to ``Settings``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from e11y.errors import ConfigError, E11yError, nearest
from e11y.settings import environment, files, interpolation, variables
from e11y.settings.adapter_tables import read_adapter
from e11y.settings.fields import keys_of
from e11y.settings.layers import Layers
from e11y.settings.model import AdapterTable, Settings
from e11y.settings.origin import DEFAULT, Origin, Place, joined
from e11y.settings.structure import structure

CORE_KEYS = tuple(key for key in keys_of(Settings) if key != "plugin_tables")
"""Keys of the top level that core reads; every other table belongs to a plugin."""

RESERVED = frozenset({*CORE_KEYS, "env", "config"})
"""Names that no plugin can have: its table, or its variable, would be read as something else."""


@attrs.frozen(eq=False)
class Loaded:
    """Settings and where they come from.

    Args:
        settings: What counts.
        origins: Dotted path -> origin, of every table and value that a source mentions. What is not
            here has its default.
        source: ``pyproject.toml at <path>``, or ``no configuration found``.
        home: Tells for a dotted path where a table would be written that no source mentions.
    """

    settings: Settings
    origins: Mapping[str, Origin] = attrs.field(repr=False)
    source: str
    home: Callable[[str], str] = attrs.field(repr=False)

    def place(self, path: str = "", *, owner: str = "") -> Place:
        """Return the place of a table, for the errors of ``structure``: ``place("adapters.logs")``."""
        return Place(path, self.origins, self.home, owner)

    @property
    def is_test_run(self) -> bool:
        """Whether this is a run of pytest, and nobody named the environment."""
        return self.origins.get("environment") == environment.DETECTED_PYTEST

    def origin(self, path: str) -> Origin:
        """Return where the value with a dotted path comes from."""
        return self.origins.get(path, DEFAULT)


def load(explicit: Mapping[str, Any] | None, *, environ: Mapping[str, str], directory: Path) -> Loaded:
    """Read every source. Later ones win: file, its ``env`` overlay, environment variables, ``explicit``.

    Args:
        explicit: What ``e11y.configure(...)`` was given, in the words of the file.
        environ: The environment of the process. An empty variable counts as unset.
        directory: Where the search for a file begins; it goes upward from here.

    Returns:
        The settings with the origin of each.

    Raises:
        ConfigError: Something cannot be read or does not fit; with every problem that was found.
    """
    file = files.find(environ, directory)
    given = explicit or {}
    layers = _merged(file, given, environ)
    home = file.home if file else _code_home
    problems = list(_expand(layers.table, "", layers.origins, environ))
    if not problems:
        settings = _structured(layers.table, Place("", layers.origins, home), problems)
        if settings is not None and not problems:
            return Loaded(settings, layers.origins, str(file or "no configuration found"), home)
    raise ConfigError.joined(problems)


def _merged(file: files.SettingsFile | None, given: Mapping[str, Any], environ: Mapping[str, str]) -> Layers:
    name = environment.configured(given, environ, file)
    layers, spelling = Layers(), Layers()
    if name is None:
        name, found_by = environment.detected(environ)
        layers.put(("environment",), name, found_by)
    if file:
        environment.add_with_overlay(layers, file.table, name, file.origin)
        environment.add_with_overlay(spelling, file.table, name, file.origin)
    environment.add_with_overlay(spelling, given, name, _code_origin)
    for path, text, origin in variables.read(environ, CORE_KEYS, spelling.table):
        layers.put(path, text, origin)
    environment.add_with_overlay(layers, given, name, _code_origin)
    return layers


def _expand(
    table: dict[str, Any], path: str, origins: dict[str, Origin], environ: Mapping[str, str]
) -> Iterator[E11yError]:
    """Replace ``${NAME}`` in what files say; code can read the environment by itself."""
    for key, value in table.items():
        here = joined(path, key)
        origin = origins[here]
        if isinstance(value, dict):
            yield from _expand(value, here, origins, environ)
        elif origin.kind == "file":
            try:
                table[key] = interpolation.expanded(value, environ, here, origin)
            except ConfigError as error:
                yield error
            else:
                if table[key] != value:
                    origins[here] = attrs.evolve(origin, written=value)


def _structured(table: Mapping[str, Any], place: Place, problems: list[E11yError]) -> Settings | None:
    core = {key: value for key, value in table.items() if key in CORE_KEYS}
    plugin_tables = {key: value for key, value in table.items() if key not in CORE_KEYS and isinstance(value, dict)}
    problems.extend(
        ConfigError(
            f"setting {key!r} is unknown{nearest(key, CORE_KEYS)}",
            where=place.of(key),
            fix=f"remove it, or use one of: {', '.join(CORE_KEYS)}; what a plugin reads is a table",
        )
        for key in table
        if key not in core and key not in plugin_tables
    )
    if isinstance(core.get("adapters"), dict):
        core["adapters"] = dict(_adapters(core["adapters"], place.under("adapters"), problems))
    try:
        return attrs.evolve(structure(Settings, core, place), plugin_tables=plugin_tables)
    except ConfigError as error:
        problems.append(error)
        return None


def _adapters(
    tables: Mapping[str, Any], place: Place, problems: list[E11yError]
) -> Iterator[tuple[str, AdapterTable | Any]]:
    for name, table in tables.items():
        if not isinstance(table, dict):
            yield name, table  # refused where all settings are structured
            continue
        try:
            yield name, read_adapter(table, place.under(name))
        except ConfigError as error:
            problems.append(error)


def _code_home(table: str) -> str:
    return f"[{table}] in e11y.configure()" if table else "e11y.configure()"


def _code_origin(table: str) -> Origin:
    return Origin("code", "configure()", _code_home(table))
