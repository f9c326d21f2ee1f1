"""An HTTP server in a process of its own that writes down what it took, and fails the way it is told to.

    python tests/outage/sink.py PORT FOLDER

It reads its mode from ``FOLDER/mode`` for each request: ``take``; ``busy`` (429 with ``Retry-After``); ``die`` (take the
next push and die before answering); ``die-reading`` (die in the middle of its body). ``FOLDER/taken.jsonl`` holds a line
per push, and one more once its answer was sent to somebody who still listened.
"""

from __future__ import annotations

import gzip
import json
import os
import signal
import socket
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from threading import Lock


class Sink(ThreadingMixIn, TCPServer):  # not HTTPServer, which asks the resolver for a name
    """Takes pushes; what it wrote survives its death."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, folder: Path) -> None:
        super().__init__(("127.0.0.1", port), Pushes)
        self.folder = folder
        self.number = 0
        self.lock = Lock()
        self.file = os.open(folder / "taken.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(self.file, b"\n")  # ends the half line of one that was killed

    def take(self, body: bytes) -> int:
        with self.lock:
            self.number += 1
            number = self.number
        self.note({"process": os.getpid(), "number": number, "body": body.decode()})
        return number

    def note(self, fact: dict[str, object]) -> None:
        line = json.dumps(fact).encode() + b"\n"
        with self.lock:
            assert os.write(self.file, line) == len(line)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that went away are what is tested."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Pushes(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Sink

    def do_POST(self) -> None:
        mode = (self.server.folder / "mode").read_text("utf-8")
        length = int(self.headers["Content-Length"])
        if mode == "die-reading":
            self.rfile.read(length // 2)
            os.kill(os.getpid(), signal.SIGKILL)
        body = self.rfile.read(length)
        if mode == "busy":
            self._answer("429 Too Many Requests", "Retry-After: 1\r\n")
            return
        number = self.server.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
        if mode == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._has_listener():
            self._answer("200 OK", "")
            self.server.note({"process": os.getpid(), "answered": number})
        else:
            self.close_connection = True

    def do_GET(self) -> None:
        self._answer("200 OK", "")

    def _answer(self, status: str, header: str) -> None:
        self.wfile.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n{header}\r\n".encode())

    def _has_listener(self) -> bool:
        """Return whether the client is still there; one that gave up has closed its side."""
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Print nothing: what was taken is in the file."""


if __name__ == "__main__":
    Sink(int(sys.argv[1]), Path(sys.argv[2])).serve_forever()
