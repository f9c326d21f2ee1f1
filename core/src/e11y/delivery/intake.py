"""The intake: where callers leave their entries."""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from itertools import islice
from operator import itemgetter
from typing import Any

from e11y.delivery.ledger import Ledger
from e11y.delivery.wake import Wake
from e11y.record import TIME_NS, Entry
from e11y.severity import Severity

SLOT_BYTES = 256
"""The unit that the length of a queue is counted in: what an entry of some short fields takes. One with
long texts is followed by ``None`` once per further slot, so ``len(queue)`` measures bytes, atomically and
without a lock."""

SLOT_TEXT = 128
"""Bytes of text that a slot has room for, beside the entry itself."""

INVALID, DROPPED, REPLAY = -1, -2, -3
"""First elements of items that are no normal entries: ``(INVALID, time_ns, snapshot, event_name,
event_type, severity, ((path, reason), ...))``, ``(DROPPED, reason, entry)``, ``(REPLAY, adapter, record)``."""

LOW, MID, HIGH = range(3)
"""The queues: debug to success, warn, error and fatal."""

_SHARES = (0.8, 0.2, 0.2)
_SOFT = 0.8
_ROOM_SLOTS = 32
_POLL_S = 0.002
_NEVER = object()
_time_of = itemgetter(TIME_NS)


def queue_of(severity: Severity) -> int:
    """Return the index of the queue for events of ``severity``."""
    return max(LOW, min(severity.rank - 2, HIGH))


def further_slots(size: int) -> int:
    """Return how many slots beyond its first an entry takes whose texts hold ``size`` bytes."""
    return (max(0, size - SLOT_TEXT) + SLOT_BYTES - 1) // SLOT_BYTES


class Gate:
    """Tells callers, at the price of comparing two numbers, that there is room.

    Every call has its number anyway: what ``Ledger.tracked.add()`` returned.

    Attributes:
        limit: Highest number that may append unasked: up to it no queue exceeds its soft limit and all
            together fit, each event counted as two slots. A caller with a higher number, or with an event of
            more slots, asks ``pressed``.
    """

    __slots__ = ("limit",)

    def __init__(self) -> None:
        self.limit = -1


