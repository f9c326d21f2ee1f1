"""``${NAME}`` and ``${NAME:-default}`` in the texts of a file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from e11y.errors import ConfigError, E11yError
from e11y.settings.origin import EnvText, Origin

_REFERENCE = re.compile(
    r"(?P<escaped>\$\$\{)"
    r"|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(:-(?P<default>[^}]*))?\}"
    r"|(?P<broken>\$\{)",
    re.ASCII,
)


def expanded(value: Any, environ: Mapping[str, str], key: str, origin: Origin) -> Any:
    """Return ``value`` with every reference in it, or in a list or table in it, replaced.

    A default counts when the variable is unset or empty, as in a shell. A text with a reference in it
    becomes text from the environment, so that ``port = "${PORT}"`` fits a number. ``$${`` is ``${``.

    Args:
        value: A value of a file.
        environ: The environment of the process.
        key: Dotted path of the value, for errors.
        origin: Where it was written, for errors.

    Raises:
        ConfigError: A variable is not set and has no default, or a reference is not well formed.
    """
    if isinstance(value, list):
        return [expanded(item, environ, key, origin) for item in value]
    if isinstance(value, dict):
        return {name: expanded(item, environ, key, origin) for name, item in value.items()}
    if not isinstance(value, str) or "${" not in value:
        return value
    problems = list(_problems(value, environ, key, origin))
    if problems:
        raise ConfigError.joined(problems)
    text = _REFERENCE.sub(lambda match: _replacement(match, environ), value)
    return EnvText(text) if any(match["name"] for match in _REFERENCE.finditer(value)) else text


def needed(value: Any) -> Iterator[str]:
    """Yield the variables that ``value`` of a file, or what is in it, reads and has no default for."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from needed(item)
    elif isinstance(value, str):
        yield from (match["name"] for match in _REFERENCE.finditer(value) if match["name"] and match["default"] is None)


def _replacement(match: re.Match[str], environ: Mapping[str, str]) -> str:
    if match["escaped"]:
        return "${"
    return environ.get(match["name"]) or match["default"] or ""


def _problems(text: str, environ: Mapping[str, str], key: str, origin: Origin) -> Iterator[E11yError]:
    for match in _REFERENCE.finditer(text):
        name = match["name"]
        if match["broken"]:
            yield ConfigError(
                f"setting {key!r} holds a '${{' that begins no reference",
                where=origin.place,
                fix="write  ${NAME}  or  ${NAME:-default}, or  $${  for a plain  ${",
            )
        elif name and name not in environ and match["default"] is None:
            yield ConfigError(
                f"setting {key!r} reads environment variable {name!r}, which is not set",
                where=origin.place,
                fix=f"set {name}, or write a default: ${{{name}:-...}}",
            )
