"""The numbers of all processes of a service: one file each while they live, one for all that ended.

Files in the directory::

    <pid>-<token>.msgpack    one live process; replaced as a whole, and locked by its owner as long as that lives
    ended.msgpack            the sum of all processes that ended
    lock                     held while files are read or summed up

A process that ended without a word is known by its lock, which the kernel released; whoever reads next adds its
file to ``ended.msgpack``, and so does whoever writes when there are many. So files do not pile up far beyond 32, or
twice the live processes, and no counter goes down.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
from prometheus_client import Metric

from e11y_metrics.shared_family import LabelNote, SharedFamily, Total, shared

_ENDED = "ended.msgpack"
_PROCESSES = "*-*.msgpack"
_MANY_FILES = 32
_STALE_S = 60.0
_PATIENCE_S = 5.0
_LAST_PATIENCE_S = 1.0
_POLL_S = 0.002
_LONGEST_POLL_S = 0.1
"""What a look at the lock counts at most: a process that stood still, as a machine does at times, did not wait."""


class Document(msgspec.Struct):
    """One file. ``absorbed`` names files that ``ended.msgpack`` holds already, if a crash left them behind."""

    families: list[SharedFamily]
    labels: list[LabelNote] = []
    absorbed: list[str] = []


class DamagedTotals(OSError):
    """The sum of all processes that ended cannot be read."""


class Reading(NamedTuple):
    """All processes together."""

    metrics: list[Metric]
    labels: list[LabelNote]


class Share:
    """Takes part in the directory for this process.

    Args:
        directory: For one service on one machine; made when it is missing. Empty it when the service starts anew.
        metrics: Returns what this process counted.
        labels: Returns what it knows about labels.
    """

    def __init__(
        self, directory: Path, metrics: Callable[[], Iterable[Metric]], labels: Callable[[], list[LabelNote]]
    ) -> None:
        self._directory = directory
        self._metrics = metrics
        self._labels = labels
        self._mutex = threading.Lock()
        self._begin()

    def _begin(self) -> None:
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}.msgpack"
        self._held = -1
        self._written = b""
        self._finished = False
        self._alive = 0  # files of processes that lived when this one last looked

    def write(self) -> None:
        """Leave the present numbers for the other processes; add up what ended if nobody reads and files pile up.

        Raises:
            OSError: They cannot be written, or what stands there is damaged.
        """
        with self._mutex:
            self._write()
            if sum(1 for _ in self._directory.glob(_PROCESSES)) > max(_MANY_FILES, 2 * self._alive):
                with suppress(TimeoutError), self._locked(_LAST_PATIENCE_S):  # else the next one who writes does it
                    self._add_up()

    def read(self) -> Reading:
        """Return the numbers of all processes, this one's present ones among them.

        Only what is written down is shown: nothing that a scrape saw is lost with the process.

        Raises:
            OSError: The directory cannot be read or written, or what stands there is damaged.
        """
        with self._mutex:
            self._write()
            with self._locked(_PATIENCE_S):
                return self._add_up()

    def finish(self) -> None:
        """Add this process to those that ended. Later numbers are not shared.

        Raises:
            OSError: They cannot be written.
        """
        with self._mutex:
            self._write()
            self._finished = True
            self._let_go()
            with suppress(TimeoutError), self._locked(_LAST_PATIENCE_S):  # else the next one who reads does it
                self._add_up()

    def forget(self) -> None:
        """Leave the file to the parent and begin one of its own. For forked children only."""
        self._mutex = threading.Lock()
        self._let_go()  # the lock stays the parent's: it belongs to the open file, which both had
        self._begin()

    def _let_go(self) -> None:
        if self._held >= 0:
            os.close(self._held)
            self._held = -1

    def _write(self) -> None:
        if self._finished:
            return
        data = msgspec.msgpack.encode(Document(list(shared(self._metrics())), self._labels()))
        if data == self._written:
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._directory / self._name
        temporary = path.with_suffix(".tmp")
        file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)  # nobody else knows it
            _write_all(file, data)
            temporary.replace(path)  # locked already: a reader never meets the file of a live process unlocked
        except BaseException:
            os.close(file)
            raise
        self._let_go()
        self._held, self._written = file, data

    @contextmanager
    def _locked(self, patience_s: float) -> Iterator[None]:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            waited, before = 0.0, time.monotonic()
            while not _flocked(file, fcntl.LOCK_EX):
                if waited > patience_s:  # its owner was stopped in the middle
                    raise TimeoutError("another process holds the lock of the metrics directory")
                time.sleep(_POLL_S)
                now = time.monotonic()
                waited, before = waited + min(now - before, _LONGEST_POLL_S), now
            yield
        finally:
            os.close(file)

    def _add_up(self) -> Reading:
        """Add all files up and those of ended processes to ``ended.msgpack``. The lock is held."""
        totals: dict[str, Total] = {}
        notes: dict[tuple[str, str], LabelNote] = {}
        ended = self._ended()
        _add(ended, totals, notes, live=False, kept_already=True)
        dead: list[Path] = []
        alive: list[Document] = []
        for path in sorted(self._directory.glob(_PROCESSES)):
            if path.name in ended.absorbed:
                path.unlink(missing_ok=True)
                continue
            try:
                data, is_live = _read(path)
            except FileNotFoundError:  # somebody empties the directory
                continue
            try:
                document = _decoded(data)
            except msgspec.DecodeError:  # one process's latest numbers, not all that ever was
                document = Document([])
            if is_live:
                alive.append(document)
            else:
                dead.append(path)
                _add(document, totals, notes, live=False)
        self._alive = len(alive)
        kept_notes = [msgspec.structs.replace(note) for note in notes.values()]
        for document in alive:
            _add(document, totals, notes, live=True)
        if dead or any(total.grew for total in totals.values()):
            kept = [total.kept() for total in totals.values()]
            self._keep(Document(kept, kept_notes, [path.name for path in dead]))
        for path in dead:
            path.unlink(missing_ok=True)
        self._tidy()
        return Reading([total.metric() for total in totals.values()], list(notes.values()))

    def _ended(self) -> Document:
        path = self._directory / _ENDED
        try:
            return _decoded(path.read_bytes())
        except FileNotFoundError:
            return Document([])
        except msgspec.DecodeError:  # as an empty one it would let every counter go down, and be overwritten
            raise DamagedTotals(
                f"{path} is damaged, or of another version: remove it, or empty the directory, to begin anew"
            ) from None

    def _keep(self, document: Document) -> None:
        temporary = self._directory / "ended.new"
        temporary.write_bytes(msgspec.msgpack.encode(document))
        temporary.replace(self._directory / _ENDED)

    def _tidy(self) -> None:
        """Remove what processes left that were killed in the middle of writing."""
        for path in self._directory.glob("*.tmp"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _STALE_S:
                    path.unlink()


def _add(
    document: Document,
    totals: dict[str, Total],
    notes: dict[tuple[str, str], LabelNote],
    *,
    live: bool,
    kept_already: bool = False,
) -> None:
    for family in document.families:
        total = totals.get(family.name)
        if total is None or not total.first.row:  # nothing was counted there yet, so its form is not known
            total = totals[family.name] = Total(family)
        total.add(family, live=live, kept_already=kept_already)
    for note in document.labels:
        known = notes.setdefault((note.metric, note.label), note)
        if known is not note:
            known.values = max(known.values, note.values)
            known.overflow += note.overflow
            known.top = _top([*known.top, *note.top], max(len(known.top), len(note.top)))
            known.declared = list(dict.fromkeys([*known.declared, *note.declared]))


def _top(pairs: Iterable[tuple[str, int]], amount: int) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for text, count in pairs:
        counts[text] = counts.get(text, 0) + count
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:amount]


def _read(path: Path) -> tuple[bytes, bool]:
    """Return what a file holds, and whether its process lives."""
    while True:
        file = os.open(path, os.O_RDONLY)
        try:
            is_live = not _flocked(file, fcntl.LOCK_SH)
            if not is_live and os.fstat(file).st_ino != path.stat().st_ino:
                continue  # replaced since it was opened: a live process did that
            with os.fdopen(os.dup(file), "rb") as reader:
                return reader.read(), is_live
        finally:
            os.close(file)


def _flocked(file: int, kind: int) -> bool:
    """Return whether the lock could be had at once."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _decoded(data: bytes) -> Document:
    """Return the document.

    Raises:
        msgspec.DecodeError: It is broken, or of another version.
    """
    return msgspec.msgpack.decode(data, type=Document)


def _write_all(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]