class Intake:
    """Three queues by severity, bounded in bytes together.

    Callers append to ``queues[i]`` and, only when the gate is closed or the queue is longer than
    ``soft_limits[i]``, ask ``pressed(i)`` whether their event must be given up. Appending takes no lock,
    so anything may do it.

    Attributes:
        queues: One deque per class of severity.
        limit_slots: Slots that all classes together may fill.
        limits: Slots that each class may fill. The higher ones may go beyond, into what is free.
        soft_limits: Slots from which on the preparer is woken.
        gate: Open as long as nobody has to ask.
        wake: Wakes the preparer.
        block_time_s: Longest that a caller waits for room; 0: it never waits.
        own_threads: Identities of the threads that empty the intake; they never wait.
    """

    def __init__(self, limit_slots: int, ledger: Ledger) -> None:
        self.queues: tuple[deque[Any], deque[Any], deque[Any]] = (deque(), deque(), deque())
        self._bound(limit_slots)
        self.gate = Gate()
        self.wake = Wake()
        self.block_time_s = 0.0
        self.own_threads: set[int] = set()
        self._ledger = ledger
        self.open_gate()

    def resize(self, limit_slots: int) -> None:
        """Let the queues hold so many slots from now on; what is there already stays."""
        if limit_slots != self.limit_slots:
            self._bound(limit_slots)
            self.open_gate()

    def _bound(self, limit_slots: int) -> None:
        self.limit_slots = limit_slots
        self.limits: tuple[int, ...] = tuple(max(1, int(limit_slots * share)) for share in _SHARES)
        self.soft_limits: tuple[int, ...] = tuple(int(limit * _SOFT) for limit in self.limits)

    def pressed(self, queue: int) -> bool:
        """Return whether an event for ``queue`` must be given up now; wake the preparer if there is much to do.

        A class that finds no room takes that of the classes below it: their oldest entries are shed and
        counted, each exactly once.
        """
        if self.open_gate():
            return False
        self.wake.wake()
        if not self._full(queue):
            return False
        if self.block_time_s and self._may_wait():
            until = time.monotonic() + self.block_time_s
            while self._full(queue) and time.monotonic() < until:
                time.sleep(_POLL_S)
                self.wake.wake()
        pressed = self._full(queue) and not self._make_room(queue)
        self.open_gate()
        return pressed

    def open_gate(self) -> bool:
        """Let as many events pass unasked as there is room for; return whether that is any.

        The number is read before the queues: what is appended in between is counted twice, never missed.
        """
        number = self._ledger.tracked.upcoming()
        lengths = [len(queue) for queue in self.queues]
        room = self.limit_slots - sum(lengths)
        for soft_limit, length in zip(self.soft_limits, lengths, strict=True):
            room = min(room, soft_limit - length)
        self.gate.limit = number + max(0, room) // 2
        return room > 0

    def slots(self) -> int:
        """Return how many slots are in use."""
        return sum(map(len, self.queues))

    def entries(self) -> int:
        """Return how many normal entries wait. Counts them one by one: for the ledger, not for hot code."""
        return sum(1 for queue in self.queues for entry in _copy_of(queue) if entry is not None and entry[0] >= 0)

    def drain(self, most_slots: int) -> tuple[list[Entry], list[Entry]]:
        """Take what is there now; return the normal entries in the order of their times, then the other items.

        HIGH is taken first: a debug trail is appended before the error that caused its flush, so
        whoever sees the error finds the trail; and LOW stands before HIGH among equal times.

        Args:
            most_slots: Of LOW no more is taken at once; of the others then only what is not younger.
        """
        low = self.queues[LOW]
        if len(low) > most_slots:
            taken = _take(low, most_slots)
            until = max((item[TIME_NS] for item in taken[-_ROOM_SLOTS:] if item and item[0] >= 0), default=0)
            taken += _take_until(self.queues[MID], until)
            taken += _take_until(self.queues[HIGH], until)
        else:
            high = _take(self.queues[HIGH])
            mid = _take(self.queues[MID])
            taken = _take(low)
            taken += mid
            taken += high
        self.open_gate()
        entries = [entry for entry in taken if entry is not None and entry[0] >= 0]
        others = []
        if len(entries) < len(taken):
            others = [entry for entry in taken if entry is not None and entry[0] < 0]
        entries.sort(key=_time_of)
        return entries, others

    def give_up(self) -> int:
        """Shed everything that is left, because nobody will take it any more; return how many events that were."""
        return sum(self._shed(queue, len(queue)) for queue in self.queues)

    def empty(self) -> None:
        """Forget everything, in place. For forked children: it is their parent's."""
        for queue in self.queues:
            queue.clear()
        self.open_gate()
        self.wake.reset()
        self.own_threads.clear()

    def _full(self, queue: int) -> bool:
        if queue == LOW and len(self.queues[LOW]) >= self.limits[LOW]:
            return True
        return self.slots() >= self.limit_slots

    def _make_room(self, queue: int) -> bool:
        """Return whether all queues together have room, once lower classes gave way."""
        for lower in self.queues[:queue]:
            excess = self.slots() + _ROOM_SLOTS - self.limit_slots
            if excess <= 0:
                break
            self._shed(lower, excess)
        return queue > LOW and self.slots() < self.limit_slots

    def _shed(self, queue: deque[Any], slots: int) -> int:
        """Give up the oldest slots of a queue, counted; return how many events that were."""
        events = 0
        for evicted in _popped(queue, slots):
            if evicted is None:
                continue
            if evicted[0] >= 0:
                self._ledger.shed.add()
                events += 1
            else:
                self._ledger.letters_lost.add()
        return events

    def _may_wait(self) -> bool:
        if threading.get_ident() in self.own_threads:
            return False
        asyncio = sys.modules.get("asyncio")
        if asyncio is None:
            return True
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return True
        return False


def _take(queue: deque[Any], most: int | None = None) -> list[Any]:
    """Pop as many items as the queue has now, or ``most``."""
    taken: list[Any] = []
    try:
        # extend() appends item by item, in C: what was popped stays in the list if the queue runs dry.
        taken.extend(islice(iter(queue.popleft, _NEVER), len(queue) if most is None else most))
    except IndexError:
        return taken  # an evicting caller was faster
    return taken


def _take_until(queue: deque[Any], time_ns: int) -> list[Any]:
    """Pop the items up to the first entry that is younger than ``time_ns``."""
    taken: list[Any] = []
    try:
        while (item := queue[0]) is None or item[0] < 0 or item[TIME_NS] <= time_ns:
            taken.append(queue.popleft())
    except IndexError:
        return taken  # empty, or an evicting caller was faster
    return taken


def _popped(queue: deque[Any], slots: int) -> Iterator[Any]:
    """Pop up to ``slots`` items, oldest first."""
    try:
        for _ in range(slots):
            yield queue.popleft()
    except IndexError:
        return


def _copy_of(queue: deque[Any]) -> tuple[Any, ...]:
    while True:
        try:
            return tuple(queue)
        except RuntimeError:
            continue  # a destructor appended while the copy was made
