"""Delivery: everything behind the caller's append, for one runtime."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import attrs

from e11y.adapter import Adapter
from e11y.clock import Clock, Ids
from e11y.delivery.budget import Budget
from e11y.delivery.intake import HIGH, REPLAY, SLOT_BYTES, Intake
from e11y.delivery.lane import Lane
from e11y.delivery.lane_settings import LaneSettings
from e11y.delivery.ledger import Ledger
from e11y.delivery.preparer import Preparer
from e11y.errors import ConfigError, nearest
from e11y.host import Receipt
from e11y.record import Layout, Record

_LETTER_SHARE = 0.2
_LETTER_TIME_S = 1.0


@attrs.frozen
class FlushReport:
    """What a flush or a shutdown achieved.

    Args:
        undelivered: Adapter name -> records that it still holds, or could not deliver before the end.
            Names of adapters that delivered everything are absent.
        seconds: How long it took.
        unprepared: Events that no adapter has got yet, because there was no time to make records of them. After
            a shutdown they are lost, and counted as shed.
    """

    undelivered: Mapping[str, int]
    seconds: float
    unprepared: int = 0


@attrs.frozen
class Pressure:
    """How full everything is."""

    intake_slots: int
    intake_limit: int
    lane_bytes: int
    lane_limit: int


class Delivery:
    """Owns intake, preparer, lanes, ledger of one runtime.

    Deadlines are absolute times of ``clock.monotonic``. All methods may be called from any thread;
    none raises because of a destination.

    Args:
        adapters: Purpose name -> adapter.
        lane_settings: Purpose name -> settings; adapters without any get the defaults.
        layouts: The runtime appends to it; position = ``Layout.index``. A layout must be in it before
            its first entry is in the intake.
        clock: Source of time.
        ids: Source of ids and of chance.
        memory_limit: Bytes that intake and lanes may hold together.
        dead_letter: Keeps a record (record, adapter name or empty, reason); returns whether it is safe.
        on_fault: Told of what was swallowed (source, operation, error).
        resource: Constants of every line, for dead letters of events without a layout.
        originals: Names of the adapters that receive values as they were before zone 2.
    """

    def __init__(
        self,
        *,
        adapters: Mapping[str, Adapter],
        lane_settings: Mapping[str, LaneSettings],
        layouts: list[Layout],
        clock: Clock,
        ids: Ids,
        memory_limit: int,
        dead_letter: Callable[[Record, str, str], bool],
        on_fault: Callable[[str, str, BaseException], None],
        resource: Mapping[str, str],
        originals: Collection[str] = (),
    ) -> None:
        self._monotonic = clock.monotonic
        self._dead_letter = dead_letter
        self._on_fault = on_fault
        self.ledger = Ledger()
        self.intake = Intake(max(1, memory_limit // SLOT_BYTES), self.ledger)
        self.lanes: Mapping[str, Lane] = {
            name: Lane(
                name,
                adapter,
                lane_settings.get(name, LaneSettings()),
                clock,
                ids.random,
                self._keep_letter,
                on_fault,
                originals=name in originals,
            )
            for name, adapter in adapters.items()
        }
        blocking = [lane.settings for lane in self.lanes.values() if lane.settings.backpressure == "block"]
        self.intake.block_time_s = max((settings.max_block_time_s for settings in blocking), default=0.0)
        self._budget = Budget(self.intake, tuple(self.lanes.values()), memory_limit, clock.monotonic())
        self.preparer = Preparer(
            self.intake,
            self.lanes,
            layouts,
            self.ledger,
            clock,
            ids,
            self._budget,
            self._keep_letter,
            on_fault,
            resource,
        )
        self.ledger.in_intake = self._in_intake
        self.ledger.lanes.update({name: lane.ledger for name, lane in self.lanes.items()})

    def start_threads(self) -> None:
        """Start the preparer's thread unless it runs; lanes start theirs with their first record. Cheap."""
        self.preparer.start()

    def every(self, seconds: float, work: Callable[[], None]) -> None:
        """Run short ``work`` about every ``seconds``, on the preparer's thread."""
        self.preparer.every(seconds, work)

    def submit(self, records: Sequence[Record], adapter: str) -> Receipt:
        """Hand replayed records to one adapter.

        Returns:
            How many were taken, from the first on, and what becomes of them; the intake may have no
            room for all.

        Raises:
            ConfigError: No adapter of that name is configured.
        """
        if adapter not in self.lanes:
            raise ConfigError(
                f"adapter {adapter!r} is not configured{nearest(adapter, self.lanes)}",
                where="records to replay",
                fix=f"replay to one of: {', '.join(self.lanes) or '(none is configured)'}",
            )
        receipt = Receipt()
        receipts = self.lanes[adapter].courier.receipts
        for record in records:
            slots = len(record.encoded()) // SLOT_BYTES
            if len(self.intake.queues[HIGH]) + slots >= self.intake.limits[HIGH]:
                break
            receipt.expect(record)
            receipts[id(record)] = receipt
            self.intake.queues[HIGH].extend(((REPLAY, adapter, record), *[None] * slots))
        self.intake.wake.wake()
        return receipt

    def flush(self, deadline: float) -> FlushReport:
        """Deliver what was tracked before the call, as far as ``deadline`` allows."""
        started = self._monotonic()
        unprepared = 0 if self.preparer.flush(deadline) else self._in_intake()
        for lane in self.lanes.values():
            lane.hurry(retry=True)
        self._drive_all(deadline)
        held = {name: lane.flush(deadline) for name, lane in self.lanes.items()}
        return self._report(held, started, unprepared)

    def shutdown(self, deadline: float) -> FlushReport:
        """Deliver everything, end the threads and close the adapters by ``deadline``.

        The last fifth of the time, at most a second, is kept for dead letters. An adapter that hangs is
        left behind on its daemon thread.
        """
        started = self._monotonic()
        last = deadline - min(_LETTER_TIME_S, max(0.0, deadline - started) * _LETTER_SHARE)
        self.preparer.stop(last)
        for lane in self.lanes.values():
            lane.begin_close(last)
        self._drive_all(last)
        lost = {name: lane.close(deadline) for name, lane in self.lanes.items()}
        return self._report(lost, started, self.intake.give_up())

    def drain_inline(self, deadline: float) -> FlushReport:
        """Deliver on the calling thread whatever has no thread of its own; for when none can be started."""
        started = self._monotonic()
        if not self.preparer.worker.alive:
            self.preparer.run_once()
        for lane in self.lanes.values():
            lane.hurry(retry=True)
        self._drive_all(deadline)
        return self._report({name: lane.in_lane() for name, lane in self.lanes.items()}, started)

    def after_fork_in_child(self, adapters: Mapping[str, Adapter] | None = None) -> None:
        """Forget what is the parent's: entries, records, threads, counts. What hot code has bound stays valid.

        Args:
            adapters: The adapters anew, as connections must not be shared; ``None``: the same ones.
        """
        self.intake.empty()
        for name, lane in self.lanes.items():
            lane.reset(lane.adapter if adapters is None else adapters[name])
        self.preparer.reset()
        self.ledger.reset()

    def pressure(self) -> Pressure:
        """Return how full intake and lanes are."""
        return Pressure(
            intake_slots=self.intake.slots(),
            intake_limit=self.intake.limit_slots,
            lane_bytes=self._budget.bytes_held(),
            lane_limit=self._budget.lane_limit_bytes,
        )

    def _drive_all(self, deadline: float) -> None:
        """Take turns with all lanes that have no thread, so that a slow one costs the others least."""
        left = [lane for lane in self.lanes.values() if not lane.worker.alive]
        while left and self._monotonic() < deadline:
            left = [lane for lane in left if lane.drive(deadline)]

    def _in_intake(self) -> int:
        return self.intake.entries() + self.preparer.in_hands

    def _keep_letter(self, record: Record, adapter: str, reason: str) -> bool:
        try:
            return bool(self._dead_letter(record, adapter, reason))
        except Exception as error:  # noqa: BLE001 - then it is not kept, and counted so
            self._on_fault("dead letters", f"keeping a record of {record.name}", error)
            return False

    def _report(self, undelivered: Mapping[str, int], started: float, unprepared: int = 0) -> FlushReport:
        return FlushReport(
            undelivered={name: records for name, records in undelivered.items() if records},
            seconds=self._monotonic() - started,
            unprepared=unprepared,
        )
