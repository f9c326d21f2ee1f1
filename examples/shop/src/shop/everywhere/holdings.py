"""What each destination holds at one moment, asked of the destination itself."""

from __future__ import annotations

import json
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

    def lines_of_loki(self) -> Counter[str]:
        """Return how often Loki holds each record, put together as the line that the file has of it."""
        return Counter(map(_line_of, self.loki))


def _line_of(entry: Mapping[str, Any]) -> str:
    """Return the line of a file for an entry of Loki: its time, its labels, the trace id beside it, its line."""
    seconds, _, fraction = str(entry.get("_time", "")).removesuffix("Z").partition(".")
    head = {
        "timestamp": f"{seconds}.{fraction[:3].ljust(3, '0')}Z",
        "severity": entry.get("severity"),
        "event_name": entry.get("event_name"),
        "service": entry.get("service_name"),
        "environment": entry.get("environment"),
        "trace_id": entry.get("trace_id"),
    }
    return json.dumps(head, separators=(",", ":"))[:-1] + "," + str(entry.get("_msg", ""))[1:]


def bytes_of(folder: Path, pattern: str) -> bytes:
    """Return the files of a folder that fit a pattern, one after the other; nothing when there are none."""
    return b"".join(file.read_bytes() for file in sorted(folder.glob(pattern)))
