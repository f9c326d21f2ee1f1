"""The cases that deliver must deliver, or their figures mean nothing."""

import gzip
import json
import urllib.request
from pathlib import Path

import pytest

import e11y
from benchmarks.cases import CASES, destinations
from benchmarks.sink import sink
from benchmarks.workload import rows

DATA = rows(2_000)
PASSES = 8
"""As many as make the file of `rotated` turn."""


def order_ids(lines: list[bytes]) -> list[str]:
    return [json.loads(line)["payload"]["order_id"] for line in lines]


def test_every_event_is_in_the_file(tmp_path: Path) -> None:
    with CASES["e11y-file"].open(tmp_path) as emitter:
        emitter.run(DATA)
        emitter.drain()
        assert order_ids((tmp_path / destinations.FILE).read_bytes().splitlines()) == [row[0] for row in DATA]


def test_what_was_rotated_is_compressed_once_it_is_drained(tmp_path: Path) -> None:
    with CASES["e11y-rotated"].open(tmp_path) as emitter:
        for _ in range(PASSES):
            emitter.run(DATA)
        emitter.drain()
        lines = (tmp_path / destinations.FILE).read_bytes().splitlines()
        compressed = sorted(tmp_path.glob("*.gz"))
        assert compressed
        assert {path.name for path in tmp_path.glob("events*.jsonl")} == {destinations.FILE}
        for path in compressed:
            lines += gzip.decompress(path.read_bytes()).splitlines()
    assert sorted(order_ids(lines)) == sorted(row[0] for row in list(DATA) * PASSES)


def test_the_push_api_takes_every_event(tmp_path: Path) -> None:
    with CASES["e11y-loki"].open(tmp_path) as emitter:
        emitter.run(DATA)
        emitter.drain()
        lane = e11y.ledger().check().lanes["logs"]
        assert (lane.delivered, lane.retries) == (len(DATA), 0)


def test_the_otlp_exporter_has_nothing_to_complain_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    case = CASES["otel-otlp"]
    if case.missing():
        pytest.skip(f"{case.missing()} is not installed; see benchmarks/requirements.txt")
    with case.open(tmp_path) as emitter:
        emitter.run(DATA)
        assert emitter.drain() is True  # type: ignore[func-returns-value]  # what the SDK's force_flush says
    assert caplog.records == []


def test_a_sink_answers_each_request() -> None:
    with sink() as url:
        for body in (b"", b"x" * 100_000):
            with urllib.request.urlopen(urllib.request.Request(url, data=body, method="POST"), timeout=30) as answer:
                assert answer.status == 200
