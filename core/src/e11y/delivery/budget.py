"""The memory that intake and lanes may hold together."""

from __future__ import annotations

from collections.abc import Collection

from e11y.delivery.intake import SLOT_BYTES, Intake
from e11y.delivery.lane import Lane
from e11y.delivery.retrylimit import RetryLimit

_INTAKE_SHARE = 0.2
_COMFORT = 0.25
_EARLY = 0.8
_OFFERS_PER_S = 500.0
_PATIENCE_S = 0.2


class Budget:
    """Divides ``limit_bytes`` between the intake and the lanes. The preparer owns it: only it adds to lanes.

    A fifth is always the intake's. The rest belongs to whoever needs it: entries that wait for the preparer
    take a quarter of the room that they take as records. So as long as the lanes get on with their work,
    the preparer gives them no more than they can hold in comfort, and a burst waits in the intake.

    Over the limit the lane that holds most gives up the oldest records of its lowest class of
    severity; each is offered as a dead letter, but not more than 500 a second, so that keeping
    letters never costs the healthy lanes their time.

    Args:
        intake: Where callers leave their entries.
        lanes: All lanes.
        limit_bytes: Of intake and lanes together.
        now: Monotonic seconds.
    """

    def __init__(self, intake: Intake, lanes: Collection[Lane], limit_bytes: int, now: float) -> None:
        self.limit_bytes = limit_bytes
        self._intake = intake
        self._lanes = lanes
        self._offers = RetryLimit(_OFFERS_PER_S, now)
        self._held_since: float | None = None
        self._may_block = any(lane.settings.backpressure == "block" for lane in lanes)
        self._progress: dict[str, tuple[int, float]] = {}
        self.divide()

    def bytes_held(self) -> int:
        """Return the memory that the records in all lanes hold."""
        return sum([lane.queue.bytes_held() for lane in self._lanes])

    @property
    def lane_limit_bytes(self) -> int:
        """What the lanes may hold together now."""
        least = int(self.limit_bytes * _INTAKE_SHARE)
        return max(least, self.limit_bytes - max(least, self._intake.slots() * SLOT_BYTES))

    def divide(self) -> None:
        """Let the intake grow into what the lanes leave free."""
        least = int(self.limit_bytes * _INTAKE_SHARE)
        self._intake.resize(max(1, max(least, self.limit_bytes - self.bytes_held()) // SLOT_BYTES))

    def enforce(self, now: float) -> None:
        """Shed until the lanes fit; wake them early, before that is needed."""
        held, limit = self.bytes_held(), self.lane_limit_bytes
        if held >= limit * _EARLY:
            for lane in self._lanes:
                lane.hurry()
        while held > limit:
            freed = self._shed_one(now)
            if not freed:
                break  # all that is left is in the hands of the lanes
            held -= freed
        self.divide()

    def must_hold(self, now: float) -> bool:
        """Return whether preparing should pause, because the lanes have enough to do."""
        held = self.bytes_held()
        if held < self.limit_bytes * _COMFORT:
            self._held_since = None
            return False
        heaviest = self._heaviest()
        if heaviest is None:
            return False
        return self._gets_on(heaviest, now) or self._makes_callers_wait(heaviest, held, now)

    def _gets_on(self, lane: Lane, now: float) -> bool:
        """Return whether the lane delivered lately; one that is stuck must not hold up the others."""
        written = lane.ledger.delivered + lane.ledger.handed_over
        seen, moved_at = self._progress.get(lane.name, (written, -_PATIENCE_S))
        if written != seen:
            moved_at = now
        self._progress[lane.name] = written, moved_at
        return now - moved_at < _PATIENCE_S

    def _makes_callers_wait(self, lane: Lane, held: int, now: float) -> bool:
        """Return whether a full lane asks callers to wait: for ``max_block_time_s``, once per congestion."""
        if not self._may_block or held < self.limit_bytes * (1 - _INTAKE_SHARE) * _EARLY:
            self._held_since = None
            return False
        if lane.settings.backpressure != "block":
            return False
        if self._held_since is None:
            self._held_since = now
        return now - self._held_since < lane.settings.max_block_time_s

    def _shed_one(self, now: float) -> int:
        lane = self._heaviest()
        record = lane.queue.shed() if lane is not None else None
        if lane is None or record is None:
            return 0
        lane.courier.give_up(record, "shed", "the memory limit was reached", offer=not self._offers.take(now))
        return record.held_bytes

    def _heaviest(self) -> Lane | None:
        return max((lane for lane in self._lanes if lane.queue), key=_bytes_held, default=None)


def _bytes_held(lane: Lane) -> int:
    return lane.queue.bytes_held()
