"""A real HTTP server on the loopback interface whose answers a test scripts.

with LoopbackServer() as server:
    server.answers.append(Answer(429, retry_after=2))
    adapter = WebhookAdapter(WebhookSettings(url=server.url), host)
    ...
    assert server.requests[0].json() == {"event_name": "order.paid"}
"""

from __future__ import annotations

import gzip
import json
import socket
import socketserver
import sys
import threading
import weakref
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import format_datetime
from http.client import responses
from http.server import BaseHTTPRequestHandler
from types import MappingProxyType, TracebackType
from typing import Any, ClassVar, Literal, Self

import attrs

_BODILESS = frozenset({204, 304})
_POLL_S = 0.02
_PATIENCE_S = 1.0


@attrs.frozen
class Request:
    """One request as the server received it.

    Args:
        method: For example ``POST``.
        path: With the query string.
        headers: Names in lower case.
        body: Without its content encoding (gzip, deflate); any other encoding is left as it is.
        wire_bytes: Length of the body as it was sent.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    wire_bytes: int

    def json(self) -> Any:
        """Return the body read as one JSON document."""
        return json.loads(self.body)

    def json_lines(self) -> list[Any]:
        """Return the body read as one JSON document per line."""
        return [json.loads(line) for line in self.body.splitlines()]


@attrs.frozen
class Answer:
    """What the server does with one request.

    Args:
        status: HTTP status.
        body: Sent with the answer.
        headers: Beside ``Content-Length`` and ``Retry-After``, which are set.
        retry_after: Whole seconds, or a moment, for ``Retry-After`` (RFC 9110, 10.2.3).
        delay_s: Seconds to wait before the answer.
        hang: Stay silent until ``LoopbackServer.release()``, then answer.
        cut: ``before`` closes the connection instead of answering; ``within`` announces one byte
            more than it sends and then closes, so it needs a status that has a body.
    """

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict, kw_only=True)
    retry_after: int | datetime | None = attrs.field(default=None, kw_only=True)
    delay_s: float = attrs.field(default=0.0, kw_only=True)
    hang: bool = attrs.field(default=False, kw_only=True)
    cut: Literal["before", "within"] | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.status in _BODILESS and (self.body or self.cut == "within"):
            raise ValueError(f"an answer of status {self.status} has no body; use 200")

    def head(self) -> bytes:
        """Return status line and headers as they go over the wire."""
        return "".join(self._head_lines()).encode("latin-1")

    def _head_lines(self) -> Iterator[str]:
        yield f"HTTP/1.1 {self.status} {responses.get(self.status, '')}\r\n"
        if self.status not in _BODILESS:
            yield f"Content-Length: {len(self.body) + (self.cut == 'within')}\r\n"
        if isinstance(self.retry_after, datetime):
            yield f"Retry-After: {format_datetime(self.retry_after.astimezone(UTC), usegmt=True)}\r\n"
        elif self.retry_after is not None:
            yield f"Retry-After: {self.retry_after}\r\n"
        for name, value in self.headers.items():
            yield f"{name}: {value}\r\n"
        yield "\r\n"


class LoopbackServer:
    """A threaded HTTP/1.1 server on 127.0.0.1 with a port of its own. All members are thread-safe.

    Args:
        default: Answer to every request for which ``answers`` holds none, or a function that decides. It runs on the
            thread of the connection; what it raises cuts the connection.
        port: 0 takes a free one; give a port to come back where an earlier server was.

    Attributes:
        answers: Next answers; each request takes one from the left.
        default: What is answered when ``answers`` is empty.
    """

    def __init__(self, default: Answer | Callable[[Request], Answer] = Answer(204), *, port: int = 0) -> None:
        self.answers: deque[Answer] = deque()
        self.default = default
        self._requests: list[Request] = []
        self._connections: set[socket.socket] = set()
        self._changed = threading.Condition()
        self._gate = threading.Event()
        self._stopping = threading.Event()
        self._listener = _Listener(("127.0.0.1", port), _Handler)
        self._listener.owner = self
        self.port: int = self._listener.server_address[1]
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(_POLL_S,), name="loopback-server", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """For example ``http://127.0.0.1:40123``, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> Sequence[Request]:
        """Every request so far, in the order in which they were complete."""
        with self._changed:
            return tuple(self._requests)

    def wait_for_requests(self, count: int, *, timeout_s: float = 30.0) -> Sequence[Request]:
        """Return the requests as soon as there are ``count`` of them.

        Raises:
            AssertionError: There were fewer after ``timeout_s`` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._requests) >= count, timeout_s):
                raise AssertionError(f"{len(self._requests)} of {count} requests came within {timeout_s} s")
            return tuple(self._requests)

    def release(self) -> None:
        """Let every request that hangs now have its answer."""
        with self._changed:
            gate, self._gate = self._gate, threading.Event()
        gate.set()

    def stop(self) -> None:
        """Refuse new connections and cut the open ones, hanging or not. Stopping twice is harmless.

        On Linux nobody else can have the port as long as the object lives, unless by asking for that very number: where
        this server is meant to be gone, that of another process might answer.
        """
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._listener.shutdown()
        self._listener.server_close()
        self._keep_port()
        self._thread.join()
        self.release()
        with self._changed:
            for connection in self._connections:
                with suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)
            self._changed.wait_for(lambda: not self._connections, _PATIENCE_S)

    def _keep_port(self) -> None:
        if sys.platform != "linux":  # elsewhere no later server of ours could have it either
            return
        keeper = socket.socket()
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a later server may bind beside it
        try:
            keeper.bind(("127.0.0.1", self.port))
        except OSError:  # somebody was faster
            keeper.close()
        else:
            weakref.finalize(self, keeper.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _opened(self, connection: socket.socket) -> None:
        with self._changed:
            self._connections.add(connection)
            if self._stopping.is_set():
                with suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)

    def _closed(self, connection: socket.socket) -> None:
        with self._changed:
            self._connections.discard(connection)
            self._changed.notify_all()

    def _received(self, request: Request) -> tuple[Answer, threading.Event]:
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()
            answer, gate = self.answers.popleft() if self.answers else self.default, self._gate
        return (answer if isinstance(answer, Answer) else answer(request)), gate

    def _may_answer(self, answer: Answer, gate: threading.Event) -> bool:
        """Wait as long as the answer says; return whether there still is someone to answer."""
        if answer.delay_s:
            self._stopping.wait(answer.delay_s)
        if answer.hang and not self._stopping.is_set():
            gate.wait()
        return not self._stopping.is_set()


class _Listener(socketserver.ThreadingMixIn, socketserver.TCPServer):
    # Not http.server.HTTPServer: its server_bind asks the resolver for a name.
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    owner: LoopbackServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about clients that went away; print what is a bug of the server."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener  # pyright: ignore[reportIncompatibleVariableOverride] - narrowed
    _decoders: ClassVar[Mapping[str, Any]] = MappingProxyType({"gzip": gzip.decompress, "deflate": zlib.decompress})

    def setup(self) -> None:
        super().setup()
        self.server.owner._opened(self.connection)

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.server.owner._closed(self.connection)

    def _serve(self) -> None:
        owner = self.server.owner
        sent = self._read_body()
        try:
            body = self._decoders.get(self.headers.get("Content-Encoding", ""), bytes)(sent)
        except (OSError, EOFError, zlib.error):
            self._send(Answer(400, b"the body is not what Content-Encoding says"))
            return
        headers = MappingProxyType({name.lower(): value for name, value in self.headers.items()})
        answer, gate = owner._received(Request(self.command, self.path, headers, body, len(sent)))
        if owner._may_answer(answer, gate):
            self._send(answer)
        else:
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _serve  # noqa: N815 - http.server's names

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(self._read_chunks())
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _read_chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers mean nothing to a test

    def _send(self, answer: Answer) -> None:
        if answer.cut is not None:
            self.close_connection = True
        if answer.cut != "before":
            self.wfile.write(answer.head() + (b"" if self.command == "HEAD" else answer.body))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        """Print nothing: a test reads ``requests``."""
