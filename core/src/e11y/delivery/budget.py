"""The memory that all lanes together may hold."""

from __future__ import annotations

from collections.abc import Collection

from e11y.delivery.lane import Lane
from e11y.delivery.retrylimit import RetryLimit

_EARLY = 0.8
_OFFERS_PER_S = 500.0


class Budget:
    """Keeps lanes within ``limit_bytes``. The preparer owns it: only it adds to lanes.

    Over the limit the lane that holds most gives up the oldest records of its lowest class of
    severity; each is offered as a dead letter, but not more than 500 a second, so that keeping
    letters never costs the healthy lanes their time.
    """

    def __init__(self, lanes: Collection[Lane], limit_bytes: int, now: float) -> None:
        self.limit_bytes = limit_bytes
        self._lanes = lanes
        self._offers = RetryLimit(_OFFERS_PER_S, now)
        self._held_since: float | None = None
        self._may_hold = any(lane.settings.backpressure == "block" for lane in lanes)

    def bytes_held(self) -> int:
        """Return the memory that the records in all lanes hold."""
        return sum([lane.queue.bytes_held() for lane in self._lanes])

    def enforce(self, now: float) -> None:
        """Shed until the lanes fit; wake them early, before that is needed."""
        held = self.bytes_held()
        if held < self.limit_bytes * _EARLY:
            return
        for lane in self._lanes:
            lane.hurry()
        while held > self.limit_bytes:
            freed = self._shed_one(now)
            if not freed:
                return  # all that is left is in the hands of the lanes
            held -= freed

    def must_hold(self, now: float) -> bool:
        """Return whether preparing should pause, because a full lane asks callers to wait for it.

        Only for as long as that lane's ``max_block_time_s``, once per congestion.
        """
        if not self._may_hold or self.bytes_held() < self.limit_bytes * _EARLY:
            self._held_since = None
            return False
        heaviest = self._heaviest()
        if heaviest is None or heaviest.settings.backpressure != "block":
            return False
        if self._held_since is None:
            self._held_since = now
        return now - self._held_since < heaviest.settings.max_block_time_s

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
