"""The cell in which a meter keeps its state: read and replaced without a lock.

A state stands in a node, a list of one element. To replace it, a thread computes the next state, appends it as
a node of its own and looks at place 1: whoever appended first is there, and has won. The others try again from
the state that won. ``list.append`` is one step of the interpreter, so there is
exactly one winner per state. Nobody ever waits for another thread, which may stand still at any point: a signal
handler or a finaliser that runs in the middle of a replacement simply goes first.

Rejected: a lock, because a handler that runs while its own thread holds it would wait for ever; a counter that
hands out tickets (``itertools.count``), because a refused call would use one up.
"""

from __future__ import annotations

from typing import Any, Protocol

Node = list[Any]
"""``[state]``; once it was replaced ``[state, next node, ...]``. What follows belongs to those who lost."""


class Cell:
    """The latest state of one bucket.

    Attributes:
        node: The newest node that somebody has written here. It may be a little behind the chain, never ahead:
            whoever reads it looks for a successor before saying no.
    """

    __slots__ = ("node",)

    def __init__(self, state: Any) -> None:
        self.node: Node = [state]

    def beyond(self, node: Node) -> Node:
        """Return the node to go on from when ``node`` turned out to be replaced.

        That is the newest one, where others have moved on meanwhile: who walked behind them step by step might
        never catch up.
        """
        if self.node is node:
            self.node = node[1]
        return self.node


class Meter(Protocol):
    """Decides by the state of a cell. Every method may be called from anywhere and never waits.

    ``now`` is seconds on the host's monotonic clock.
    """

    def fresh(self, key: object = None) -> Cell:
        """Return the cell of a bucket that nobody has taken from, for ``key`` when it is one of many."""
        ...

    def take(self, cell: Cell, now: float) -> bool:
        """Take one token; return whether there was one."""
        ...

    def give(self, cell: Cell, now: float) -> None:
        """Give back the token that was taken at ``now``."""
        ...
