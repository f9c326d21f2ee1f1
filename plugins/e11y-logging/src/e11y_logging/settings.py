"""The table ``[tool.e11y.logging]``."""

from __future__ import annotations

import logging
from typing import Any, Literal

import attrs

LevelName = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]


def _are_names(instance: object, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    del instance, attribute
    if not all(value):
        raise ValueError('must be names of loggers, for example "django.db" or "*.access"')


def _are_parts(instance: object, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    del instance, attribute
    if not all(text.strip("*") for text in value):  # it would be in every message
        raise ValueError('must be parts of messages, for example "Started GET" or "GET /healthz * 200"')


@attrs.frozen(eq=False, kw_only=True)
class LoggingSettings:
    """Table ``[tool.e11y.logging]``. Which levels become events at all is the level of the handler and the loggers.

    Args:
        level_outside_scopes: Records below it become events only inside a scope: what waits for a failure there
            would be delivered at once outside of it.
        flush: Whether records of level ERROR and above write the debug trail of their scope, as error events do.
        ignore: Loggers whose records never become events, with those below them; ``*`` stands for any characters.
        ignore_messages: Parts of messages whose records never become events; ``*`` stands for any characters.
    """

    level_outside_scopes: LevelName = "INFO"
    flush: bool = True
    ignore: tuple[str, ...] = attrs.field(default=(), validator=_are_names)
    ignore_messages: tuple[str, ...] = attrs.field(default=(), validator=_are_parts)

    @property
    def least_outside(self) -> int:
        """The number of ``level_outside_scopes``."""
        return logging.getLevelNamesMapping()[self.level_outside_scopes]
