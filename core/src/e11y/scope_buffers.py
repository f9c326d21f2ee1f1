"""What all scopes of a runtime share: limits, counters and the way out."""

from __future__ import annotations

from collections.abc import Callable, Container

from e11y.clock import Clock, Ids
from e11y.delivery.ledger import Counter, Ledger
from e11y.host import ScopeReport
from e11y.outcome import Outcome
from e11y.record import INDEX, Entry, Layout
from e11y.scope import Scope

_RELIEF_SLOTS = 64


class ScopeBuffers:
    """The runtime's side of its scopes.

    Args:
        max_bytes, max_records: Of one scope.
        total_bytes: Of all scopes together.
        push: Appends an entry to the intake; gets its layout too.
        resumes: Layout index -> function that takes an entry through zones 4 and 5.
        finished: Tells the plugins about a scope that ended.
        failed: Reports what went wrong at the end of a scope.
        check_process: Called when a scope opens; notices a fork that nobody told us about.
    """

    def __init__(
        self,
        *,
        max_bytes: int,
        max_records: int,
        total_bytes: int,
        flush_on_error: bool,
        flush_on_statuses: Container[int],
        clock: Clock,
        ids: Ids,
        ledger: Ledger,
        layouts: list[Layout],
        push: Callable[[Layout, Entry], Outcome],
        resumes: dict[int, Callable[[Entry], Outcome]],
        finished: Callable[[ScopeReport], None],
        failed: Callable[[BaseException], None],
        check_process: Callable[[], None],
    ) -> None:
        self.slots = max_records
        self.slot_bytes = max(1, max_bytes // max_records)
        self.flush_on_error = flush_on_error
        self.flush_on_statuses = flush_on_statuses
        self.open_scopes: dict[int, Scope] = {}
        self.new_span = ids.span_id
        self.new_trace = ids.trace_id
        self.finished = finished
        self.failed = failed
        self.check_process = check_process
        self.misplaced = Counter()
        self._held = Counter()
        self._released = Counter()
        self.held: Callable[[], object] = self._held.add
        self._total_slots = max(max_records, total_bytes // self.slot_bytes)
        self._monotonic = clock.monotonic
        self._ledger = ledger
        self._layouts = layouts
        self._push = push
        self._resumes = resumes
        self._closed = False

    def now(self) -> int:
        """Return monotonic nanoseconds."""
        return int(self._monotonic() * 1_000_000_000)

    def buffered(self) -> int:
        """Return how many records wait in scopes; the ledger's gauge."""
        return self._held.value() - self._released.value()

    def write(self, entry: Entry) -> Outcome:
        """Take an entry through zones 4 and 5; once the runtime is stopped, only count that it cannot be."""
        if self._closed:
            self._ledger.shed.add()
            return Outcome.SHED
        resume = self._resumes.get(entry[INDEX])
        return self._push(self._layouts[entry[INDEX]], entry) if resume is None else resume(entry)

    def released(self, count: int) -> None:
        """Count records that wait no longer."""
        self._released.add_many(count)

    def discarded(self, count: int) -> None:
        """Count records that a success made superfluous."""
        self._ledger.discarded.add_many(count)

    def evicted(self, count: int) -> None:
        """Count records that the caps pushed out."""
        if count:
            self._ledger.drop_counter("debug_buffer_full").add_many(count)

    def relieve(self) -> None:
        """Evict the oldest records of the fullest scope while all together hold too much."""
        scopes = list(self.open_scopes.values())
        if len(scopes) * self.slots <= self._total_slots:
            return
        used = sum(scope.slots_used() for scope in scopes)
        while used > self._total_slots:
            fullest = max(scopes, key=Scope.slots_used)
            if not fullest.slots_used():
                return
            fullest.evict(_RELIEF_SLOTS)
            used -= _RELIEF_SLOTS

    def close(self) -> None:
        """Let nothing through any more: the runtime has stopped, though scopes of it may be open."""
        self._closed = True

    def misplaced_token(self) -> None:
        """Count an exit in another context than the entry's."""
        self.misplaced.add()

    def forget(self) -> None:
        """Drop every open buffer: in a forked child they are the parent's."""
        for scope in list(self.open_scopes.values()):
            scope.abandon()
        self.open_scopes.clear()
        self._held.reset()
        self._released.reset()
