"""What e11y and its libraries log never becomes an event that would give them something to log again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any

import pytest
import urllib3

import e11y
from e11y import Capabilities, Enrich, Event, Record, Runtime, Schema, hookimpl, start_thread
from e11y.testing import Answer, LoopbackServer
from e11y_logging import E11yHandler, log_line

from .conftest import Bench, MakeBench


class Posted(Event):
    number: int


class Talkative:
    """An adapter that posts through urllib3, and logs what it does."""

    capabilities = Capabilities()

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool = urllib3.PoolManager(retries=False)
        self.log = logging.getLogger("talkative.adapter")

    def write_batch(self, records: Sequence[Record]) -> None:
        self.log.warning("writing %d records", len(records))
        answer = self._pool.request("POST", self._url, body=b"".join(record.encoded() + b"\n" for record in records))
        if answer.status >= 500:
            self.log.error("server said %d", answer.status)
            raise e11y.Retryable(str(answer.status))

    def healthy(self) -> bool:
        return True

    def close(self) -> None:
        self.log.error("closing")
        self._pool.clear()


@pytest.fixture
def debug(root: logging.Logger) -> logging.Logger:
    """The root logger with a handler, and everything let through."""
    root.addHandler(E11yHandler())
    root.setLevel(logging.DEBUG)
    return root


def test_an_adapter_that_logs_makes_no_events(make_bench: MakeBench, debug: logging.Logger) -> None:
    with LoopbackServer() as server:
        server.answers.extend([Answer(500), Answer(500)])
        bench = make_bench(adapters={"logs": Talkative(server.url)}, level_outside_scopes="DEBUG")
        for number in range(3):
            Posted.track(number=number)
        logging.getLogger("shop").info("said")
        assert not bench.runtime.flush(20).undelivered
        bench.runtime.shutdown()  # closes the adapter
        bench.runtime.ledger.check()
        assert len(server.requests) >= 3
        sent = {(line["event_name"], line["span_id"]) for one in server.requests for line in one.json_lines()}
    assert sorted(name for name, _ in sent) == ["log.line"] + ["posted"] * 3
    assert bench.runtime.ledger.snapshot().tracked == 4
    assert bench.counts["logging.on_own_thread"] >= 3


def test_the_end_of_the_process_delivers_on_the_main_thread_and_makes_no_events(
    make_bench: MakeBench, debug: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("e11y-"):
            raise RuntimeError("can't start new thread at interpreter shutdown")
        start(thread)

    with LoopbackServer() as server:
        bench = make_bench(adapters={"logs": Talkative(server.url)}, level_outside_scopes="DEBUG")
        monkeypatch.setattr("threading.Thread.start", refuse)
        Posted.track(number=1)
        bench.runtime.shutdown()
        monkeypatch.undo()
        (request,) = server.requests
    assert [line["event_name"] for line in request.json_lines()] == ["posted"]
    assert bench.runtime.ledger.snapshot().tracked == 1


def test_urllib3_of_the_application_is_part_of_the_trail(bench: Bench, debug: logging.Logger) -> None:
    with LoopbackServer() as server, e11y.scope("call the bank"):
        urllib3.PoolManager(retries=False).request("GET", f"{server.url}/balance")
        logging.getLogger("shop").error("no money")
    assert bench.messages[-1] == "no money"
    assert any("GET /balance" in message for message in bench.messages[:-1])


class Chatty:
    """Logs whenever it enriches, as the application's own plugin may."""

    name = "chatty"

    @hookimpl
    def e11y_enrich(self, schema: Schema) -> Enrich | None:
        return Enrich(self.number, needs=(), adds={"number": int}) if schema.name == "log.line" else None

    def number(self) -> int:
        logging.getLogger("chatty").error("enriching")
        log_line("error", "from a sink")
        return 7


def test_a_step_that_logs_does_not_come_back_to_itself(debug: logging.Logger) -> None:
    from e11y.adapters import MemoryAdapter

    memory = MemoryAdapter()
    settings = {"environment": "test", "plugins": ["logging", Chatty()]}
    with Runtime(settings, adapters={"logs": memory}, environ={}, event_types=()) as runtime:
        logging.getLogger("shop").info("said")
        logging.getLogger("shop").info("again")
        runtime.flush(20)
        assert runtime.ledger.snapshot().plugins["logging.inside_of_track"] == 4
    assert [record.payload["message"] for record in memory.records] == ["said", "again"]


def test_an_argument_that_logs_is_heard_first(bench: Bench, debug: logging.Logger) -> None:
    class Lazy:
        def __str__(self) -> str:
            logging.getLogger("shop.lazy").info("loading")
            return "loaded"

    logging.getLogger("shop").info("it is %s", Lazy())
    assert sorted(bench.messages) == ["it is loaded", "loading"]


def test_a_thread_of_a_plugin_makes_no_events(bench: Bench, debug: logging.Logger) -> None:
    def work() -> None:
        logging.getLogger("redis").error("lost the connection")
        log_line("error", "lost it", logger="redis")

    start_thread(work, name="e11y-test").join()
    logging.getLogger("redis").error("outside")
    assert bench.messages == ["outside"]


def test_what_e11y_says_is_no_event(make_bench: MakeBench, debug: logging.Logger) -> None:
    bench = make_bench(level_outside_scopes="DEBUG")
    logging.getLogger("shop").info("bad %d", "x")
    bench.runtime.faults.tell(final=True)
    assert bench.messages == ["bad %d"]


class Failing:
    capabilities = Capabilities()

    def write_batch(self, records: Sequence[Record]) -> None:
        raise ZeroDivisionError

    def healthy(self) -> bool:
        return False

    def close(self) -> None:
        pass


def test_an_adapter_that_fails_is_not_noticed(make_bench: MakeBench, debug: logging.Logger) -> None:
    bench = make_bench(adapters={"logs": Failing()})
    result: Any = logging.getLogger("shop").error("said")
    assert result is None
    bench.runtime.flush(20)
    bench.runtime.ledger.check()
