"""Tokens that one process fetched in advance from a limit that all processes share."""

from __future__ import annotations

from typing import Protocol

from e11y_ratelimit.cell import Cell, Meter


class Lender(Protocol):
    """Where leases are refilled, in the background.

    Attributes:
        alone: Nobody lends: each process decides by itself.
        answer_by: Seconds on the clock when an answer that is waited for is too late; infinite when none is.
    """

    alone: bool
    answer_by: float

    def want(self, lease: Lease, now: float) -> None:
        """Note that ``lease`` is running low. Never waits."""
        ...


class Lease(Cell):
    """The balance of one bucket in this process: the state of the cell.

    A new lease begins with a balance that nobody lent yet, so that the first events need not wait; the first
    tokens that are lent pay it back. The balance never is above ``size``.

    Args:
        lender: Refills it.
        name: Of the limit; the same in every process.
        key: Whose bucket it is, when the limit has one per key.
        size: Most tokens to hold.
        limit, per_s: Of the limit.

    Attributes:
        not_before: Seconds on the clock before which asking again is of no use.
        owed: Tokens still to be paid back.
    """

    __slots__ = ("_lender", "_low", "key", "limit", "name", "not_before", "owed", "per_s", "size")

    def __init__(self, lender: Lender, name: str, key: object, size: int, limit: int, per_s: float) -> None:
        super().__init__(size)
        self._lender = lender
        self._low = size // 2
        self.name = name
        self.key = key
        self.size = size
        self.limit = limit
        self.per_s = per_s
        self.not_before = 0.0
        self.owed = size

    def take(self, now: float) -> bool:
        """Take one token; return whether there was one, or whether this process has to decide by itself."""
        if self._lender.alone:
            return True
        node = self.node
        while True:
            balance = node[0]
            if balance > 0:
                successor = [balance - 1]
                node.append(successor)
                if node[1] is successor:
                    self.node = successor
                    if balance <= self._low + 1:
                        self._ask(now)
                    return True
            elif len(node) == 1:
                self._ask(now)
                return now >= self._lender.answer_by
            node = self.beyond(node)

    def add(self, tokens: int) -> None:
        """Put tokens in, up to the size."""
        node = self.node
        while True:
            successor = [min(self.size, node[0] + tokens)]
            node.append(successor)
            if node[1] is successor:
                self.node = successor
                return
            node = self.beyond(node)

    def wish(self) -> int:
        """Return how many tokens to ask for. Called on the lender's thread only, like the next."""
        node = self.node
        while len(node) > 1:
            node = node[1]
        return int(self.size - node[0] + self.owed)

    def lend(self, tokens: int, not_before: float) -> None:
        """Take what was lent: first it pays back what the lease began with."""
        self.not_before = not_before
        paid = min(tokens, self.owed)
        self.owed -= paid
        if tokens > paid:
            self.add(tokens - paid)

    def _ask(self, now: float) -> None:
        if now >= self.not_before:
            self._lender.want(self, now)


class LeasedCell(Cell):
    """A bucket of this process together with its part of the shared one."""

    __slots__ = ("lease",)

    def __init__(self, own: Cell, lease: Lease) -> None:
        self.node = own.node
        self.lease = lease


class LeasedMeter:
    """Asks the bucket of this process first, then the lease.

    So a process never lets more pass than the limit, whether the others can be asked or not.

    Args:
        own: Decides for this process.
        lender: Refills the leases.
        name: Of the limit; the same in every process.
        size: Of a lease.
        limit, per_s: Of the limit.
    """

    __slots__ = ("_lender", "_limit", "_name", "_own", "_per_s", "_size")

    def __init__(self, own: Meter, lender: Lender, name: str, size: int, limit: int, per_s: float) -> None:
        self._own = own
        self._lender = lender
        self._name = name
        self._size = size
        self._limit = limit
        self._per_s = per_s

    def fresh(self, key: object = None) -> Cell:
        """Return the cell of a bucket that nobody has taken from; each key has a lease of its own."""
        lease = Lease(self._lender, self._name, key, self._size, self._limit, self._per_s)
        return LeasedCell(self._own.fresh(), lease)

    def take(self, cell: Cell, now: float) -> bool:
        """Take one token of each; return whether there was one."""
        if not self._own.take(cell, now):
            return False
        if isinstance(cell, LeasedCell) and cell.lease.take(now):
            return True
        self._own.give(cell, now)
        return False

    def give(self, cell: Cell, now: float) -> None:
        """Give the tokens back that were taken at ``now``."""
        self._own.give(cell, now)
        if isinstance(cell, LeasedCell):
            cell.lease.add(1)
