"""An outage of Loki costs no event, no caller's time and no exit."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.outage.scenario import OUTAGES, Application, Destination, Outage, Sink, check


def table(url: str) -> dict[str, Any]:
    return {"type": "loki", "url": url, "timeout": "1s"}


def numbers(push: str) -> Iterator[int]:
    for stream in json.loads(push)["streams"]:
        for entry in stream["values"]:
            yield json.loads(entry[1])["payload"]["number"]


LOKI = Destination(table, numbers)


@pytest.mark.timeout(200)
@pytest.mark.parametrize("outage", OUTAGES, ids=str)
def test_an_outage_loses_nothing_and_nobody_notices(outage: Outage, tmp_path: Path) -> None:
    check(LOKI, outage, tmp_path)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    sink = Sink(tmp_path / "sink")
    yield sink
    sink.stop()


@pytest.fixture
def load(sink: Sink, tmp_path: Path) -> Iterator[Callable[..., Application]]:
    """Return a function that starts an application with 4 000 events for the sink."""
    with ExitStack() as stack:

        def start(lane: Mapping[str, Any], **asked: Any) -> Application:
            application = Application(tmp_path / "application", {**table(sink.url), **lane}, events=4_000, **asked)
            stack.callback(application.stop)
            return application

        yield start


def test_an_outage_without_end_makes_dead_letters_of_everything(sink: Sink, load: Any) -> None:
    application = load({"give_up_after": "1s", "breaker_probe_after": "100ms", "breaker_probe_cap": "200ms"})
    sink.stop()
    application.hears("tracked")
    result = application.finish()
    letters = application.letters()
    assert sorted(number for number, _ in letters) == list(range(4_000))
    assert {reason for _, reason in letters} == {"expired: not accepted for 1 s"}
    assert (result["dead_lettered"], result["given_up"], result["shed"]) == (4_000, 0, 0)


@pytest.mark.parametrize("name", ["killed", "black-holed"])
def test_a_process_ends_in_time_while_the_server_is_away(sink: Sink, load: Any, name: str) -> None:
    application = load({"timeout": "30s"}, flush_s=0.1, shutdown_s=2.0)
    (outage,) = [outage for outage in OUTAGES if outage.name == name]
    outage.begin(sink)
    application.hears("tracked")
    began = time.monotonic()
    result = application.finish()
    assert time.monotonic() - began < 2.0 + 0.1 + 1.0  # the last for the end of the interpreter
    assert result["shutdown_s"] < 2.2
    sink.stop()
    kept = {number for number, _ in application.letters()}
    taken, _ = sink.taken(numbers)
    assert kept | set(taken) == set(range(4_000))
    assert result["delivered"] + result["dead_lettered"] + result["given_up"] == result["tracked"]
