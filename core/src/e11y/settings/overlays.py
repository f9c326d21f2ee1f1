"""The settings of environments that this process does not run in, so that they can be checked before one does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from e11y.settings import files, interpolation
from e11y.settings.load import Loaded, load
from e11y.settings.variables import PREFIX

_STAND_IN = "1"
"""Value of a variable that is set only where the environment runs: it fits texts and numbers."""


@attrs.frozen(eq=False)
class Overlay:
    """The settings as they are in another environment.

    Args:
        loaded: The settings.
        stood_in: Dotted paths of values that read variables which are not set here.
    """

    loaded: Loaded
    stood_in: frozenset[str]

    def is_whole(self, table: str) -> bool:
        """Return whether everything in the table with this dotted path is known here."""
        return not any(path.startswith(f"{table}.") for path in self.stood_in)


def overlay_names(explicit: Mapping[str, Any], environ: Mapping[str, str], directory: Path) -> list[str]:
    """Return the environments that the file or the code has an overlay for. Arguments are those of ``load``."""
    file = files.find(environ, directory)
    tables = (file.table if file else {}, explicit)
    return list(dict.fromkeys(str(name) for table in tables for name in table.get("env", {})))


def load_overlay(name: str, explicit: Mapping[str, Any], environ: Mapping[str, str], directory: Path) -> Overlay:
    """Return the settings as they would be in the environment ``name``.

    Args:
        name: The environment, whatever the other arguments say.
        explicit: As for ``load``.
        environ: As for ``load``, but variables that the file reads may be missing.
        directory: As for ``load``.

    Raises:
        ConfigError: Something does not fit; with every problem that was found.
    """
    file = files.find(environ, directory)
    table = dict(file.table) if file else {}
    missing = {variable for variable in interpolation.needed(table) if variable not in environ}
    # One of e11y's own would be taken for a setting.
    stand_ins = {variable: _STAND_IN for variable in missing if not variable.startswith(PREFIX)}
    loaded = load({**explicit, "environment": name}, environ={**stand_ins, **environ}, directory=directory)
    read = {path: interpolation.needed(origin.written) for path, origin in loaded.origins.items()}
    return Overlay(loaded, frozenset(path for path, variables in read.items() if missing.intersection(variables)))
