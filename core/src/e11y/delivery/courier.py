"""The courier: one attempt after the other to get the records of a lane accepted."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence

from e11y.adapter import Adapter, writing
from e11y.delivery.backoff import delay_s
from e11y.delivery.batch import Batch, failures_of, is_retryable, is_splittable, retry_after_s
from e11y.delivery.breaker import Breaker
from e11y.delivery.lane_queue import LaneQueue
from e11y.delivery.lane_settings import LaneSettings
from e11y.delivery.ledger import Counter, LaneLedger
from e11y.delivery.retrylimit import RetryLimit
from e11y.errors import Declined, Partial, Rejected
from e11y.host import Receipt
from e11y.record import Record, original

DeadLetter = Callable[[Record, str, str], bool]
OnFault = Callable[[str, str, BaseException], None]

_MOST_PARTED = 8
_EVERYTHING = 1 << 62


class Courier:
    """Forms batches, writes them, and acts on the adapter's answers.

    One driver at a time calls ``run_once``. A batch stands in ``_work`` while it is written. Whoever
    takes it out of there owns it and settles it: the driver after the write, or ``abandon`` when the
    driver hangs in the adapter. Taking it out is atomic, so nothing is counted twice.

    Attributes:
        deadline: Monotonic time of the end of delivery, once there is one.
        hurried: Do not wait for a batch to fill.
        impatient: Try once at once, whatever back-off and breaker say; a flush was asked for.
        cut_off: Records that could not be delivered before the deadline.
        receipts: ``id`` of a record -> who wants to know what becomes of it. Usually empty.
    """

    def __init__(
        self,
        name: str,
        adapter: Adapter,
        settings: LaneSettings,
        queue: LaneQueue,
        ledger: LaneLedger,
        monotonic: Callable[[], float],
        chance: random.Random,
        dead_letter: DeadLetter,
        on_fault: OnFault,
        *,
        originals: bool = False,
    ) -> None:
        self.name = name
        self._originals = originals
        self.settings = settings
        self.breaker = Breaker(settings)
        self.deadline: float | None = None
        self.hurried = False
        self.impatient = False
        self.cut_off = Counter()
        self.receipts: dict[int, Receipt] = {}
        self.most_records = settings.batch_records if adapter.capabilities.batching else 1
        self._adapter = adapter
        self._queue = queue
        self._ledger = ledger
        self._monotonic = monotonic
        self._chance = chance
        self._dead_letter = dead_letter
        self._on_fault = on_fault
        self._limit = RetryLimit(settings.retries_per_s, monotonic())
        self._work: deque[Batch] = deque()
        self._in_hands = 0
        self._since_s: float | None = None
        self._abandoned = False

    def held(self) -> int:
        """Return how many records are being written, wait for a retry or are being settled."""
        return sum(len(batch.records) for batch in tuple(self._work)) + self._in_hands

    @property
    def busy(self) -> bool:
        """Whether records are being settled right now."""
        return self._in_hands > 0

    def run_once(self, now: float) -> float | None:
        """Make one attempt if one is due; return the seconds until the next is, ``None`` if nothing waits."""
        if self.impatient:
            self.impatient = False
            self.breaker.probe_now()
            for batch in tuple(self._work):
                batch.not_before_s = now
        due, waits = self._due(now)
        if due is None and self._expire_waiting(now):
            return 0.0
        if due is None and self._may_fill():
            due = self._filled(now)
            if due is None and self._since_s is not None:
                waits.append(self._since_s + self.settings.batch_interval_s - now)
        if due is None:
            return self._pause(min(waits), now) if waits else None
        if self._is_expired(due, now):
            if self._claim(due):
                self._give_up(due.records, "expired", self._expiry())
            return 0.0
        wait = self.breaker.wait_s(now)
        if not wait and due.attempts:
            wait = self._limit.take(now)
        if wait:
            return self._pause(wait, now)
        self._attempt(due, now)
        return 0.0

    def give_up(self, record: Record, word: str, detail: str = "", *, offer: bool = True) -> None:
        """Offer a record as a dead letter and count it.

        Args:
            record: No longer held by the lane.
            word: Reason, one of a few, for the ledger.
            detail: What the dead letter's reason says beside it.
            offer: ``False`` when there is no time left to keep it.
        """
        reason = f"{word}: {detail}" if detail else word
        kept = offer and self._dead_letter(self._masked(record), self.name, reason)
        self._tell((record,), reason)
        if kept:
            self._ledger.dead_lettered.add()
        else:
            self._ledger.give_up(word)

    def abandon(self, offer_until: float) -> None:
        """Give up everything that is left; what the driver still does counts no more.

        Args:
            offer_until: Monotonic time until which records are offered as dead letters.
        """
        self._abandoned = True
        self._cut_off(offer_until)

    # What is due

    def _expire_waiting(self, now: float) -> bool:
        """Give up what waited too long for a destination that takes nothing; return whether there was any."""
        if not self._takes_nothing(now):
            return False
        too_old = self._queue.count_older(now, self.settings.give_up_after_s)
        if not too_old:
            return False
        records = self._queue.take(min(too_old, self.settings.batch_records), _EVERYTHING)
        self._in_hands += len(records)
        self._give_up(records, "expired", self._expiry())
        return True

    def _is_expired(self, batch: Batch, now: float) -> bool:
        """Return whether a batch is too old. None is that the destination might take, for all that is known."""
        too_old = now >= batch.entered_s + self.settings.give_up_after_s
        return too_old and (batch.attempts > 0 or self.breaker.forbids(now))

    def _takes_nothing(self, now: float) -> bool:
        """Return whether what waits cannot be tried: for the breaker's sake, or for a batch that failed."""
        return self.breaker.forbids(now) or not self._may_fill()

    def _expiry(self) -> str:
        return f"not accepted for {self.settings.give_up_after_s:g} s"

    def _due(self, now: float) -> tuple[Batch | None, list[float]]:
        """Return a batch to give up or to try, else how long those wait that come first."""
        work = tuple(self._work)
        for batch in work:
            if self._is_expired(batch, now):
                return batch, []
        waits = []
        for batch in work:
            if batch.not_before_s <= now:
                return batch, []
            waits.append(batch.not_before_s - now)
            if not batch.parted:
                break
        return None, waits

    def _may_fill(self) -> bool:
        """Whether new records may overtake what waits for a retry: only what was parted."""
        return len(self._work) < _MOST_PARTED and all(batch.parted for batch in tuple(self._work))

    def _pause(self, wait: float, now: float) -> float:
        """Return how long nothing will be due. If that is beyond the deadline, it is time to give up."""
        entered = [batch.entered_s for batch in tuple(self._work)]
        if entered:
            wait = min(wait, min(entered) + self.settings.give_up_after_s - now)
        if self._queue and self._takes_nothing(now):
            wait = min(wait, self._queue.next_older_s(self.settings.give_up_after_s) - now)
        if self.deadline is not None and now + wait >= self.deadline:
            self._cut_off(offer_until=None)
            return 0.0
        return max(0.0, wait)

    def _filled(self, now: float) -> Batch | None:
        """Return a new batch if enough waits, or something waits for long enough."""
        queue, settings = self._queue, self.settings
        queued = len(queue)
        if not queued:
            self._since_s = None
            self.hurried = False
            return None
        if self._since_s is None:
            self._since_s = now
        # A record is charged with twice the length of its line, and a little more.
        full = queued >= self.most_records or queue.bytes_held() >= 2 * settings.batch_bytes
        in_time = now < self._since_s + settings.batch_interval_s
        if in_time and not full and not self.hurried and self.deadline is None:
            return None
        records = queue.take(self.most_records, 2 * settings.batch_bytes)
        batch = Batch(records, queue.last_taken_s(now))
        self._since_s = now if queue else None
        if batch.records:
            self._keep(batch)
        return batch if batch in self._work else None

    # One attempt

    def _attempt(self, batch: Batch, now: float) -> None:
        if batch.attempts:
            self._ledger.retries += 1
        batch.attempts += 1
        error: Exception | None = None
        writing.deadline = self._get_deadline
        try:
            self._adapter.write_batch(self._views(batch))
        except Exception as raised:  # noqa: BLE001 - raising is an adapter's only way to answer
            error = raised
        finally:
            writing.deadline = None
        if self._claim(batch):
            self._settle(batch, error, self._monotonic())

    def _get_deadline(self) -> float | None:
        return self.deadline

    def _views(self, batch: Batch) -> Sequence[Record]:
        """Return what the adapter may see; the same objects in each attempt."""
        if not self._originals:
            return batch.records
        if batch.views is None:
            batch.views = tuple(original(record) for record in batch.records)
        return batch.views

    def _settle(self, batch: Batch, error: Exception | None, now: float) -> None:
        """Act on the adapter's answer. The batch is ours."""
        if error is None:
            self.breaker.succeeded()
            self._delivered(batch.records)
        elif isinstance(error, Partial):
            self._settle_partial(batch, error, now)
        elif is_retryable(error):
            self.breaker.failed(now)
            self._fault(error)
            self._retry(batch, error, now)
        elif isinstance(error, Declined):  # says nothing about the destination, so the breaker is not told
            self._decline(batch.records, error)
        else:
            if isinstance(error, Rejected):
                self.breaker.succeeded()
            if not is_splittable(error) or len(batch.records) == 1:
                self._fault(error)
            self._refuse(batch, error)

    def _settle_partial(self, batch: Batch, error: Partial, now: float) -> None:
        failures = failures_of(error, len(batch.records))
        later = sorted(index for index, failure in failures.items() if is_retryable(failure))
        if len(later) == len(batch.records):
            self.breaker.failed(now)
        else:
            self.breaker.succeeded()
        told = [failure for failure in failures.values() if not isinstance(failure, Declined)]
        if told or not failures:
            self._fault(next(iter(told), error))
        self._delivered([record for index, record in enumerate(batch.records) if index not in failures])
        for failure, indexes in _by_failure(failures, failures.keys() - set(later)):
            refused = [batch.records[index] for index in indexes]
            if isinstance(failure, Declined):
                self._decline(refused, failure)
            else:
                self._refuse(Batch(refused, batch.entered_s), failure)
        if later:
            part = batch.part([batch.records[index] for index in later])
            longest = max((failures[index] for index in later), key=lambda failure: retry_after_s(failure) or 0.0)
            self._retry(part, longest, now)

    def _refuse(self, batch: Batch, error: BaseException) -> None:
        """Give up what will never be accepted, unless halving it may save a part."""
        if is_splittable(error) and len(batch.records) > 1:
            for half in reversed(batch.halves()):
                self._keep(half)
            self._in_hands -= len(batch.records)
        else:
            self._give_up(batch.records, *_words(error))

    def _retry(self, batch: Batch, error: BaseException, now: float) -> None:
        most = self.settings.max_retries
        if most is not None and batch.attempts > most:
            self._give_up(batch.records, "retries exhausted", f"{batch.attempts} attempts")
            return
        batch.not_before_s = now + delay_s(self.settings, batch.attempts, retry_after_s(error), self._chance)
        self._keep(batch)
        self._in_hands -= len(batch.records)

    def _delivered(self, records: Sequence[Record]) -> None:
        self._tell(records)
        if self._adapter.capabilities.acknowledges:
            self._ledger.delivered += len(records)
        else:
            self._ledger.handed_over += len(records)
        self._queue.removed_bytes += sum([record.held_bytes for record in records])
        self._in_hands -= len(records)

    def _give_up(self, records: Iterable[Record], word: str, detail: str) -> None:
        for record in records:
            self.give_up(record, word, detail)
            self._queue.removed_bytes += record.held_bytes
            self._in_hands -= 1

    def _decline(self, records: Sequence[Record], error: Declined) -> None:
        self._tell(records, error.reason)
        for record in records:
            self._ledger.give_up(error.reason)
            self._queue.removed_bytes += record.held_bytes
        self._in_hands -= len(records)

    def _tell(self, records: Iterable[Record], reason: str = "") -> None:
        """Tell whoever submitted ``records``; before they are counted, so that a flush tells no less."""
        if self.receipts:
            for record in records:
                receipt = self.receipts.pop(id(record), None)
                if receipt is not None:
                    receipt.settle(record, reason)

    def _fault(self, error: BaseException) -> None:
        self._on_fault(f"adapter {self.name}", "write_batch", error)

    def _masked(self, record: Record) -> Record:
        """Return what a dead letter may hold: never an original, and marked if there was one."""
        hidden = self._originals and (record.layout.originals or record.layout.deferred)
        return record.marked("masked") if hidden else record

    # Who owns a batch

    def _keep(self, batch: Batch) -> None:
        """Put a batch (back) among the work; a lane that was abandoned meanwhile cannot take it."""
        if batch.parted:
            self._work.append(batch)
        else:
            self._work.appendleft(batch)
        if self._abandoned:
            self._cut_off(offer_until=None)

    def _claim(self, batch: Batch) -> bool:
        """Take a batch out of the work; return whether it was still there, so that it is ours."""
        self._in_hands += len(batch.records)
        try:
            self._work.remove(batch)
        except ValueError:
            self._in_hands -= len(batch.records)
            return False
        return True

    def _cut_off(self, offer_until: float | None) -> None:
        """Give up everything that is left, because the time is over."""
        while True:
            try:
                records: Sequence[Record] = self._work.popleft().records
            except IndexError:
                records = self._queue.take(self.settings.batch_records, _EVERYTHING)
            if not records:
                return
            for record in records:
                self.cut_off.add()
                in_time = offer_until is None or self._monotonic() < offer_until
                self.give_up(record, "deadline", "the process shut down", offer=in_time)
                self._queue.removed_bytes += record.held_bytes


def _by_failure(
    failures: Mapping[int, BaseException], indexes: Iterable[int]
) -> Iterable[tuple[BaseException, list[int]]]:
    """Return each failure once, with its part of ``indexes`` in order: those that share one were refused together."""
    together: dict[int, tuple[BaseException, list[int]]] = {}
    for index in sorted(indexes):
        failure = failures[index]
        together.setdefault(id(failure), (failure, []))[1].append(index)
    return together.values()


def _words(error: BaseException) -> tuple[str, str]:
    """Return the ledger's word and the detail for a failure that is final."""
    if isinstance(error, Rejected):
        return "rejected", error.reason
    return "adapter failed", type(error).__name__
