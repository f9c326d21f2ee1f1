"""A batch: records that are written together, until each is settled."""

from __future__ import annotations

from collections.abc import Sequence

from e11y.errors import DeliveryError, Partial, Rejected, Retryable
from e11y.record import Record


class Batch:
    """Records on their way, with what happened to them so far.

    Two batches are equal only if they are the same one: taking a batch out of a queue by identity
    decides who owns it.

    Attributes:
        attempts: How often it was written.
        entered_s: Monotonic time when the last of its records came.
        not_before_s: Monotonic time of the next attempt.
        parted: Holds what a destination refused for now while it took the rest: others may overtake.
    """

    __slots__ = ("attempts", "entered_s", "not_before_s", "parted", "records", "views")

    def __init__(self, records: Sequence[Record], entered_s: float) -> None:
        self.records = tuple(records)
        self.views: tuple[Record, ...] | None = None
        self.attempts = 0
        self.entered_s = entered_s
        self.not_before_s = 0.0
        self.parted = False

    def part(self, records: Sequence[Record]) -> Batch:
        """Return those of its records that were refused for now; their attempts go on being counted."""
        part = Batch(records, self.entered_s)
        part.attempts = self.attempts
        part.parted = True
        return part

    def halves(self) -> tuple[Batch, Batch]:
        """Return both halves, each to be tried on its own."""
        middle = len(self.records) // 2
        return Batch(self.records[:middle], self.entered_s), Batch(self.records[middle:], self.entered_s)


def is_retryable(error: BaseException) -> bool:
    """Return whether the same records may succeed later. ``TimeoutError`` is an ``OSError``."""
    return isinstance(error, (Retryable, OSError))


def is_splittable(error: BaseException) -> bool:
    """Return whether only a part of the batch may be at fault: by the adapter's word, or by its bug."""
    return error.split if isinstance(error, Rejected) else not isinstance(error, Partial)


def retry_after_s(error: BaseException) -> float | None:
    """Return for how long the destination asked to be left alone."""
    return error.retry_after_s if isinstance(error, Retryable) else None


def failures_of(error: Partial, size: int) -> dict[int, DeliveryError]:
    """Return those failures of ``error`` that name a record of the batch."""
    return {index: failure for index, failure in error.failures.items() if 0 <= index < size}
