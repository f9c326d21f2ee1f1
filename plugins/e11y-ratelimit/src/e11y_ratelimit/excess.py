"""What becomes of an event above a limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, get_args

from e11y import Drop, Schema, Severity
from e11y_ratelimit.limit import Limit
from e11y_ratelimit.tally import Tally

Reason = Literal["rate_limited_key", "rate_limited_event", "rate_limited_global"]
"""Which kind of limit it was: what the ledger and the dead letter say."""

_CRITICAL: Final = frozenset({Severity.ERROR, Severity.FATAL})
_DROP: Final = {reason: Drop(reason, outcome="RATE_LIMITED") for reason in get_args(Reason)}
_LETTER: Final = {reason: Drop(reason, dead_letter=True, outcome="RATE_LIMITED") for reason in get_args(Reason)}


class Excess:
    """Answers for the events of one type above one limit, and counts them.

    Args:
        schema: Of the event type.
        limit: The limit.
        reason: Which kind of limit it is.
        random: Returns a number from 0 to 1.

    Attributes:
        event: Name of the events.
        reason, limit: As given.
        dropped, lettered: Count what was dropped, and what was dropped into the dead letters.
    """

    def __init__(self, schema: Schema, limit: Limit, reason: Reason, random: Callable[[], float]) -> None:
        self.event = schema.name
        self.reason = reason
        self.limit = limit
        self.dropped = Tally()
        self.lettered = Tally()
        self._drop = _DROP[reason]
        self._letter = _LETTER[reason]
        self._always_letter = schema.dead_letter or limit.on_excess == "dead_letter"
        self._keep = limit.keep if limit.on_excess == "sample" else 0.0
        self._weight = 1.0 / limit.keep
        self._random = random

    def answer(self, severity: Severity) -> float | Drop:
        """Return the weight of an event that is kept all the same, or the ``Drop``."""
        if self._keep and self._random() < self._keep:
            return self._weight
        if self._always_letter or severity in _CRITICAL:
            self.lettered.add()
            return self._letter
        self.dropped.add()
        return self._drop
