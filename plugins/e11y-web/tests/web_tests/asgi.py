"""Calls an ASGI application as a server does: one request, in the present task."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import attrs


@attrs.define
class Answer:
    """What the application sent.

    ``error`` is what left it, as a server would log it.
    """

    messages: list[dict[str, Any]] = attrs.field(factory=list)
    error: BaseException | None = None

    @property
    def status(self) -> int | None:
        return next((one["status"] for one in self.messages if one["type"] == "http.response.start"), None)

    @property
    def headers(self) -> dict[str, str]:
        start = next(one for one in self.messages if one["type"] == "http.response.start")
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in start.get("headers", ())}

    @property
    def body(self) -> bytes:
        return b"".join(one.get("body", b"") for one in self.messages if one["type"] == "http.response.body")


class Connection:
    """One request and its client, who leaves after ``reads`` messages of the response.

    Args:
        spec_version: 2.4 and later: sending to a client that left raises ``OSError``.
    """

    def __init__(self, body: bytes = b"", *, reads: int | None = None, spec_version: str = "2.3") -> None:
        self.answer = Answer()
        self._sent = [{"type": "http.request", "body": body, "more_body": False}]
        self._reads = reads
        self._left = asyncio.Event()
        self.spec_version = spec_version
        if reads == 0:
            self._sent.clear()
            self._left.set()

    async def receive(self) -> dict[str, Any]:
        if self._sent:
            return self._sent.pop()
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if self._left.is_set() and self._reads is not None and self.spec_version >= "2.4":
            raise OSError("the client left")
        self.answer.messages.append(dict(message))
        is_last = message["type"] == "http.response.body" and not message.get("more_body")
        if is_last or (self._reads is not None and len(self.answer.messages) >= self._reads):
            self._left.set()
        await asyncio.sleep(0)


def http_scope(path: str = "/", method: str = "GET", headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"page=2",
        "root_path": "",
        "headers": [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in (headers or {}).items()
        ],
        "client": ("10.0.0.7", 1234),
        "server": ("127.0.0.1", 80),
    }


async def serve(
    app: Any,
    path: str = "/",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    connection: Connection | None = None,
) -> Answer:
    connection = connection or Connection()
    scope = http_scope(path, method, headers)
    scope["asgi"]["spec_version"] = connection.spec_version
    try:
        await app(scope, connection.receive, connection.send)
    except Exception as error:  # noqa: BLE001 - as a server does
        connection.answer.error = error
    return connection.answer


def get(app: Any, path: str = "/", headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
    """Serve one request in a loop of its own."""
    return asyncio.run(serve(app, path, headers=headers, **more))


async def lifespan(app: Any, sent: Sequence[str] = ("startup", "shutdown")) -> list[str]:
    """Run a lifespan and return what the application sent."""
    waiting = [{"type": f"lifespan.{one}"} for one in reversed(sent)]
    told: list[str] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop()

    async def send(message: Any) -> None:
        told.append(message["type"])

    await app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
    return told
