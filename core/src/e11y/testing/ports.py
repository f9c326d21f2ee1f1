"""Ports for servers that tests start."""

from __future__ import annotations

import atexit
import os
import secrets
import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice

_FIRST, _PAST = 20_000, 32_000
"""Below what systems hand out by themselves: Linux from 32 768 on, others from 49 152 on (RFC 6335)."""

_BLOCK = 100
"""How many of them a process has for itself."""

_MOST_TRIES = 1_000


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 on which nobody listens, for a server that is about to start.

    A port that the system chose (port 0) may be gone by then: it hands out the same ones to every connection that
    is made meanwhile. Other processes that call this function get other ports, and this one gets a port again only
    after all others of its own.

    Raises:
        OSError: None was found.
    """
    for port in islice(_ports(os.getpid()), _BLOCK):
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise OSError("no port of this process is free")


@cache
def _ports(process: int) -> Iterator[int]:
    """Claim a block for a process, by listening on its first port, and return the others without end."""
    for _ in range(_MOST_TRIES):
        first = _FIRST + _BLOCK * secrets.randbelow((_PAST - _FIRST) // _BLOCK)
        try:
            claim = socket.create_server(("127.0.0.1", first))
        except OSError:
            continue
        atexit.register(claim.close)
        return cycle(range(first + 1, first + _BLOCK))
    raise OSError(f"process {process} finds no free ports from {_FIRST} to {_PAST - 1}")
