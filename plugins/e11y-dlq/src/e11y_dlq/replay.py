"""A replay: letters go to the adapter that failed, and leave once it acknowledged them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

import attrs
from attrs.validators import gt, optional

from e11y import Receipt, Record
from e11y_dlq.letter import StoredRecord, record_of
from e11y_dlq.segment import Segment, Stored
from e11y_dlq.selection import ALL, Selection
from e11y_dlq.transform import Transform, transformed

Submit = Callable[[Sequence[Record], str], Receipt]

_MOST_RECORDS: Final = 500
_MOST_BYTES: Final = 1 << 20
_LOOK_S: Final = 0.5
_GRACE_S: Final = 2.0
_PATIENCE_S: Final = 5.0
_DOWN: Final = frozenset({"expired", "retries exhausted", "deadline", "shed"})
"""First words of reasons that say something about the destination, and nothing about the record."""


@attrs.define
class ReplayReport:
    """How far a replay is, or how it ended. ``selected = delivered + failed + skipped``, once it ended.

    Args:
        selected: Letters that are meant.
        delivered: Acknowledged, and gone from the dead letters. In a rehearsal: would be sent.
        failed: Given up once more. They stay where they were.
        skipped: Why -> letters that were not sent.
        to: Purpose name of the adapter -> letters it acknowledged.
        again: First word of the reason -> letters that failed again.
    """

    selected: int = 0
    delivered: int = 0
    failed: int = 0
    skipped: Counter[str] = attrs.field(factory=Counter)
    to: Counter[str] = attrs.field(factory=Counter)
    again: Counter[str] = attrs.field(factory=Counter)


@attrs.frozen(kw_only=True)
class Plan:
    """What is to be replayed, and how.

    Args:
        selection: Which letters.
        to: Adapter to send all of them to; ``None``: each to the one that failed.
        rate: Most letters a second; ``None``: as fast as the adapter takes them.
        transform: Changes or holds back a letter.
        on_progress: Called with the report whenever it changed, and about twice a second.
    """

    selection: Selection = ALL
    to: str | None = None
    rate: float | None = attrs.field(default=None, validator=optional(gt(0)))
    transform: Transform | None = None
    on_progress: Callable[[ReplayReport], None] = attrs.field(default=lambda _: None)


class _Chunk:
    """Letters of one segment that go to one adapter together.

    Attributes:
        records: What is sent.
        kept: ``id`` of a record -> where its letter is kept.
        bytes: Of their lines.
    """

    def __init__(self) -> None:
        self.records: list[StoredRecord] = []
        self.kept: dict[int, Stored] = {}
        self.bytes = 0

    def add(self, stored: Stored, record: StoredRecord) -> None:
        self.records.append(record)
        self.kept[id(record)] = stored
        self.bytes += len(stored.line)


class Replay:
    """Sends chunk after chunk; a chunk is settled before the next begins.

    Whoever kills it finds every letter again that was not acknowledged, and at most one chunk that was.

    Args:
        plan: What and how.
        adapters: Names of those that are configured.
        submit: Hands records to one of them; ``None``: this is a rehearsal.
        time_ns, monotonic, pause: Time.
    """

    def __init__(
        self,
        plan: Plan,
        adapters: Collection[str],
        submit: Submit | None,
        *,
        time_ns: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.report = ReplayReport()
        self._plan = plan
        self._adapters = adapters
        self._submit = submit
        self._time_ns = time_ns
        self._monotonic = monotonic
        self._pause = pause
        self._down: set[str] = set()
        self._due_s = monotonic()
        self._most = _MOST_RECORDS if plan.rate is None else max(1, min(_MOST_RECORDS, int(plan.rate / 4)))

    def run(self, segments: Iterable[Segment]) -> ReplayReport:
        """Replay what is meant in ``segments``, one after the other.

        Raises:
            E11yError: The transformation raised, or returned something else than a letter.
        """
        for segment in segments:
            chunks: dict[str, _Chunk] = {}
            for stored in segment.read():
                if not self._plan.selection.fits(stored.letter):
                    continue
                self.report.selected += 1
                adapter, record = self._addressed(stored)
                if record is None:
                    self.report.skipped[adapter] += 1
                    continue
                chunk = chunks.setdefault(adapter, _Chunk())
                chunk.add(stored, record)
                if len(chunk.records) >= self._most or chunk.bytes >= _MOST_BYTES:
                    self._send(segment, adapter, chunks.pop(adapter))
            for adapter, chunk in chunks.items():
                self._send(segment, adapter, chunk)
        return self.report

    def _addressed(self, stored: Stored) -> tuple[str, StoredRecord | None]:
        """Return where a letter goes and as what; or why it does not, and ``None``."""
        letter, transform = stored.letter, self._plan.transform
        if letter.is_withheld:
            return "holds no values", None
        changed = letter if transform is None else transformed(letter, transform)
        if changed is None:
            return "held back by the transformation", None
        adapter = changed.adapter if self._plan.to is None else self._plan.to
        if not adapter:
            return "reached no adapter: name one to send it to", None
        if adapter not in self._adapters:
            return f"adapter {adapter!r} is not configured", None
        return adapter, record_of(changed, stored.line if changed is letter else None)

    def _send(self, segment: Segment, adapter: str, chunk: _Chunk) -> None:
        """Send a chunk and wait until each of its letters is settled."""
        if self._submit is None:
            self._count_delivered(adapter, len(chunk.records))
            return
        left: Sequence[Record] = chunk.records
        refused_since: float | None = None
        while left and adapter not in self._down:
            self._keep_pace()
            receipt = self._submit(left, adapter)
            try:
                while not receipt.wait(_LOOK_S):
                    self._plan.on_progress(self.report)
            except BaseException:
                receipt.wait(_GRACE_S)
                raise
            finally:
                self._settle(segment, adapter, receipt, chunk.kept)
            left = left[receipt.taken :]
            now = self._monotonic()
            if receipt.taken:
                refused_since = None
            elif refused_since is None:
                refused_since = now
            elif now - refused_since >= _PATIENCE_S:
                self.report.skipped["too large to be taken"] += 1
                left, refused_since = left[1:], None
            if left and not receipt.taken:
                self._pause(_LOOK_S / 10)
        if left:
            self.report.skipped[f"adapter {adapter!r} does not take anything now"] += len(left)
        self._plan.on_progress(self.report)

    def _settle(self, segment: Segment, adapter: str, receipt: Receipt, kept: dict[int, Stored]) -> None:
        """Write down what became of the letters of a receipt: on the disk first."""
        delivered, failed = receipt.delivered, receipt.failed
        if delivered:
            segment.remove(kept[id(record)] for record in delivered)
            self._count_delivered(adapter, len(delivered))
        for record, reason in failed:
            segment.note_failure(kept[id(record)], self._time_ns(), reason)
            self.report.failed += 1
            self.report.again[reason.partition(":")[0]] += 1
        if failed and not delivered and all(reason.partition(":")[0] in _DOWN for _, reason in failed):
            self._down.add(adapter)
        if self._plan.rate is not None:
            self._due_s += receipt.taken / self._plan.rate

    def _count_delivered(self, adapter: str, number: int) -> None:
        self.report.delivered += number
        self.report.to[adapter] += number

    def _keep_pace(self) -> None:
        now = self._monotonic()
        if self._due_s > now:
            self._pause(self._due_s - now)
        else:
            self._due_s = now
