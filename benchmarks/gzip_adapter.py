"""An adapter that appends JSON lines to a compressed file: what e11y's own figures include beside the call.

Every batch becomes one gzip member; members in a row are one valid gzip file (RFC 1952, 2.2). Where isal is
installed it compresses, at its level 1: a fifth of the time of zlib's level 1, for an eighth less bytes.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import attrs

from e11y import AdapterType, Capabilities, Host, Record, hookimpl

COMPRESSOR = "isal" if find_spec("isal") is not None else "zlib"
"""What compresses."""


@attrs.frozen(eq=False)
class GzipSettings:
    """Settings of the adapter.

    Args:
        path: File to append to.
    """

    path: str


class GzipAdapter:
    """Appends compressed lines to a file."""

    capabilities = Capabilities(batching=True)

    def __init__(self, settings: GzipSettings, host: Host) -> None:
        del host
        self._compress = import_module("isal.igzip").compress if COMPRESSOR == "isal" else gzip.compress
        self._file = Path(settings.path).open("ab", buffering=0)  # noqa: SIM115 - closed by close()

    def write_batch(self, records: Sequence[Record]) -> None:
        """Append one gzip member with a line per record."""
        lines = b"\n".join([record.encoded() for record in records])
        self._file.write(self._compress(lines + b"\n", 1, mtime=0))

    def healthy(self) -> bool:
        """Return whether the file is open."""
        return not self._file.closed

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class GzipPlugin:
    """Offers the adapter type ``gzip``."""

    name = "gzip"

    @hookimpl
    def e11y_export(self) -> AdapterType:
        """Return the adapter type."""
        return AdapterType(name="gzip", settings=GzipSettings, make=GzipAdapter)
