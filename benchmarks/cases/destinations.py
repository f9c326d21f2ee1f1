"""e11y into the destinations that its plugins know."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.case import Emitter
from benchmarks.cases.ours import activated, drain, tracking
from benchmarks.sink import sink

FILE = "events.jsonl"
"""File that the events of a case end in."""


@contextmanager
def file(directory: Path) -> Iterator[Emitter]:
    """JSON lines in a file."""
    with activated(directory, names=("file",), adapter={"type": "file", "path": str(directory / FILE)}):
        yield Emitter(tracking(), drain)


@contextmanager
def rotated(directory: Path) -> Iterator[Emitter]:
    """The same, rotated at 2 MiB and compressed behind."""
    adapter = {"type": "file", "path": str(directory / FILE), "rotate": "size", "max_size": "2MiB"}
    with activated(directory, names=("file",), adapter=adapter):
        yield Emitter(tracking(), _compressed)


@contextmanager
def loki(directory: Path) -> Iterator[Emitter]:
    """Pushes of gzipped JSON to a local sink."""
    with sink() as url, activated(directory, names=("loki",), adapter={"type": "loki", "url": url}):
        yield Emitter(tracking(), drain)


def _compressed() -> None:
    """Return once everything is written, and what was rotated is compressed."""
    drain()
    for thread in threading.enumerate():
        if thread.name.startswith("e11y-file"):
            thread.join()
