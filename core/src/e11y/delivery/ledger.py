"""The ledger: proof that no event vanished."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import count, islice

import attrs

from e11y.errors import E11yError


class LedgerError(E11yError):
    """The ledger does not balance although nothing is moving: events vanished or were counted twice."""


class Counter:
    """Counts without a lock: each step is one call into C, which no other thread can interrupt.

    Attributes:
        add: Adds one. It is the bound ``__next__`` of an ``itertools.count``: hot code binds it once,
            and it stays valid for the life of the counter.
    """

    __slots__ = ("_count", "_reading", "_unreal", "add")

    def __init__(self) -> None:
        self._count = count()
        self.add: Callable[[], int] = self._count.__next__
        self._unreal = 0
        self._reading = threading.RLock()

    def add_many(self, amount: int) -> None:
        """Add ``amount`` at once."""
        deque(islice(self._count, amount), maxlen=0)

    def upcoming(self) -> int:
        """Return what ``add`` will return next, without adding. Takes no lock, so anything may ask."""
        return int(repr(self._count)[len("count(") : -1])

    def value(self) -> int:
        """Return the count. Reading consumes a step, which the next reading takes off again."""
        with self._reading:
            seen = self.add()
            real = seen - self._unreal
            self._unreal += 1
            return real

    def reset(self) -> None:
        """Start again from zero, with the same ``add``. For forked children only."""
        self._reading = threading.RLock()
        self._unreal = self.add() + 1


class LaneLedger:
    """What became of the records of one lane.

    ``routed`` and ``replayed`` are written by the preparer only, ``delivered`` and ``handed_over`` by
    whoever drives the lane; the rest may be counted by either, and by the thread that shuts down.

    Attributes:
        in_lane: Returns how many records wait or are under way.
        bytes_held: Returns how much memory they hold.
        breaker: Returns 0 (closed), 1 (half-open) or 2 (open).
    """

    def __init__(self) -> None:
        self.routed = 0
        self.replayed = 0
        self.delivered = 0
        self.handed_over = 0
        self.retries = 0
        self.dead_lettered = Counter()
        self.given_up: dict[str, Counter] = {}
        self.in_lane: Callable[[], int] = _nothing
        self.bytes_held: Callable[[], int] = _nothing
        self.breaker: Callable[[], int] = _nothing

    def give_up(self, reason: str) -> None:
        """Count one record that is lost for ``reason`` (one of a few fixed words)."""
        counter_of(self.given_up, reason).add()

    def settled(self) -> int:
        """Return how many records left the lane, whichever way."""
        lost = sum(counter.value() for counter in list(self.given_up.values()))
        return self.delivered + self.handed_over + self.dead_lettered.value() + lost

    def snapshot(self) -> LaneSnapshot:
        return LaneSnapshot(
            routed=self.routed,
            replayed=self.replayed,
            delivered=self.delivered,
            handed_over=self.handed_over,
            dead_lettered=self.dead_lettered.value(),
            given_up=values_of(self.given_up),
            in_lane=self.in_lane(),
            bytes_held=self.bytes_held(),
            retries=self.retries,
            breaker=self.breaker(),
        )

    def reset(self) -> None:
        """Start again from zero. For forked children only."""
        self.routed = self.replayed = self.delivered = self.handed_over = self.retries = 0
        self.dead_lettered.reset()
        self.given_up.clear()


@attrs.frozen
class LaneSnapshot:
    """One reading of a lane: ``routed + replayed`` equals the sum down to ``in_lane``.

    Args:
        routed: Records that entered the lane.
        replayed: Dead letters that entered it once more.
        delivered: The destination acknowledged them.
        handed_over: Went to a destination that cannot acknowledge.
        dead_lettered: A plugin keeps them, to be replayed.
        given_up: Reason -> records that are lost.
        in_lane: Wait, or are being written.
        bytes_held: Memory of the records in the lane.
        retries: Attempts after the first.
        breaker: 0 closed, 1 half-open, 2 open.
    """

    routed: int
    replayed: int
    delivered: int
    handed_over: int
    dead_lettered: int
    given_up: Mapping[str, int]
    in_lane: int
    bytes_held: int
    retries: int
    breaker: int

    @property
    def difference(self) -> int:
        """Records that entered and are not accounted for. Zero unless something is moving."""
        entered = self.routed + self.replayed
        left = self.delivered + self.handed_over + self.dead_lettered + sum(self.given_up.values())
        return entered - left - self.in_lane


@attrs.frozen
class LedgerSnapshot:
    """One reading of the ledger: ``tracked`` equals the sum of everything down to ``routed``.

    Args:
        tracked: Calls of ``track()``.
        invalid: The fields did not fit the event type.
        disabled: The library was switched off, could not start, or had stopped.
        filter_failed: A security step failed, and the event was withheld rather than delivered in clear.
        dropped: Reason -> events that a sampler, a limit or a full debug buffer gave up.
        discarded: Debug events of scopes that succeeded.
        buffered: Debug events that wait for the end of their scope.
        unrouted: No adapter was meant to receive them.
        shed: Given up at the memory limit, before they became records.
        in_intake: Wait for the preparer, or are in its hands.
        routed: Became records, and entered at least one lane.
        letters_kept: Dead letters of events that reached no lane; counted above already, like the next.
        letters_lost: Such letters that nobody kept.
        lanes: Purpose name of the adapter -> reading of its lane.
        plugins: ``<plugin>.<name>`` -> what plugins count for themselves.
    """

    tracked: int
    invalid: int
    disabled: int
    filter_failed: int
    dropped: Mapping[str, int]
    discarded: int
    buffered: int
    unrouted: int
    shed: int
    in_intake: int
    routed: int
    letters_kept: int
    letters_lost: int
    lanes: Mapping[str, LaneSnapshot]
    plugins: Mapping[str, int]

    @property
    def difference(self) -> int:
        """Events that were tracked and are not accounted for. Zero unless something is moving."""
        refused = self.invalid + self.disabled + self.filter_failed + sum(self.dropped.values())
        ended = self.discarded + self.unrouted + self.shed + self.routed
        return self.tracked - refused - ended - self.buffered - self.in_intake

    @property
    def imbalances(self) -> Mapping[str, int]:
        """Equation -> how much its left side is larger. Empty when everything balances."""
        found = {f"lane {name!r}": lane.difference for name, lane in self.lanes.items()}
        return {name: off for name, off in {"events": self.difference, **found}.items() if off}

    def __str__(self) -> str:
        """A compact table: what is zero and may be zero is left out."""
        lines = [_row("events", "tracked", self.tracked, self._parts())]
        for name, lane in self.lanes.items():
            lines.append(_row(name, "routed", lane.routed, _lane_parts(lane)))
        for name, off in self.imbalances.items():
            lines.append(f"  {name}: {off:+,} not accounted for")
        return "\n".join(lines)

    def _parts(self) -> Iterator[tuple[str, int]]:
        yield "routed", self.routed
        for name in ("invalid", "disabled", "filter_failed"):
            yield name.replace("_", " "), getattr(self, name)
        for reason, amount in self.dropped.items():
            yield f"dropped ({reason})", amount
        for name in ("discarded", "unrouted", "shed", "buffered", "in_intake"):
            yield name.replace("_", " "), getattr(self, name)


def _lane_parts(lane: LaneSnapshot) -> Iterator[tuple[str, int]]:
    yield "replayed", -lane.replayed
    yield "delivered", lane.delivered
    yield "handed over", lane.handed_over
    yield "dead-lettered", lane.dead_lettered
    for reason, amount in lane.given_up.items():
        yield f"given up ({reason})", amount
    yield "in lane", lane.in_lane


_WIDTH = 100


def _row(name: str, total_name: str, total: int, parts: Iterator[tuple[str, int]]) -> str:
    """Return one equation; its right side goes on in further lines where it is long."""
    head = f"  {name:<12} {total:>12,} {total_name:<8} ="
    lines = [head]
    first = True
    for part, amount in parts:
        if not amount:
            continue
        sign = "-" if amount < 0 else "" if first else "+"
        shown = f" {sign} {abs(amount):,} {part}" if sign else f" {amount:,} {part}"
        first = False
        if len(lines[-1]) + len(shown) > _WIDTH:
            lines.append(" " * len(head))
        lines[-1] += shown
    return "\n".join(lines) if not first else head + " 0"


class Ledger:
    """Counts every event exactly once.

    The caller's side are ``Counter`` objects; ``routed`` is written by the preparer only; what waits
    elsewhere is asked for when the ledger is read (``buffered``, ``in_intake``). All methods may be
    called from any thread.
    """

    def __init__(self) -> None:
        self.tracked = Counter()
        self.invalid = Counter()
        self.disabled = Counter()
        self.filter_failed = Counter()
        self.discarded = Counter()
        self.unrouted = Counter()
        self.shed = Counter()
        self.letters_kept = Counter()
        self.letters_lost = Counter()
        self.dropped: dict[str, Counter] = {}
        self.plugins: dict[str, Counter] = {}
        self.lanes: dict[str, LaneLedger] = {}
        self.routed = 0
        self.buffered: Callable[[], int] = _nothing
        self.in_intake: Callable[[], int] = _nothing

    def drop_counter(self, reason: str) -> Counter:
        """Return the counter of events that a sampler dropped for ``reason``; the same one each time."""
        return counter_of(self.dropped, reason)

    def plugin_counter(self, name: str) -> Counter:
        """Return the counter ``<plugin>.<name>`` of a plugin; the same one each time."""
        return counter_of(self.plugins, name)

    def snapshot(self) -> LedgerSnapshot:
        """Return one reading. While events move, it may be off by those that are between two counts.

        A call of a disabled library counts once, on the cheap: it is added to ``tracked`` here.
        """
        disabled = self.disabled.value()
        return LedgerSnapshot(
            tracked=self.tracked.value() + disabled,
            invalid=self.invalid.value(),
            disabled=disabled,
            filter_failed=self.filter_failed.value(),
            dropped=values_of(self.dropped),
            discarded=self.discarded.value(),
            buffered=self.buffered(),
            unrouted=self.unrouted.value(),
            shed=self.shed.value(),
            in_intake=self.in_intake(),
            routed=self.routed,
            letters_kept=self.letters_kept.value(),
            letters_lost=self.letters_lost.value(),
            lanes={name: lane.snapshot() for name, lane in list(self.lanes.items())},
            plugins=values_of(self.plugins),
        )

    def __str__(self) -> str:
        """The present reading as a compact table."""
        return str(self.snapshot())

    def check(self, *, quiet_s: float = 0.1, patience_s: float = 1.0) -> LedgerSnapshot:
        """Return a reading that balances.

        Args:
            quiet_s: The same reading for so long means that nothing is moving.
            patience_s: Events that keep moving are waited for this long; then the last reading is
                returned, and its ``imbalances`` tell what was between two counts.

        Raises:
            LedgerError: Nothing is moving and an equation is off.
        """
        started = time.monotonic()
        last, since = self.snapshot(), started
        while last.imbalances:
            time.sleep(0.002)
            now = time.monotonic()
            seen = self.snapshot()
            if seen != last:
                last, since = seen, now
            elif now - since >= quiet_s:
                raise _unbalanced(last)
            if now - started >= patience_s:
                break
        return last

    def reset(self) -> None:
        """Start again from zero; counters that hot code has bound stay valid. For forked children only."""
        for value in vars(self).values():
            if isinstance(value, Counter):
                value.reset()
        for counter in [*self.dropped.values(), *self.plugins.values()]:
            counter.reset()
        for lane in self.lanes.values():
            lane.reset()
        self.routed = 0


_MOST_NAMES = 100


def counter_of(counters: dict[str, Counter], name: str) -> Counter:
    """Return the counter of ``name``, made at first use. Safe from any thread: ``setdefault`` is atomic.

    Names should be a few fixed words. Whoever makes one per event is counted under ``other`` from the hundredth on.
    """
    found = counters.get(name)
    if found is not None:
        return found
    return counters.setdefault(name if len(counters) < _MOST_NAMES else "other", Counter())


def values_of(counters: Mapping[str, Counter]) -> dict[str, int]:
    """Return the counts by name."""
    return {name: counter.value() for name, counter in list(counters.items())}


def _nothing() -> int:
    return 0


def _unbalanced(snapshot: LedgerSnapshot) -> LedgerError:
    found = "; ".join(f"{name} {off:+d}" for name, off in snapshot.imbalances.items())
    return LedgerError(
        f"the ledger does not balance: {found}",
        where="tracked = refused + dropped + discarded + buffered + unrouted + shed + in intake + routed",
        fix="report it with the printed ledger: a positive number vanished, a negative one was counted twice",
    )
