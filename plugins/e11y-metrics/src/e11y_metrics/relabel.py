"""Rules that turn many values of a label into a few."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from e11y import ConfigError
from e11y.errors import nearest

_NUMBER = re.compile(r"\d+", re.ASCII)
_UUID = re.compile(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", re.ASCII)
_HEX = re.compile(r"(?=.*\d)[0-9a-fA-F]{16,}", re.ASCII)
_STATUS = re.compile(r"[1-5]\d\d", re.ASCII)


def status_class(value: Any) -> str:
    """Return the class of an HTTP status.

    >>> status_class(503), status_class("200"), status_class("teapot")
    ('5xx', '2xx', 'unknown')
    """
    text = str(value)
    return f"{text[0]}xx" if _STATUS.fullmatch(text) else "unknown"


def path_template(value: Any) -> str:
    """Return a path without query, its numbers, UUIDs and long hexadecimal segments replaced.

    >>> path_template("/orders/42/items/7?page=2")
    '/orders/:id/items/:id'
    """
    path = re.split(r"[?#]", str(value), maxsplit=1)[0]
    return "/".join(_segment(segment) for segment in path.split("/"))


def _segment(segment: str) -> str:
    if _NUMBER.fullmatch(segment):
        return ":id"
    if _UUID.fullmatch(segment):
        return ":uuid"
    return ":hex" if _HEX.fullmatch(segment) else segment


Rule = Callable[[Any], object]

RULES: Final[Mapping[str, Rule]] = MappingProxyType({"status_class": status_class, "path_template": path_template})
"""Rules that settings may name."""


def rule_of(label: str, name: str) -> Rule:
    """Return the rule that settings name for a label: one of ours, or ``package.module:function``.

    Raises:
        ConfigError: There is none, or it cannot be imported.
    """
    where = f"[tool.e11y.metrics.relabel] {label}"
    if name in RULES:
        return RULES[name]
    module, colon, attribute = name.partition(":")
    if not colon:
        raise ConfigError(
            f"no rule {name!r} is known{nearest(name, RULES)}",
            where=where,
            fix=f'use one of: {", ".join(RULES)}, or name a function: "package.module:function"',
        )
    try:
        found = getattr(importlib.import_module(module), attribute)
    except Exception as error:
        raise ConfigError(
            f"the rule {name!r} cannot be imported: {type(error).__name__}", where=where, fix="correct its name"
        ) from error
    if not callable(found):
        raise ConfigError(f"the rule {name!r} is no function", where=where, fix="name a function of one value")
    rule: Rule = found
    return rule
