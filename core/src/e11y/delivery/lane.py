"""A lane: everything that stands between the preparer and one adapter."""

from __future__ import annotations

import random
import threading

from e11y.adapter import Adapter, writing
from e11y.clock import Clock
from e11y.delivery.courier import Courier, DeadLetter, OnFault
from e11y.delivery.lane_queue import LaneQueue
from e11y.delivery.lane_settings import LaneSettings
from e11y.delivery.ledger import LaneLedger
from e11y.delivery.wake import Wake
from e11y.delivery.worker import Worker

_IDLE_S = 60.0
_POLL_S = 0.05


class Lane:
    """Delivers the records of one adapter alone, so that no other adapter is held up.

    Its thread starts with its first record. Where no thread can be started, whoever flushes does the
    thread's work; one driver at a time holds ``_turn``.

    Attributes:
        name: Purpose name of the adapter.
        queue: What waits; the preparer appends to it.
        courier: Forms batches and writes them.
        ledger: What became of the records.
    """

    def __init__(
        self,
        name: str,
        adapter: Adapter,
        settings: LaneSettings,
        clock: Clock,
        chance: random.Random,
        dead_letter: DeadLetter,
        on_fault: OnFault,
        *,
        originals: bool = False,
    ) -> None:
        self.name = name
        self._originals = originals
        self.settings = settings
        self.queue = LaneQueue()
        self.ledger = LaneLedger()
        self.ledger.in_lane = self.in_lane
        self.ledger.bytes_held = self.queue.bytes_held
        self.ledger.breaker = lambda: int(self.courier.breaker.state)
        self.wake = Wake()
        self.worker = Worker(f"e11y-lane-{name}", self._turn_once, self._close_adapter, self.wake, on_fault)
        self._monotonic = clock.monotonic
        self._chance = chance
        self._dead_letter = dead_letter
        self._on_fault = on_fault
        self.reset(adapter)

    def reset(self, adapter: Adapter) -> None:
        """Start over, empty, with ``adapter``. What hot code has bound of the lane stays valid."""
        self.adapter = adapter
        self.queue.clear()
        self.courier = Courier(
            self.name,
            adapter,
            self.settings,
            self.queue,
            self.ledger,
            self._monotonic,
            self._chance,
            self._dead_letter,
            self._on_fault,
            originals=self._originals,
        )
        self._closed = False
        self._turn = threading.Lock()
        self._progress = Wake()
        self.wake.reset()
        self.worker.reset()

    def in_lane(self) -> int:
        """Return how many records wait, are being written or are being given up."""
        return len(self.queue) + self.courier.held()

    def notify(self, added: int) -> None:
        """Note when the last ``added`` records came; wake the thread if they are the first, or complete a batch."""
        self.queue.arrived(added, self._monotonic())
        if not self.worker.start():
            return
        queued = len(self.queue)
        full = queued >= self.courier.most_records or self.queue.bytes_held() >= self.settings.batch_bytes
        if full or queued <= added:
            self.wake.wake()

    def run_once(self, now: float) -> float | None:
        """Make one attempt if one is due; return the seconds until the next is, ``None`` if nothing waits."""
        return self.courier.run_once(now)

    def hurry(self, *, retry: bool = False) -> None:
        """Write what waits without waiting for more; with ``retry`` also what waits for back-off or breaker."""
        self.courier.hurried = True
        if retry:
            self.courier.impatient = True
        self.wake.wake()

    def flush(self, deadline: float) -> int:
        """Wait until everything that is in the lane now is settled; return how many of these records are not."""
        goal = self.ledger.routed + self.ledger.replayed
        self.hurry(retry=True)
        while self.ledger.settled() < goal and not self.worker.is_current:
            left = deadline - self._monotonic()
            if left <= 0:
                break
            self.hurry()
            if self.worker.start():
                self._progress.wait(min(left, _POLL_S))
            else:
                self.drive(deadline)
        return max(0, goal - self.ledger.settled())

    def drive(self, deadline: float) -> bool:
        """Make one step on the calling thread and pause as it says; return whether anything may be left."""
        left = deadline - self._monotonic()
        if left <= 0 or not self._turn.acquire(timeout=left):
            return False
        try:
            pause = self.run_once(self._monotonic())
        finally:
            self._turn.release()
        if pause:
            self.wake.wait(min(pause, _POLL_S))
        return pause is not None

    def begin_close(self, deadline: float) -> None:
        """Let the lane write what it has until ``deadline``, then end. Returns at once."""
        self.courier.deadline = deadline
        self.hurry(retry=True)
        if self.in_lane():
            self.worker.start()

    def close(self, deadline: float) -> int:
        """Wait for the end; what the lane could not write in its time becomes dead letters until ``deadline``.

        Returns:
            How many records were not delivered.
        """
        if self.courier.deadline is None:
            self.begin_close(deadline)
        last = min(self.courier.deadline or deadline, deadline)
        while not self._closed and self._monotonic() < last:
            if self.worker.alive:
                self._progress.wait(min(last - self._monotonic(), _POLL_S))
            elif not self.drive(last):
                self._close_adapter()
        self.worker.stop()
        self.courier.abandon(deadline)
        while self.courier.busy and self.worker.alive and self._monotonic() < deadline:
            self._progress.wait(_POLL_S)
        return self.courier.cut_off.value()

    def _turn_once(self) -> float:
        """One step of the lane's own thread."""
        with self._turn:
            pause = self.run_once(self._monotonic())
        self._progress.wake()
        if pause is None:
            if self.courier.deadline is not None:
                self.worker.stop()
            return _IDLE_S
        return pause

    def _close_adapter(self) -> None:
        if not self._closed:
            writing.deadline = lambda: self.courier.deadline
            try:
                self.adapter.close()
            except Exception as error:  # noqa: BLE001 - a bug of the adapter, reported
                self._on_fault(f"adapter {self.name}", "close", error)
            finally:
                writing.deadline = None
            self._closed = True
        self._progress.wake()
