"""What waits in a lane for its first attempt."""

from __future__ import annotations

from collections import deque
from itertools import islice

from e11y.record import Record


class LaneQueue:
    """Three queues by class of severity, read as one in the order of ``Record.sequence``.

    The preparer appends and sheds, the driver of the lane takes: each number has one writer, so none
    needs a lock.

    Attributes:
        classes: What waits, lowest class first.
        added_bytes, shed_bytes: Written by the preparer.
        removed_bytes: Written by the driver, once a record is settled.
    """

    __slots__ = ("added_bytes", "classes", "removed_bytes", "shed_bytes")

    def __init__(self) -> None:
        self.classes: tuple[deque[Record], deque[Record], deque[Record]] = (deque(), deque(), deque())
        self.added_bytes = self.shed_bytes = self.removed_bytes = 0

    def __len__(self) -> int:
        low, mid, high = self.classes
        return len(low) + len(mid) + len(high)

    def bytes_held(self) -> int:
        """Return how much memory the records hold, from being appended to being settled."""
        return max(0, self.added_bytes - self.shed_bytes - self.removed_bytes)

    def take(self, most_records: int, most_bytes: int) -> list[Record]:
        """Pop the oldest records: at most ``most_records``, and no more once ``most_bytes`` are reached."""
        low, mid, high = self.classes
        taken: list[Record] = []
        held = 0
        try:
            if not mid and not high and self.bytes_held() <= most_bytes:
                # The usual case, in C: extend() keeps what was popped if the queue runs dry meanwhile.
                taken.extend(islice(iter(low.popleft, None), min(len(low), most_records)))
                return taken
            while len(taken) < most_records and held < most_bytes:
                queue = low if not (mid or high) else min(filter(None, self.classes), key=_oldest)
                record = queue.popleft()
                taken.append(record)
                held += record.held_bytes
        except (IndexError, ValueError):
            return taken  # nothing is left, or the preparer shed it at this moment
        return taken

    def shed(self) -> Record | None:
        """Pop the oldest record of the lowest class that has any. For the preparer."""
        for queue in self.classes:
            try:
                record = queue.popleft()
            except IndexError:
                continue
            self.shed_bytes += record.held_bytes
            return record
        return None

    def clear(self) -> None:
        """Forget everything, in place. For forked children only."""
        for queue in self.classes:
            queue.clear()
        self.added_bytes = self.shed_bytes = self.removed_bytes = 0


def _oldest(queue: deque[Record]) -> int:
    return queue[0].sequence
