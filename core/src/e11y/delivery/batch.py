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
        first_attempt_s: Monotonic time of the first of them.
        not_before_s: Monotonic time of the next.
        parted: Holds what a destination refused for now while it took the rest: others may overtake.
    """

    __slots__ = ("attempts", "first_attempt_s", "not_before_s", "parted", "records", "views")

    def __init__(self, records: Sequence[Record], parent: Batch | None = None, *, parted: bool = False) -> None:
        self.records = tuple(records)
        self.views: tuple[Record, ...] | None = None
        self.attempts: int = parent.attempts if parted and parent is not None else 0
        self.first_attempt_s: float | None = parent.first_attempt_s if parent is not None else None
        self.not_before_s = 0.0
        self.parted = parted

    def is_expired(self, now: float, give_up_after_s: float) -> bool:
        """Return whether its first attempt is too long ago."""
        return self.first_attempt_s is not None and now >= self.first_attempt_s + give_up_after_s

    def halves(self) -> tuple[Batch, Batch]:
        """Return both halves, each to be tried on its own."""
        middle = len(self.records) // 2
        return Batch(self.records[:middle], self), Batch(self.records[middle:], self)


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
