"""The dead letters of an application: looked at, counted, replayed and purged, from any process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import attrs

from e11y import ConfigError
from e11y_dlq.folder import Folder, begun_ns
from e11y_dlq.letter import Letter
from e11y_dlq.replay import Plan, Replay, ReplayReport
from e11y_dlq.segment import SUFFIX, Segment, Unread
from e11y_dlq.selection import ALL, Selection
from e11y_dlq.storage import Storage
from e11y_dlq.transform import Transform

if TYPE_CHECKING:
    from e11y import Runtime

_FETCHED: Final = "fetched"


def _nothing(report: ReplayReport) -> None:
    del report


@attrs.frozen
class Stats:
    """How many letters there are, and of what kind.

    Args:
        letters: Those that are meant.
        bytes: Of all files and objects, whatever is meant.
        segments: Files, and objects in the storage, whatever is meant.
        oldest_ns, newest_ns: When the first and the last of them were given up; ``None`` without any.
        by_adapter, by_reason, by_event: Purpose name, first word of the reason, delivered name -> letters.
        replayable: Those that hold values.
        damaged: Lines that are no letters.
        foreign: Letters of a format that this version does not know.
    """

    letters: int
    bytes: int
    segments: int
    oldest_ns: int | None
    newest_ns: int | None
    by_adapter: Mapping[str, int]
    by_reason: Mapping[str, int]
    by_event: Mapping[str, int]
    replayable: int
    damaged: int
    foreign: int


class DeadLetters:
    """What the plugin keeps, in its folder and in its storage.

    Processes that track events may append meanwhile; replays and purges exclude each other. With a storage, everything
    that reads raises ``StorageFailed`` while it cannot be used.

    Args:
        directory: The folder.
        storage: Where finished segments are moved; ``None``: nowhere.
        patience_s: How long a replay or purge waits for another one, or for housekeeping, to end.
    """

    def __init__(self, directory: str | Path, storage: Storage | None = None, *, patience_s: float = 5.0) -> None:
        self.folder = Folder(Path(directory))
        self.storage = storage
        self.patience_s = patience_s

    def __iter__(self) -> Iterator[Letter]:
        """Yield all letters, oldest segment first."""
        return self.find()

    def find(self, selection: Selection = ALL, unread: Unread | None = None) -> Iterator[Letter]:
        """Yield the letters that are meant, oldest segment first.

        Args:
            selection: Which.
            unread: Is told what could not be read.
        """
        for segment in self._readable():
            for stored in segment.read(unread):
                if selection.fits(stored.letter):
                    yield stored.letter

    def get(self, letter_id: str) -> Letter | None:
        """Return the letter of an id, ``None`` when there is none (any more)."""
        name = letter_id.partition(":")[0]
        found = (stored.letter for segment in self._readable() if segment.name == name for stored in segment.read())
        return next((letter for letter in found if letter.id == letter_id), None)

    def stats(self, selection: Selection = ALL) -> Stats:
        """Count the letters that are meant.

        Args:
            selection: Which.
        """
        adapters, reasons, events = Counter[str](), Counter[str](), Counter[str]()
        unread = Unread()
        oldest: int | None = None
        newest: int | None = None
        size = segments = replayable = 0
        for segment in self._readable():
            segments += 1
            size += segment.size_bytes()
            for stored in segment.read(unread):
                letter = stored.letter
                if not selection.fits(letter):
                    continue
                oldest = letter.failed_ns if oldest is None else min(oldest, letter.failed_ns)
                newest = letter.failed_ns if newest is None else max(newest, letter.failed_ns)
                replayable += not letter.is_withheld
                adapters[letter.adapter] += 1
                reasons[letter.word] += 1
                events[letter.name] += 1
        return Stats(
            letters=events.total(),
            bytes=size,
            segments=segments,
            oldest_ns=oldest,
            newest_ns=newest,
            by_adapter=adapters,
            by_reason=reasons,
            by_event=events,
            replayable=replayable,
            damaged=unread.damaged,
            foreign=unread.foreign,
        )

    def replay(
        self,
        runtime: Runtime,
        selection: Selection = ALL,
        *,
        to: str | None = None,
        rate: float | None = None,
        transform: Transform | None = None,
        on_progress: Callable[[ReplayReport], None] = _nothing,
    ) -> ReplayReport:
        """Send letters once more, each to the adapter that failed and to no other.

        Nothing of them changes: time, ids, name, signature and every byte are what they were to be. They
        pass no filter, sampler or limit. A letter leaves when its adapter acknowledged it; one that fails
        again stays where it is. What is withheld, or has no adapter, is skipped and counted.

        Args:
            runtime: Started; its adapters are used.
            selection: Which letters.
            to: Send all of them to this adapter instead.
            rate: Most letters a second.
            transform: Is given each letter and returns the one to send, or ``None`` to leave it.
            on_progress: Called with the report so far.

        Raises:
            Busy: Another replay or purge is under way.
            ConfigError: The runtime takes nothing.
            E11yError: ``transform`` raised, or returned what cannot be sent. What was delivered before stays so.
        """
        if runtime.is_idle:
            raise ConfigError(
                "a runtime that is disabled or was shut down delivers nothing",
                where="DeadLetters.replay",
                fix="start one with  e11y.start()  and without  enabled = false",
            )
        plan = Plan(selection=selection, to=to, rate=rate, transform=transform, on_progress=on_progress)
        clock = runtime.clock
        replay = Replay(plan, runtime.adapters, runtime.submit, time_ns=clock.time_ns, monotonic=clock.monotonic)
        with self.folder.held(self.patience_s), closing(self._changeable()) as segments:
            return replay.run(segments)

    def rehearse(
        self,
        adapters: Collection[str],
        selection: Selection = ALL,
        *,
        to: str | None = None,
        transform: Transform | None = None,
    ) -> ReplayReport:
        """Return how a replay would end if all went well. Nothing is sent, nothing changes.

        Args:
            adapters: Names of the adapters that there would be.
            selection: Which letters.
            to: Adapter to send all of them to.
            transform: Is given each letter and returns the one to send, or ``None``.
        """
        plan = Plan(selection=selection, to=to, transform=transform)
        return Replay(plan, adapters, None).run(self._readable())

    def purge(self, selection: Selection = ALL) -> int:
        """Delete letters; return how many. They are overwritten, so nothing of them is left in the files.

        Raises:
            Busy: A replay or another purge is under way.
        """
        purged = 0
        with self.folder.held(self.patience_s), closing(self._changeable()) as segments:
            for segment in segments:
                gone = [stored for stored in segment.read() if selection.fits(stored.letter)]
                if gone:
                    segment.remove(gone)
                    purged += len(gone)
        return purged

    def tidy(self, now_ns: int, max_age_s: float, segment_age_s: float) -> int:
        """Delete what is too old and move finished segments to the storage. For whoever writes letters.

        Args:
            now_ns: Time.
            max_age_s: How old letters may become.
            segment_age_s: How long a segment is written to at most.

        Returns:
            How many letters were deleted.

        Raises:
            Busy: A replay or purge is under way.
            StorageFailed: The segments stay here.
        """
        expired = 0
        with self.folder.held():
            for segment in self.folder.segments():
                if segment.is_in_use():
                    continue
                begun = begun_ns(segment)
                if begun is not None and now_ns - begun > (max_age_s + segment_age_s) * 1e9:
                    expired += sum(1 for _ in segment.read())
                    segment.path.unlink(missing_ok=True)
                elif self.storage is not None and not segment.delete_if_empty():
                    self.storage.upload(segment.path)
                    segment.path.unlink()
        return expired

    # Where segments are

    def _readable(self) -> Iterator[Segment]:
        """Yield all segments, to look at; what is in the storage as a copy that is thrown away afterwards."""
        here = self.folder.segments()
        yield from here
        if self.storage is None:
            return
        names = {segment.name for segment in here}
        copies = {path.name.removesuffix(SUFFIX): path for path in self._copies()}
        with TemporaryDirectory(prefix="e11y-dlq-") as folder:
            for name in self.storage.names():
                if name in copies:
                    yield Segment(copies[name])
                elif name not in names:
                    yield (copy := Segment(self.storage.fetch(name, Path(folder))))
                    copy.path.unlink()

    def _changeable(self) -> Generator[Segment, None, None]:
        """Yield all segments, to be changed; each is tidied up after that. For whoever holds the folder.

        The truth about a segment is the file here; without one it is the object in the storage, until all
        its letters are gone. So whatever dies in between costs nothing but work that is done twice.
        """
        here = self.folder.segments()
        names = set(self.storage.names()) if self.storage is not None else set()
        for segment in here:
            if self.storage is not None and segment.name in names:
                self.storage.delete(segment.name)
            try:
                yield segment
            finally:
                segment.delete_if_empty()
        if self.storage is None:
            return
        copies = {path.name.removesuffix(SUFFIX): path for path in self._copies()}
        for path in (path for name, path in copies.items() if name not in names):
            path.unlink()  # all its letters were gone, and the object with them
        for name in sorted(names - {segment.name for segment in here}):
            path = copies.get(name) or self.storage.fetch(name, self.folder.path / _FETCHED)
            segment = Segment(path, changed=name in copies)
            try:
                yield segment
            finally:
                self._put_back(self.storage, segment)

    def _put_back(self, storage: Storage, copy: Segment) -> None:
        """Bring the object of a segment up to date, then drop the copy."""
        if copy.is_empty():
            storage.delete(copy.name)
        elif copy.changed:
            storage.upload(copy.path)
        copy.path.unlink()

    def _copies(self) -> list[Path]:
        """Return the copies of segments that a replay which was killed left behind."""
        return sorted((self.folder.path / _FETCHED).glob(f"*{SUFFIX}"))
