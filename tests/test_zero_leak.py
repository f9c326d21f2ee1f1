"""Zero leak, over packages: what e11y-pii protects is in no byte that any adapter of this repository sends or keeps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import pytest

import e11y
from e11y import Event, OpenEvent, field
from e11y.adapter import Adapter
from e11y.testing import LeakContract, LoopbackServer, StandaloneHost
from e11y_example import WebhookAdapter, WebhookSettings
from e11y_file import FileAdapter, FileSettings
from e11y_loki import LokiAdapter, LokiSettings
from e11y_pii import Hash, Mask, Partial, Redact, pii
from e11y_ratelimit import rate_limit
from e11y_sampling import sample

MAIL = "canary7f3a9c@example.com"
CARD = "4111 1111 1111 1111"


@pii
class EverywhereRuled(Event):
    masked: Annotated[str, Mask] = ""
    hashed: Annotated[str, Hash] = ""
    partly: Annotated[str, Partial] = ""
    redacted: Annotated[str, Redact] = ""
    note: str = ""
    more: dict[str, Any] = field(factory=dict)


@rate_limit(1, per="1h", on_excess="dead_letter")
class EverywhereLimited(EverywhereRuled):
    pass


@sample(rate=0.5)
class EverywhereSampled(EverywhereRuled):
    pass


class EverywhereDebug(EverywhereRuled, severity="debug"):
    pass


@pii
class EverywhereOpen(OpenEvent):
    note: str = ""


def in_rules(secret: str) -> None:
    EverywhereRuled.track(masked=secret, hashed=secret, partly=secret, redacted=secret)


def in_texts(secret: str) -> None:
    nested = {"user": [{"notes": {f"from {secret}": f"call {secret}"}}], "password": secret}
    EverywhereRuled.track(note=f"write to {secret}, please", more=nested)


def in_what_is_held_back(secret: str) -> None:
    for _ in range(5):
        EverywhereLimited.track(masked=secret, hashed=secret, note=secret)
        EverywhereSampled.track(masked=secret, hashed=secret, note=secret)


def in_a_trail(secret: str) -> None:
    with e11y.context(note=f"for {secret}"), e11y.scope("work") as work:
        EverywhereDebug.track(masked=secret, note=secret)
        work.fail()


def in_further_keywords(secret: str) -> None:
    EverywhereOpen.track(note=secret, remark=[secret], password=secret)


def in_a_body_that_fails(secret: str) -> None:
    try:
        with EverywhereRuled.timed(masked=secret, note=secret) as work:
            work.set(hashed=secret, more={"note": secret})
            raise ValueError(secret)
    except ValueError:
        return


class TestZeroLeak(LeakContract):
    @pytest.fixture
    def settings(self) -> dict[str, Any]:
        return {"plugins": ["pii", "ratelimit", "sampling", "versioning"], "pii": {"hash_key": "a key of this test"}}

    @pytest.fixture
    def secrets(self) -> Sequence[str]:
        return [MAIL, CARD]

    @pytest.fixture
    def hides(self) -> Sequence[Any]:
        return [in_rules, in_texts, in_what_is_held_back, in_a_trail, in_further_keywords, in_a_body_that_fails]

    @pytest.fixture
    def refuses(self) -> Sequence[type[Event]]:
        return [EverywhereRuled, EverywhereOpen]

    @pytest.fixture
    def adapters(self, tmp_path: Path) -> Iterator[Mapping[str, tuple[Adapter, Any]]]:
        host = StandaloneHost()
        path = tmp_path / "events.jsonl"

        def in_files() -> bytes:
            return b"".join(file.read_bytes() for file in tmp_path.glob("events*"))

        with LoopbackServer() as hook, LoopbackServer() as loki:
            yield {
                "file": (FileAdapter(FileSettings(path=str(path), compress=False), host), in_files),
                "hook": (WebhookAdapter(WebhookSettings(url=hook.url), host), lambda: sent(hook)),
                "loki": (LokiAdapter(LokiSettings(url=loki.url, gzip=False), host), lambda: sent(loki)),
            }

    def test_everything_was_looked_at(self, adapters: Mapping[str, tuple[Adapter, Any]], findings: list[Any]) -> None:
        for name, (_, written) in adapters.items():
            assert b"everywhere.ruled" in written(), f"nothing arrived at {name!r}"


def sent(server: LoopbackServer) -> bytes:
    return b"".join(repr(request.headers).encode() + request.body for request in server.requests)
