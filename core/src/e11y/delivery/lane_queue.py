"""What waits in a lane for its first attempt."""

from __future__ import annotations

import math
from collections import deque
from itertools import islice, pairwise

from e11y.record import Record

_GRAIN_S = 0.05
"""Records that come within it count as having come together."""


class LaneQueue:
    """Three queues by class of severity, read as one in the order of ``Record.sequence``.

    The preparer appends and sheds, the driver of the lane takes: each number has one writer, so none
    needs a lock.

    Records are appended first, and ``arrived`` notes it a moment later; until then they count as new.

    Attributes:
        classes: What waits, lowest class first.
        added_bytes, shed_bytes: Written by the preparer.
        removed_bytes: Written by the driver, once a record is settled.
    """

    __slots__ = ("_arrivals", "_came", "_shed", "_taken", "added_bytes", "classes", "removed_bytes", "shed_bytes")

    def __init__(self) -> None:
        self.classes: tuple[deque[Record], deque[Record], deque[Record]] = (deque(), deque(), deque())
        self.added_bytes = self.shed_bytes = self.removed_bytes = 0
        self._came = self._shed = self._taken = 0
        self._arrivals: deque[tuple[int, float]] = deque()

    def __len__(self) -> int:
        low, mid, high = self.classes
        return len(low) + len(mid) + len(high)

    def arrived(self, records: int, now: float) -> None:
        """Note that ``records`` were appended at monotonic time ``now``. For the preparer."""
        if not self._arrivals or now >= self._arrivals[-1][1] + _GRAIN_S:
            self._arrivals.append((self._came, now))
        self._came += records

    def count_older(self, now: float, age_s: float) -> int:
        """Return how many have waited for ``age_s`` seconds, or up to 50 ms longer. For the driver."""
        self._forget_gone()
        end = 0
        for (_, since), (start, _) in pairwise((*tuple(self._arrivals), (self._came, 0.0))):
            if now < since + _GRAIN_S + age_s:
                break
            end = start
        return max(0, end - self._gone())

    def last_taken_s(self, otherwise: float) -> float:
        """Return the monotonic time when the last that was taken came, if that was noted. For the driver."""
        gone = self._gone()
        if gone > self._came:
            return otherwise
        return max((since for start, since in tuple(self._arrivals) if start < gone), default=otherwise)

    def next_older_s(self, age_s: float) -> float:
        """Return the monotonic time when the oldest that waits will have waited for ``age_s``. For the driver."""
        self._forget_gone()
        return self._arrivals[0][1] + _GRAIN_S + age_s if self._gone() < self._came else math.inf

    def _gone(self) -> int:
        """Return how many wait no more. Not what the length leaves over: that counts what is not noted yet."""
        return self._taken + self._shed

    def _forget_gone(self) -> None:
        """Forget when those came that wait no more."""
        arrivals, gone = self._arrivals, self._gone()
        while len(arrivals) > 1 and arrivals[1][0] <= gone:
            arrivals.popleft()

    def bytes_held(self) -> int:
        """Return how much memory the records hold, from being appended to being settled."""
        return max(0, self.added_bytes - self.shed_bytes - self.removed_bytes)

    def take(self, most_records: int, most_bytes: int) -> list[Record]:
        """Pop the oldest records: at most ``most_records``, and no more once ``most_bytes`` are reached."""
        self._forget_gone()
        low, mid, high = self.classes
        taken: list[Record] = []
        held = 0
        try:
            while not mid and not high and held < most_bytes and (room := min(len(low), most_records - len(taken))):
                # The usual case, in C: extend() keeps what was popped if the queue runs dry meanwhile.
                fitting = (most_bytes - held) * len(low) // (self.bytes_held() or 1)
                known = len(taken)
                taken.extend(islice(iter(low.popleft, None), room if room <= fitting else fitting // 2 or 1))
                held += sum([record.held_bytes for record in taken[known:]])
            while len(taken) < most_records and held < most_bytes:
                queue = low if not (mid or high) else min(filter(None, self.classes), key=_oldest)
                record = queue.popleft()
                taken.append(record)
                held += record.held_bytes
        except (IndexError, ValueError):
            pass  # nothing is left, or the preparer shed it at this moment
        self._taken += len(taken)
        return taken

    def shed(self) -> Record | None:
        """Pop the oldest record of the lowest class that has any. For the preparer."""
        for queue in self.classes:
            try:
                record = queue.popleft()
            except IndexError:
                continue
            self.shed_bytes += record.held_bytes
            self._shed += 1
            return record
        return None

    def clear(self) -> None:
        """Forget everything, in place. For forked children only."""
        for queue in self.classes:
            queue.clear()
        self.added_bytes = self.shed_bytes = self.removed_bytes = 0
        self._came = self._shed = self._taken = 0
        self._arrivals.clear()


def _oldest(queue: deque[Record]) -> int:
    return queue[0].sequence
