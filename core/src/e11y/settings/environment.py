"""The environment that the process runs in: ``production``, ``development``, ``test``, ..."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from typing import Any

from e11y.errors import ConfigError
from e11y.settings.files import SettingsFile
from e11y.settings.interpolation import expanded
from e11y.settings.layers import Layers
from e11y.settings.origin import Origin, joined

VARIABLE = "E11Y_ENVIRONMENT"

DETECTED_PYTEST = Origin("default", "detected: pytest")
"""Origin of the environment in a test run where nobody names one."""


def configured(given: Mapping[str, Any], environ: Mapping[str, str], file: SettingsFile | None) -> Any:
    """Return the environment that code, a variable or the file names; ``None`` when nobody does.

    It must be known before the rest, because it decides which overlay counts.

    Raises:
        ConfigError: The file reads it from a variable that is not set.
    """
    if "environment" in given:
        return given["environment"]
    if environ.get(VARIABLE):
        return environ[VARIABLE]
    if file and "environment" in file.table:
        return expanded(file.table["environment"], environ, "environment", file.origin(""))
    return None


def detected(environ: Mapping[str, str]) -> tuple[str, Origin]:
    """Return the environment when nobody names one, and how that was found out."""
    # pytest sets the first from 8.2 on and the second while a test runs; children inherit both.
    if "PYTEST_VERSION" in environ or "PYTEST_CURRENT_TEST" in environ:
        return "test", DETECTED_PYTEST
    if sys.flags.interactive or hasattr(sys, "ps1"):
        return "development", Origin("default", "detected: interactive interpreter")
    return "production", Origin("default", "default")


def add_with_overlay(
    layers: Layers, table: Mapping[str, Any], environment: object, origin_of: Callable[[str], Origin]
) -> None:
    """Put ``table`` over ``layers``, then what its ``env.<environment>`` says.

    Raises:
        ConfigError: An overlay is no table, or tries to choose the environment.
    """
    layers.add({key: value for key, value in table.items() if key != "env"}, origin_of)
    overlays = table.get("env", {})
    if not isinstance(overlays, Mapping):
        raise ConfigError(
            "setting 'env' must be a table of tables, one per environment",
            where=origin_of("").place,
            fix="write  [tool.e11y.env.production]",
        )
    for name, overlay in overlays.items():
        here = joined("env", str(name))
        if not isinstance(overlay, Mapping):
            raise ConfigError(
                f"setting {here!r} must be a table with the settings of that environment",
                where=origin_of("env").place,
                fix=f"write  [tool.e11y.{here}]",
            )
        for key in ("env", "environment"):
            if key in overlay:
                raise ConfigError(
                    f"setting {key!r} cannot stand in the overlay of an environment",
                    where=origin_of(here).place,
                    fix="move it to the top level",
                )
        if name == environment:
            layers.add(overlay, functools.partial(_within, origin_of, here))


def _within(origin_of: Callable[[str], Origin], outer: str, path: str) -> Origin:
    return origin_of(joined(outer, path))
