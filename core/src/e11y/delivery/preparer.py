"""The preparer: the one thread that turns entries into records."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any

from e11y.clock import Clock, Ids
from e11y.context import TRACE_ID
from e11y.delivery.budget import Budget
from e11y.delivery.intake import HIGH, INVALID, REPLAY, Intake, queue_of
from e11y.delivery.jobs import Jobs
from e11y.delivery.lane import Lane
from e11y.delivery.ledger import Ledger
from e11y.delivery.letters import of_invalid, without_values
from e11y.delivery.records import make_records
from e11y.delivery.trails import Trails
from e11y.delivery.wake import Wake
from e11y.delivery.worker import Worker
from e11y.record import INDEX, SNAPSHOT, Entry, Layout, Record

_CHUNK = 500
_PART_SLOTS = 8_000
"""About 2 MB of entries, 8 MB of records: what is taken from the intake before the lanes are looked at again."""
_BUSY_S = 0.05
_IDLE_S = 0.2
_IDLE_AFTER = 20
_POLL_S = 0.05

_index_of = itemgetter(INDEX)
_held_of = attrgetter("held_bytes")


class _Plan:
    """What the preparer knows about all entries of one layout.

    Attributes:
        appends: What takes each of its records: the trails, where they want it, then one lane after the other.
        plain: Nothing but making the record and handing it on is to be done.
        remember: Takes a record for the trail of its trace, or ``None``.
        way: Equal for those whose records are appended to the same queues, and nothing else; ``None``: more is
            to be done.
    """

    __slots__ = (
        "added_bytes",
        "appends",
        "lanes",
        "layout",
        "plain",
        "queue",
        "records",
        "remember",
        "route_at",
        "way",
    )

    def __init__(self, layout: Layout, lanes: Mapping[str, Lane], trails: Trails | None) -> None:
        self.layout = layout
        self.queue = queue_of(layout.severity)
        self.lanes = tuple(lanes[name] for name in dict.fromkeys(layout.adapters) if name in lanes)
        self.remember = trails.remember if trails is not None and self.queue != HIGH else None
        first: tuple[Callable[[Record], None], ...] = (self.remember,) if self.remember is not None else ()
        self.appends = (*first, *(lane.queue.classes[self.queue].append for lane in self.lanes))
        self.route_at = layout.position("route")
        with_trail = trails is not None and self.queue == HIGH
        self.plain = bool(self.lanes) and not self.route_at and not with_trail
        self.way = (self.queue, *self.lanes) if self.plain and self.remember is None else None
        self.records = 0
        self.added_bytes = 0


class Preparer:
    """Empties the intake: runs deferred filters, encodes, hands records to lanes, runs periodic jobs.

    ``run_once`` may be called from any thread, one at a time; normally its own thread does, about every
    50 ms (200 ms after a second of silence), or at once when the intake fills.
    """

    def __init__(
        self,
        intake: Intake,
        lanes: Mapping[str, Lane],
        layouts: Sequence[Layout],
        ledger: Ledger,
        clock: Clock,
        ids: Ids,
        budget: Budget,
        keep_letter: Callable[[Record, str, str], bool],
        on_fault: Callable[[str, str, BaseException], None],
        resource: Mapping[str, str],
    ) -> None:
        self._intake = intake
        self._lanes = lanes
        self._layouts = layouts
        self._ledger = ledger
        self._clock = clock
        self._ids = ids
        self._budget = budget
        self._keep_letter = keep_letter
        self._on_fault = on_fault
        self._resource = resource
        self._wants_trail = frozenset(lane for lane in lanes.values() if lane.adapter.capabilities.wants_trail)
        self._jobs = Jobs(on_fault)
        self.worker = Worker("e11y-preparer", self._pass, _nothing, intake.wake, on_fault)
        self.reset()

    def reset(self) -> None:
        """Start over, without a thread. For forked children only."""
        self.in_hands = self._driver = 0
        self._begun = self._completed = self._silent = 0
        self._sequence = 0
        self._hasty_until = 0.0
        self._plans: list[_Plan] = []
        self._added: dict[Lane, int] = {}
        self._filters = False
        self._trails = Trails()
        self._turn = threading.Lock()
        self._progress = Wake()
        self.worker.reset()

    def every(self, seconds: float, work: Callable[[], None]) -> None:
        """Run short ``work`` about every ``seconds``, on the preparer's thread. What it raises is reported."""
        self._jobs.add(work, seconds, self._clock.monotonic())

    def start(self) -> bool:
        """Start the thread unless it runs; return whether it runs."""
        return self.worker.start()

    def run_once(self) -> int:
        """Prepare what is in the intake now and run the jobs that are due; return how many entries there were."""
        with self._turn:
            self._driver = threading.get_ident()
            try:
                return self._run_turn()
            finally:
                self._driver = 0
                self._progress.wake()

    def _run_turn(self) -> int:
        self._begun += 1
        now = self._clock.monotonic()
        found = 0
        waiting = self._intake.slots()
        while waiting > 0 and not self._holds():
            waiting -= _PART_SLOTS
            found += self._empty_intake()
        self._jobs.run_due(now)
        self._completed = self._begun
        return found

    def flush(self, deadline: float) -> bool:
        """Wait until what is in the intake now was handed to the lanes; return whether that was in time."""
        if self.worker.is_current or self._driver == threading.get_ident():  # in a signal handler that interrupted it
            return False
        self._hasty_until = deadline
        wanted = self._begun + 1
        while self._completed < wanted:
            left = deadline - self._clock.monotonic()
            if left <= 0:
                return False
            if self.worker.start():
                self._intake.wake.wake()
                self._progress.wait(min(left, _POLL_S))
            else:
                self.run_once()
        return True

    def stop(self, deadline: float) -> bool:
        """Empty the intake for the last time and end the thread; return whether that was in time."""
        in_time = self.flush(deadline)
        self.worker.stop()
        in_time = self.worker.join(deadline - self._clock.monotonic()) and in_time
        if in_time and self._intake.slots():
            self._hasty_until = math.inf
            self.run_once()
        return in_time

    def _pass(self) -> float:
        """One step of the preparer's own thread."""
        self._intake.own_threads.add(threading.get_ident())
        self._silent = 0 if self.run_once() else self._silent + 1
        return _IDLE_S if self._silent > _IDLE_AFTER else _BUSY_S

    # Entries

    def _holds(self) -> bool:
        """Return whether the lanes have enough to do, and nobody waits for a flush."""
        now = self._clock.monotonic()
        return now >= self._hasty_until and self._budget.must_hold(now)

    def _empty_intake(self) -> int:
        """Prepare a part of what is in the intake."""
        entries, others = self._intake.drain(_PART_SLOTS)
        self.in_hands = len(entries)
        layouts = self._layouts
        for index in range(len(self._plans), len(layouts)):
            self._plans.append(_Plan(layouts[index], self._lanes, self._trails if self._wants_trail else None))
            self._filters = self._filters or bool(layouts[index].deferred)
        for start in range(0, len(entries), _CHUNK):
            chunk = entries[start : start + _CHUNK]
            self._prepare(chunk)
            self.in_hands -= len(chunk)
            self._budget.enforce(self._clock.monotonic())
        for item in others:
            try:
                self._handle(item)
            except Exception as error:  # noqa: BLE001 - one bad item must not lose the others
                self._ledger.letters_lost.add()
                self._on_fault("preparer", "dead letter of an event", error)
        return len(entries) + len(others)

    def _prepare(self, chunk: Sequence[Entry]) -> None:
        """Turn entries into records and append these to their lanes; counts and budgets follow once per chunk."""
        self._added.clear()
        filtered = None
        if self._filters:
            chunk, filtered = self._filtered(chunk)
        records = make_records(chunk, self._layouts, self._ids, self._sequence + 1, filtered)
        self._sequence += len(records)
        if not self._append_together(chunk, records):
            self._append_each(chunk, records)
        # Once per lane, for all layouts together: a lane sleeps on unless what it is told of is all that waits.
        for lane, added in self._added.items():
            lane.notify(added)

    def _append_each(self, chunk: Sequence[Entry], records: Sequence[Record]) -> None:
        """Append records one by one, each to its lanes."""
        plans = self._plans
        touched: list[_Plan] = []
        for entry, record in zip(chunk, records, strict=True):
            plan = plans[entry[INDEX]]
            held = record.held_bytes
            if not held or not plan.plain:
                self._prepare_specially(plan, entry, record)
                continue
            for append in plan.appends:
                append(record)
            if not plan.records:
                touched.append(plan)
            plan.records += 1
            plan.added_bytes += held
        for plan in touched:
            self._hand_over(plan.lanes, plan.records, plan.added_bytes)
            plan.records = plan.added_bytes = 0

    def _append_together(self, chunk: Sequence[Entry], records: Sequence[Record]) -> bool:
        """Append the records of a chunk together, in half of the time, if all of them go the same way."""
        plans = self._plans
        ways = {plans[index].way for index in set(map(_index_of, chunk))}
        if len(ways) != 1 or None in ways:
            return False
        held = list(map(_held_of, records))
        if 0 in held:
            return False
        plan = plans[chunk[0][INDEX]]
        for lane in plan.lanes:
            lane.queue.classes[plan.queue].extend(records)
        self._hand_over(plan.lanes, len(records), sum(held))
        return True

    def _hand_over(self, lanes: Sequence[Lane], records: int, added_bytes: int) -> None:
        """Count what was appended to ``lanes``."""
        self._ledger.routed += records
        for lane in lanes:
            lane.ledger.routed += records
            lane.queue.added_bytes += added_bytes
            self._added[lane] = self._added.get(lane, 0) + records

    def _prepare_specially(self, plan: _Plan, entry: Entry, record: Record) -> None:
        """Prepare a record with a route of its own, a trail, or no line yet."""
        lanes = plan.lanes
        if plan.route_at:
            route = entry[plan.route_at] or ()
            lanes = tuple(self._lanes[name] for name in dict.fromkeys(route) if name in self._lanes)
        if not lanes:
            self._ledger.unrouted.add()
            return
        try:
            record.encoded_body()
        except Exception as error:  # noqa: BLE001 - loses its own record only, and that one is counted
            self._unencodable(lanes, entry, record, error)
            return
        held = record.size_bytes
        if plan.queue == HIGH and not self._wants_trail.isdisjoint(lanes):
            record.trail = self._trails.of(record.trace)
            held += sum([earlier.size_bytes for earlier in record.trail])
        record.held_bytes = held
        if plan.remember is not None:
            plan.remember(record)
        for lane in lanes:
            lane.queue.classes[plan.queue].append(record)
        self._hand_over(lanes, 1, held)

    def _filtered(self, chunk: Sequence[Entry]) -> tuple[list[Entry], list[dict[str, Any] | None]]:
        """Run the deferred filters of a chunk; return the entries that may go on, with what their filters left."""
        plans = self._plans
        entries: list[Entry] = []
        payloads: list[dict[str, Any] | None] = []
        for entry in chunk:
            layout = plans[entry[INDEX]].layout
            payload = None
            if layout.deferred:
                try:
                    payload = layout.filtered(entry)
                except Exception as error:  # noqa: BLE001 - fails closed: the record is not delivered
                    self._withhold(entry, layout, error)
                    continue
            entries.append(entry)
            payloads.append(payload)
        return entries, payloads

    def _withhold(self, entry: Entry, layout: Layout, error: Exception) -> None:
        """Deliver nothing of an event whose filters failed; its dead letter holds no values."""
        self._ledger.filter_failed.add()
        self._on_fault("preparer", f"deferred filter of {layout.event_type}", error)
        self._letter(without_values(self._record_of(entry, layout), entry), "filter failed")

    def _record_of(self, entry: Entry, layout: Layout) -> Record:
        trace = entry[SNAPSHOT][TRACE_ID] or self._ids.trace_id()
        return Record(layout, entry, trace, entry[layout.span_at] if layout.span_at else self._ids.span_id())

    def _unencodable(self, lanes: Sequence[Lane], entry: Entry, record: Record, error: Exception) -> None:
        """Give up a record that has no JSON, in each of its lanes."""
        self._on_fault("preparer", f"encoding of {record.event_type}", error)
        letter = without_values(record, entry)
        self._ledger.routed += 1
        for lane in lanes:
            lane.ledger.routed += 1
            lane.courier.give_up(letter, "unencodable", type(error).__name__)

    # Other items

    def _handle(self, item: tuple[Any, ...]) -> None:
        """Keep a dead letter, or hand a replayed record to its lane."""
        if item[0] == INVALID:
            self._letter(of_invalid(item, self._ids, self._resource), "invalid")
        elif item[0] == REPLAY:
            _, name, record = item
            self._replay(self._lanes[name], record)
        else:
            _, reason, entry = item
            self._dropped(reason, entry)

    def _dropped(self, reason: str, entry: Entry) -> None:
        layout = self._plans[entry[INDEX]].layout
        record = self._record_of(entry, layout)
        try:
            record.withhold(layout.filtered(entry))
        except Exception as error:  # noqa: BLE001 - fails closed: the letter shows no values
            self._on_fault("preparer", f"deferred filter of {record.event_type}", error)
            record = without_values(record, entry)
        self._letter(record, reason)

    def _replay(self, lane: Lane, record: Record) -> None:
        lane.ledger.replayed += 1
        self._sequence += 1
        record.sequence = self._sequence
        try:
            record.encoded_body()
            record.held_bytes = record.size_bytes
        except Exception as error:  # noqa: BLE001 - loses its own record only, and that one is counted
            self._on_fault("preparer", f"encoding of {record.event_type}", error)
            lane.courier.give_up(record, "unencodable", type(error).__name__)
            return
        lane.queue.classes[queue_of(record.severity)].append(record)
        lane.queue.added_bytes += record.held_bytes
        lane.notify(1)

    def _letter(self, record: Record, reason: str) -> None:
        """Offer the dead letter of an event that reached no adapter."""
        kept = self._keep_letter(record, "", reason)
        (self._ledger.letters_kept if kept else self._ledger.letters_lost).add()


def _nothing() -> None:
    return None
