"""Ports for servers that tests start."""

from __future__ import annotations

import secrets
import socket

_FIRST, _PAST = 20_000, 32_000
"""Below what systems hand out by themselves: Linux from 32 768 on, others from 49 152 on (RFC 6335)."""

_MOST_TRIES = 1_000


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 on which nobody listens, for a server that is about to start.

    A port that the system chose (port 0) may be gone by then: it hands out the same ones to every connection that
    is made meanwhile.

    Raises:
        OSError: None was found.
    """
    for _ in range(_MOST_TRIES):
        port = _FIRST + secrets.randbelow(_PAST - _FIRST)  # other processes look for one too
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
    raise OSError(f"no port from {_FIRST} to {_PAST - 1} is free")
