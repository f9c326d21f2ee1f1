"""The token bucket: bursts up to the limit, then a steady rate."""

from __future__ import annotations

from collections.abc import Callable

from e11y import Drop, Severity
from e11y_ratelimit.cell import Cell

_SLACK = 1e-9
"""Share of a token by which one may be taken early, so that rounding never costs a whole one."""


class TokenBucket:
    """Holds ``limit`` tokens, starts full, and gains ``limit / per_s`` tokens a second until it is full again.

    Time is counted in tokens: ``x`` is how many would have been gained since the meter was made. The state is
    the smallest ``x`` at which the next token is there. Taking one adds exactly 1.0 to it, so errors of
    rounding do not add up, whatever the rate. No more than ``limit + rate * t`` tokens are taken in any ``t``
    seconds.

    Args:
        limit: Tokens.
        per_s: Seconds in which an empty bucket becomes full.
        started: Seconds on the clock that ``take`` is given.
    """

    __slots__ = ("_rate", "_started", "_unused")

    def __init__(self, limit: int, per_s: float, started: float) -> None:
        self._rate = limit / per_s
        self._started = started
        self._unused = limit - 1.0 + _SLACK

    def fresh(self, key: object = None) -> Cell:
        """Return the cell of a full bucket."""
        del key
        return Cell(float("-inf"))

    def take(self, cell: Cell, now: float) -> bool:
        """Take one token; return whether there was one."""
        x = (now - self._started) * self._rate
        node = cell.node
        while True:
            due = node[0]
            if due <= x:
                full = x - self._unused
                successor = [(due if due > full else full) + 1.0]  # noqa: FURB136 - max() takes twice as long as all else
                node.append(successor)
                if node[1] is successor:
                    cell.node = successor
                    return True
            elif len(node) == 1:
                return False
            node = cell.beyond(node)

    def step(
        self, cell: Cell, monotonic: Callable[[], float], excess: Callable[[Severity], float | Drop]
    ) -> Callable[[Severity], float | Drop]:
        """Return ``take`` for one cell as the function of a step, with the usual case written out.

        It is what most limited events run, and saves them two calls: a fifth of the time.
        """
        started, rate, unused, take = self._started, self._rate, self._unused, self.take

        def below_limit(severity: Severity) -> float | Drop:
            now = monotonic()
            x = (now - started) * rate
            node = cell.node
            due = node[0]
            if due <= x:
                full = x - unused
                successor = [(due if due > full else full) + 1.0]  # noqa: FURB136 - as in take()
                node.append(successor)
                if node[1] is successor:
                    cell.node = successor
                    return 1.0
            return 1.0 if take(cell, now) else excess(severity)

        return below_limit

    def give(self, cell: Cell, now: float) -> None:
        """Give one token back."""
        del now
        node = cell.node
        while True:
            successor = [node[0] - 1.0]
            node.append(successor)
            if node[1] is successor:
                cell.node = successor
                return
            node = cell.beyond(node)
