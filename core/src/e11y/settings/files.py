"""The file that settings are read from."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from e11y.errors import ConfigError
from e11y.settings.origin import Origin, joined

PYPROJECT = "pyproject.toml"
OWN_FILE = "e11y.toml"
CONFIG_VARIABLE = "E11Y_CONFIG"


@attrs.frozen(eq=False)
class SettingsFile:
    """A TOML file that holds settings.

    Args:
        path: The file.
        root: Dotted path of the table that holds them: ``tool.e11y``, or empty in a file of our own.
        table: What the table says.
    """

    path: Path
    root: str
    table: Mapping[str, Any] = attrs.field(repr=False)

    def home(self, table: str) -> str:
        """Return how an error names the table with the dotted path ``table``."""
        full = joined(self.root, table)
        return f"[{full}] in {self.path}" if full else str(self.path)

    def origin(self, table: str) -> Origin:
        """Return the origin of the values that stand in the table with the dotted path ``table``."""
        full = joined(self.root, table)
        return Origin("file", f"{self.path.name} [{full}]" if full else self.path.name, self.home(table))

    def __str__(self) -> str:
        return f"{self.path.name} at {self.path}"


def find(environ: Mapping[str, str], directory: Path) -> SettingsFile | None:
    """Return the file in ``E11Y_CONFIG``, or the nearest one from ``directory`` upward, or ``None``.

    A ``pyproject.toml`` without ``[tool.e11y]`` says nothing and the search goes on.

    Raises:
        ConfigError: The named file is missing, a file cannot be read, or a directory holds two.
    """
    named = environ.get(CONFIG_VARIABLE)
    if named:
        return _named(directory / named)
    for folder in (directory, *directory.parents):
        own, shared = folder / OWN_FILE, folder / PYPROJECT
        # os.path answers False for a folder that we may not enter, where Path.is_file would raise.
        table = _own_table(shared) if os.path.isfile(shared) else None  # noqa: PTH113
        if os.path.isfile(own):  # noqa: PTH113
            if table is not None:
                raise ConfigError(
                    f"two files configure e11y: {OWN_FILE} and {PYPROJECT}",
                    where=str(folder),
                    fix=f"keep one: move everything into {OWN_FILE}, or into [tool.e11y] of {PYPROJECT}",
                )
            return SettingsFile(own, "", _read(own))
        if table is not None:
            return SettingsFile(shared, "tool.e11y", table)
    return None


def _named(path: Path) -> SettingsFile:
    if path.name != PYPROJECT:
        return SettingsFile(path, "", _read(path))
    table = _own_table(path)
    if table is None:
        raise ConfigError(
            "the file has no table [tool.e11y]",
            where=f"{path}, named by environment variable {CONFIG_VARIABLE}",
            fix=f"add the table, or name another file in {CONFIG_VARIABLE}",
        )
    return SettingsFile(path, "tool.e11y", table)


def _own_table(pyproject: Path) -> Mapping[str, Any] | None:
    tool = _read(pyproject).get("tool", {})
    table = tool.get("e11y") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise ConfigError("'tool.e11y' must be a table", where=str(pyproject), fix="write  [tool.e11y]")
    return table


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except OSError as error:
        what = f"the file cannot be read: {error.strerror or type(error).__name__}"
        fix = f"name an existing, readable file in {CONFIG_VARIABLE}, or repair the permissions of this one"
    except UnicodeDecodeError:
        what, fix = "the file is not UTF-8", "save it as UTF-8"
    except tomllib.TOMLDecodeError as error:
        what, fix = f"the file is not valid TOML: {error}", "correct the line"
    raise ConfigError(what, where=str(path), fix=fix)
