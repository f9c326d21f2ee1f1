"""A server that follows Loki's rules: it takes what Loki takes, and refuses in Loki's words.

Sources: pkg/validation/validate.go, pkg/distributor/distributor.go, pkg/ingester/stream.go of Grafana Loki 3, and
"Enforce rate limits and push request validation" in its documentation. As in Loki, a push is refused in part: what is
fine is kept, and the answer tells of the first that was not.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from e11y import Record, Runtime, hookimpl
from e11y.testing import Answer, LoopbackServer
from e11y.testing.http_server import Request

WEEK_NS = 7 * 86_400_000_000_000
HOUR_NS = 3_600_000_000_000


def rfc3339(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@attrs.define
class Refusal(Exception):
    status: int
    text: str


@attrs.define(eq=False)
class FakeLoki:
    """Loki's rules at their default limits.

    Attributes:
        entries: Tenant -> label text -> ``(time_ns, line, structured metadata)`` in the order they came.
    """

    auth_enabled: bool = False
    allow_structured_metadata: bool = True
    max_body_bytes: int = 4 * 2**20
    max_line_size: int = 256 * 1024
    rate_limited_pushes: int = 0
    clock_ns: int = 1_769_860_800_000_000_000
    entries: dict[str, dict[str, list[tuple[int, str, dict[str, str]]]]] = attrs.field(factory=dict)
    pushes: int = 0
    server: LoopbackServer = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.server = LoopbackServer(self.answer)

    @property
    def url(self) -> str:
        return self.server.url

    def lines(self, tenant: str = "fake") -> list[dict[str, Any]]:
        """Return every line that was kept, by time."""
        kept = [entry for stream in self.entries.get(tenant, {}).values() for entry in stream]
        return [json.loads(line) for _, line, _ in sorted(kept, key=lambda entry: entry[0])]

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) == ("GET", "/ready"):
            return Answer(200, b"ready\n")
        if (request.method, request.path) != ("POST", "/loki/api/v1/push"):
            return Answer(404, b"404 page not found\n")
        tenant = request.headers.get("x-scope-orgid", "") if self.auth_enabled else "fake"
        self.pushes += 1
        try:
            self._take(request, tenant)
        except Refusal as refusal:
            return Answer(refusal.status, f"{refusal.text}\n".encode())
        return Answer(204)

    def _take(self, request: Request, tenant: str) -> None:
        if not tenant:
            raise Refusal(401, "no org id")
        if len(request.body) > self.max_body_bytes:
            raise Refusal(413, f"request body too large: {len(request.body)} bytes, limit: {self.max_body_bytes} bytes")
        if request.headers.get("content-type") != "application/json":
            raise Refusal(400, "proto: illegal wireType")
        if self.rate_limited_pushes:
            self.rate_limited_pushes -= 1
            raise Refusal(
                429,
                f"Ingestion rate limit exceeded for user {tenant} (limit: 4194304 bytes/sec) while attempting to ingest "
                "'7' lines totaling '4200000' bytes, reduce log volume or contact your Loki administrator",
            )
        try:
            streams = json.loads(request.body)["streams"]
        except (ValueError, KeyError):
            quoted = request.body[:200].decode("utf-8", "replace")
            raise Refusal(
                400, f"loghttp.PushRequest.Streams: unmarshalerDecoder: error found in ...|{quoted}"
            ) from None
        refusals: list[Refusal] = []
        for stream in streams:
            self._take_stream(tenant, stream["stream"], stream["values"], refusals)
        if refusals:
            raise refusals[0]

    def _take_stream(self, tenant: str, labels: dict[str, str], values: list[Any], refusals: list[Refusal]) -> None:
        text = "{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in sorted(labels.items())) + "}"
        if trouble := self._trouble_with(labels, text):
            refusals.append(Refusal(400, trouble))
            return
        kept = self.entries.setdefault(tenant, {}).setdefault(text, [])
        newest = max((entry[0] for entry in kept), default=0)
        for time_text, line, *rest in values:
            assert re.fullmatch(r"\d{19}", time_text), "a time is nanoseconds in decimal text"
            entry = int(time_text), line, rest[0] if rest else {}
            assert all(isinstance(value, str) for value in entry[2].values())
            trouble = self._trouble_with_entry(entry, text, newest)
            if trouble:
                refusals.append(Refusal(400, trouble))
            elif entry[:2] not in [earlier[:2] for earlier in kept]:  # whatever stands beside the line
                kept.append(entry)
                newest = max(newest, entry[0])

    def _trouble_with(self, labels: dict[str, str], text: str) -> str:
        if not labels:
            return "error at least one label pair is required per stream"
        if len(labels) > 15:
            return f"entry for stream '{text}' has {len(labels)} label names; limit 15"
        for name, value in labels.items():
            if not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name):
                return f"Error parsing labels '{text}' with error: 1:2: parse error: unexpected character"
            if len(name) > 1024:
                return f"stream '{text}' has label name too long: '{name}'"
            if len(value) > 2048:
                return f"stream '{text}' has label value too long: '{value}'"
        return ""

    def _trouble_with_entry(self, entry: tuple[int, str, dict[str, str]], text: str, newest: int) -> str:
        time_ns, line, metadata = entry
        if time_ns < self.clock_ns - WEEK_NS:
            oldest = rfc3339(self.clock_ns - WEEK_NS)
            said = f"has timestamp too old: {rfc3339(time_ns)}, oldest acceptable timestamp is: {oldest}"
            return f"entry for stream '{text}' {said}"
        if time_ns > self.clock_ns + HOUR_NS // 6:
            return f"entry for stream '{text}' has timestamp too new: {rfc3339(time_ns)}"
        if len(line) > self.max_line_size:
            return (
                f"Max entry size '{self.max_line_size}' bytes exceeded for stream '{text}' "
                f"while adding an entry with length '{len(line)}' bytes"
            )
        if metadata and not self.allow_structured_metadata:
            return (
                f"stream '{text}' includes structured metadata, but this feature is disallowed. "
                "Please see `limits_config.allow_structured_metadata` or contact your Loki administrator to enable it."
            )
        if newest and time_ns < newest - HOUR_NS:
            said = (
                f"entry timestamp is: {rfc3339(time_ns)}, oldest acceptable timestamp is: {rfc3339(newest - HOUR_NS)}"
            )
            return (
                f"entry with timestamp {rfc3339(time_ns)} ignored, reason: 'entry too far behind, {said}',\n"
                f"user 'fake', total ignored: 1 out of 2 for stream: {text}"
            )
        return ""


@pytest.fixture
def loki() -> Iterator[FakeLoki]:
    """Loki as it is by default, with a clock that stands still."""
    fake = FakeLoki()
    yield fake
    fake.server.stop()


class Letters:
    """A plugin that keeps dead letters.

    Attributes:
        kept: ``(payload, reason)`` in the order they were given up.
    """

    name = "letters"

    def __init__(self) -> None:
        self.kept: list[tuple[dict[str, Any], str]] = []

    @hookimpl
    def e11y_dead_letter(self, record: Record, adapter: str, reason: str) -> bool:
        self.kept.append((dict(record.payload), reason))
        return True


Run = Callable[..., tuple[Runtime, Letters]]


@pytest.fixture
def run(loki: FakeLoki) -> Iterator[Run]:
    """Return a function that activates a runtime whose ``logs`` is the fake Loki; it also keeps dead letters."""
    loki.clock_ns = time.time_ns()
    with ExitStack() as stack:

        def start(**table: Any) -> tuple[Runtime, Letters]:
            letters = Letters()
            adapters = {"logs": {"type": "loki", "url": loki.url, "batch_interval": "20ms", "timeout": "20s", **table}}
            settings = {"service": "shop", "environment": "test", "plugins": ["loki"], "adapters": adapters}
            runtime = Runtime(settings, environ={}, event_types=(), plugins=[letters])
            stack.enter_context(runtime)
            return runtime, letters

        yield start
