"""Settings in environment variables: ``E11Y_SERVICE``, ``E11Y_ADAPTERS__LOGS__URL``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from e11y.errors import ConfigError, E11yError, nearest
from e11y.settings.files import CONFIG_VARIABLE
from e11y.settings.origin import EnvText, Origin

PREFIX = "E11Y_"
_ALIASES = {"OTEL_SERVICE_NAME": ("service",)}
"""Names that other tools set already."""


def read(
    environ: Mapping[str, str], keys: Collection[str], tables: Mapping[str, Any]
) -> Iterator[tuple[tuple[str, ...], EnvText, Origin]]:
    """Yield each setting that the environment holds: its path, its text and its origin.

    An empty variable counts as unset, as the OpenTelemetry specification has it for its own.

    Args:
        environ: The environment of the process.
        keys: Keys of the top level that core reads. Two or more parts may also name a plugin's table.
        tables: The settings of the other sources, for the spelling of keys: a variable cannot tell
            ``error-tracker`` from ``error_tracker``.

    Raises:
        ConfigError: A variable begins with ``E11Y_`` and names no setting, or two exclude each other.
    """
    problems: list[E11yError] = []
    seen: dict[tuple[str, ...], str] = {}
    for name, path in _ALIASES.items():
        if environ.get(name):
            yield path, EnvText(environ[name]), _origin(name)
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name == CONFIG_VARIABLE:
            continue
        parts = tuple(name[len(PREFIX) :].lower().split("__"))
        problem = _problem_of(name, parts, keys) or _clash_of(name, parts, seen)
        if problem:
            problems.append(problem)
        elif environ[name]:
            seen[parts] = name
            yield _spelt(parts, tables), EnvText(environ[name]), _origin(name)
    if problems:
        raise ConfigError.joined(problems)


def variable_of(path: str) -> str:
    """Return the variable that sets the value with a dotted path."""
    return PREFIX + path.upper().replace("-", "_").replace(".", "__")


def _origin(name: str) -> Origin:
    return Origin("environment", f"environment {name}", f"environment variable {name}")


def _problem_of(name: str, parts: tuple[str, ...], keys: Collection[str]) -> E11yError | None:
    if all(parts) and (parts[0] in keys or (len(parts) > 1 and parts[0] != "env")):
        return None
    known = sorted(variable_of(key) for key in keys)
    return ConfigError(
        f"environment variable {name!r} names no setting{nearest(name, known)}",
        where="the environment of the process",
        fix=f"unset it, or use one of: {', '.join(known)}; two underscores lead into a table",
    )


def _clash_of(name: str, parts: tuple[str, ...], seen: Mapping[tuple[str, ...], str]) -> E11yError | None:
    for length in range(1, len(parts)):
        if parts[:length] in seen:
            return ConfigError(
                f"environment variables {seen[parts[:length]]!r} and {name!r} exclude each other",
                where="the environment of the process",
                fix=f"unset {seen[parts[:length]]}: what the other one names is a table",
            )
    return None


def _spelt(parts: tuple[str, ...], tables: Mapping[str, Any]) -> tuple[str, ...]:
    path: list[str] = []
    table: Any = tables
    for part in parts:
        known = list(table) if isinstance(table, Mapping) else []
        same = [key for key in known if isinstance(key, str) and key.lower().replace("-", "_") == part]
        key = part if part in known or not same else same[0]
        path.append(key)
        table = table.get(key) if isinstance(table, Mapping) else None
    return tuple(path)
