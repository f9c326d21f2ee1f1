"""A server of HTTP that takes every request: what cases post to, in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def sink() -> Iterator[str]:
    """Run a sink; yield its URL.

    Raises:
        RuntimeError: It does not start.
    """
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.sink"], stdout=subprocess.PIPE, text=True)
    try:
        port = process.stdout.readline().strip() if process.stdout else ""
        if not port:
            raise RuntimeError(f"the sink did not start: exit status {process.wait(5)}")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(5)
        if process.stdout:
            process.stdout.close()


def main() -> None:
    """Print the port, then take requests until the process is stopped."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_serve, args=(connection,), daemon=True).start()


def _serve(connection: socket.socket) -> None:
    with connection, connection.makefile("rb") as stream:
        while _take(stream):
            connection.sendall(_ANSWER)


def _take(stream: BinaryIO) -> bool:
    """Read one request; return whether there was one."""
    if not stream.readline():
        return False
    size = 0
    while (line := stream.readline()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            size = int(value)
    return len(stream.read(size)) == size


if __name__ == "__main__":
    main()
