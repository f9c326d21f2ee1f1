"""The severity of each level."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from e11y import Severity

SEVERITIES: Final[Mapping[int, Severity]] = MappingProxyType(
    {
        logging.DEBUG: Severity.DEBUG,
        logging.INFO: Severity.INFO,
        logging.WARNING: Severity.WARN,
        logging.ERROR: Severity.ERROR,
        logging.CRITICAL: Severity.FATAL,
    }
)
"""Of Python's five levels. An event needs no name for these: the severity says the same."""

_NAMES = {"WARN": logging.WARNING, "FATAL": logging.CRITICAL, "EXCEPTION": logging.ERROR, "TRACE": 5, "SUCCESS": 25}
"""What structlog and loguru call levels and methods, beside the names that the standard library knows."""


def severity_of(level: int, name: str) -> Severity:
    """Return the severity of a level: that of the next lower one of Python's five.

    Args:
        level: Its number; what lies below DEBUG is debug too.
        name: Of a level of somebody's own: one called ``SUCCESS``, as loguru has it, is success.
    """
    known = SEVERITIES.get(level)
    if known is not None:
        return known
    if level >= logging.INFO and name.upper() == "SUCCESS":
        return Severity.SUCCESS
    return max((severity for least, severity in SEVERITIES.items() if least <= level), default=Severity.DEBUG)


def number_of(name: str) -> int:
    """Return the number of a level or of a logger's method, in any case; ``WARNING`` for an unknown name."""
    upper = name.upper()
    return logging.getLevelNamesMapping().get(upper) or _NAMES.get(upper, logging.WARNING)
