"""The six severities of an event, in their order."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

SeverityName = Literal["debug", "info", "success", "warn", "error", "fatal"]


class Severity(StrEnum):
    """How much an event matters. Members are text and compare by rank, not by alphabet.

    >>> Severity.WARN < Severity.ERROR
    True
    >>> Severity.ERROR == "error"
    True
    """

    DEBUG = "debug"
    INFO = "info"
    SUCCESS = "success"
    WARN = "warn"
    ERROR = "error"
    FATAL = "fatal"

    @property
    def rank(self) -> int:
        """Position from 0 (debug) to 5 (fatal)."""
        return _RANKS[self.value]

    def __lt__(self, other: str) -> bool:
        return self.rank < _rank_of(other)

    def __le__(self, other: str) -> bool:
        return self.rank <= _rank_of(other)

    def __gt__(self, other: str) -> bool:
        return self.rank > _rank_of(other)

    def __ge__(self, other: str) -> bool:
        return self.rank >= _rank_of(other)


SEVERITIES: tuple[Severity, ...] = tuple(Severity)
_RANKS: dict[str, int] = {member.value: rank for rank, member in enumerate(SEVERITIES)}


def _rank_of(name: str) -> int:
    try:
        return _RANKS[name]
    except KeyError:
        raise ValueError(f"{name!r} is not a severity; use one of: {', '.join(_RANKS)}") from None
