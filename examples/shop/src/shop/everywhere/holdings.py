"""What each destination holds at one moment, asked of the destination itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shop.everywhere.bugsink import Event


@dataclass(frozen=True, slots=True)
class Holdings:
    """Everything that there is.

    Attributes:
        file: The bytes of the file.
        loki: Entries, with their labels and metadata.
        sentry: Events.
        letters: Dead letters as ``e11y dlq list`` tells them, without values.
        segments: The bytes of the files that hold them.
    """

    file: bytes
    loki: Sequence[Mapping[str, Any]]
    sentry: Sequence[Event]
    letters: Sequence[Mapping[str, Any]]
    segments: bytes

    def lines_of_file(self) -> Counter[str]:
        """Return how often the file holds each line."""
        return Counter(self.file.decode("utf-8", "replace").split("\n")[:-1])

    def bodies_of_file(self) -> Counter[str]:
        """Return how often the file holds what the lines of Loki hold: a record from its trace id on."""
        return Counter(line[line.find('"trace_id"') :] for line in self.lines_of_file().elements())

    def bodies_of_loki(self) -> Counter[str]:
        """Return how often Loki holds each line, with the trace id that stands beside it."""
        return Counter(f'"trace_id":"{entry.get("trace_id")}",{entry["_msg"][1:]}' for entry in self.loki)


def bytes_of(folder: Path, pattern: str) -> bytes:
    """Return the files of a folder that fit a pattern, one after the other; nothing when there are none."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob(pattern)))
