"""The sliding window: never more than the limit within any window, wherever it begins."""

from __future__ import annotations

from e11y_ratelimit.cell import Cell

SLICES = 50
"""Parts of a window. A place becomes free again at most one part later than it could."""

_State = tuple[int, int, int, tuple[int, ...]]
"""Number of the present slice, taken in it, taken in the ones before, the same one by one (oldest first)."""


class SlidingWindow:
    """Counts what was taken in the present slice and the ``SLICES`` before it.

    A window that begins anywhere touches at most one slice more than it is long, so this never allows more
    than ``limit`` in any of them. The exact form, which remembers each single time, was rejected: its memory
    grows with the limit, and there is a bucket for each user.

    Args:
        limit: Places.
        per_s: Length of the window in seconds.
        started: Seconds on the clock that ``take`` is given.
    """

    __slots__ = ("_limit", "_pace", "_started")

    def __init__(self, limit: int, per_s: float, started: float) -> None:
        self._limit = limit
        self._pace = SLICES / per_s
        self._started = started

    def fresh(self, key: object = None) -> Cell:
        """Return the cell of an empty window."""
        del key
        return Cell((0, 0, 0, ()))

    def take(self, cell: Cell, now: float) -> bool:
        """Take one place; return whether there was one."""
        slice_now = self._slice(now)
        node = cell.node
        while True:
            at, here, before, older = state = node[0]
            if slice_now > at:
                node.append([_moved(state, slice_now)])
                node = cell.beyond(node)  # whoever won moved on as well
                continue
            if here + before < self._limit:
                successor = [(at, here + 1, before, older)]
                node.append(successor)
                if node[1] is successor:
                    cell.node = successor
                    return True
            elif len(node) == 1:
                return False
            node = cell.beyond(node)

    def give(self, cell: Cell, now: float) -> None:
        """Give back the place that was taken at ``now``."""
        slice_then = self._slice(now)
        node = cell.node
        while True:
            successor = [_without_one(node[0], slice_then)]
            node.append(successor)
            if node[1] is successor:
                cell.node = successor
                return
            node = cell.beyond(node)

    def _slice(self, now: float) -> int:
        return int((now - self._started) * self._pace)


def _moved(state: _State, to: int) -> _State:
    at, here, _, older = state
    gap = to - at
    counts = (*older, here, *(0,) * (gap - 1))[-SLICES:] if gap <= SLICES else ()
    return to, 0, sum(counts), counts


def _without_one(state: _State, slice_then: int) -> _State:
    at, here, before, older = state
    place = slice_then - at + len(older)
    if place >= len(older):  # also when another thread, with a later time, had moved on before the taking
        return at, here - 1, before, older
    if place < 0:
        return state
    return at, here, before - 1, (*older[:place], older[place] - 1, *older[place + 1 :])
