"""An outage of Loki costs no event, no caller's time and no exit."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.outage.scenario import OUTAGES, Application, Destination, Outage, Sink, run


def table(url: str) -> dict[str, Any]:
    return {"type": "loki", "url": url, "timeout": "1s"}


def numbers(push: str) -> Iterator[int]:
    for stream in json.loads(push)["streams"]:
        for entry in stream["values"]:
            yield json.loads(entry[1])["payload"]["number"]


LOKI = Destination(table, numbers)


@pytest.mark.parametrize("outage", OUTAGES, ids=str)
def test_an_outage_loses_nothing_and_nobody_notices(outage: Outage, tmp_path: Path) -> None:
    report = run(LOKI, outage, tmp_path)
    print(report.summary())
    report.check()


def test_an_outage_without_end_makes_dead_letters_of_everything(tmp_path: Path) -> None:
    sink = Sink(tmp_path / "sink")
    lane = {"give_up_after": "1s", "breaker_probe_after": "100ms", "breaker_probe_cap": "200ms"}
    application = Application(tmp_path / "application", {**table(sink.url), **lane}, events=4_000)
    sink.stop()
    application.hears("tracked")
    result = application.finish()
    letters = application.letters()
    assert sorted(number for number, _ in letters) == list(range(4_000))
    assert {reason for _, reason in letters} <= {"expired: not accepted for 1 s"}
    assert (result["dead_lettered"], result["given_up"], result["shed"]) == (4_000, 0, 0)


@pytest.mark.parametrize("begin", [outage.begin for outage in OUTAGES[:4:3]], ids=["killed", "black-holed"])
def test_a_process_ends_in_time_while_the_server_is_away(begin: Any, tmp_path: Path) -> None:
    sink = Sink(tmp_path / "sink")
    asked = {"events": 4_000, "flush_s": 0.1, "shutdown_s": 2.0}
    application = Application(tmp_path / "application", {**table(sink.url), "timeout": "30s"}, **asked)
    try:
        begin(sink)
        application.hears("tracked")
        began = time.monotonic()
        result = application.finish()
        assert time.monotonic() - began < 2.0 + 0.1 + 1.0
    finally:
        sink.stop()
    assert result["shutdown_s"] < 2.2
    kept = {number for number, _ in application.letters()}
    taken, _ = sink.taken(numbers)
    assert kept | set(taken) == set(range(4_000))
    assert result["dead_lettered"] == len(application.letters())
    assert result["delivered"] + result["dead_lettered"] + result["given_up"] == result["tracked"]
