"""How the pieces of a body become one: joined, or compressed with gzip.

isal's gzip is used where it is installed: at level 1 it takes a tenth of the time of zlib at level 1, for as many
bytes. A body of 500 events is compressed piece by piece, which is up to 40 % cheaper than making it whole first.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

_LEVEL = 1
_GZIP = 31
"""Window bits that ask for a gzip header (zlib manual, ``deflateInit2``)."""

Packer = Callable[[Iterable[bytes]], bytes]


def make_packer(*, gzip: bool) -> Packer:
    """Return a function from the pieces of a body to what is sent: gzip (RFC 1952), or the pieces as they are."""
    if not gzip:
        return b"".join
    compressobj: Any = import_module("isal.isal_zlib").compressobj if find_spec("isal") else zlib.compressobj

    def pack(pieces: Iterable[bytes]) -> bytes:
        compressor = compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
        packed = [compressor.compress(piece) for piece in pieces]
        packed.append(compressor.flush())
        return b"".join(packed)

    return pack
