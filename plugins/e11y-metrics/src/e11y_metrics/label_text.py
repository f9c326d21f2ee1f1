"""The text of a label value."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from e11y import MISSING

DROPPED: Final = "[DROPPED]"
"""Stands for a value that is absent or must not be shown: the label set of a metric is constant."""

OTHER: Final = "[OTHER]"
"""Stands for every value above the limit."""

LONGEST: Final = 128
"""Characters of a value; what is longer is cut."""

_PLAIN = (int, float, Decimal, UUID, date, time, timedelta)


def text_of(value: Any) -> str:
    """Return the text of a value, always fit to be written as UTF-8."""
    if isinstance(value, Enum):
        value = value.value
    if value is None or value is MISSING:
        return DROPPED
    if isinstance(value, str):
        return cleaned(str.__str__(value))
    if isinstance(value, _PLAIN):
        return cleaned(str(value))
    return f"<{type(value).__name__}>"  # what an object says of itself may be anything


def cleaned(text: str) -> str:
    """Return ``text`` cut to its longest, without halves of surrogate pairs."""
    if text.isascii():
        return text[:LONGEST]
    return text[:LONGEST].encode("utf-8", "replace").decode("utf-8")


def relabelled(rule: Callable[[Any], object], failed: Callable[[Exception], None]) -> Callable[[Any], Any]:
    """Return ``rule`` so that absent values pass by, and one that makes it raise is kept as it is."""

    def apply(value: Any) -> Any:
        if value is None or value is MISSING:
            return value
        try:
            return rule(value)
        except Exception as error:  # noqa: BLE001 - the rule is the application's
            failed(error)
            return value

    return apply
