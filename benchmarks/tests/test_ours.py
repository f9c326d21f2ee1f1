"""The cases of e11y must do what their titles say, or their figures mean nothing."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import e11y
from benchmarks.case import Emitter
from benchmarks.cases import CASES, ours
from benchmarks.workload import EVENT, rows

DATA = rows(500)


@contextmanager
def ran(name: str, directory: Path) -> Iterator[Emitter]:
    with CASES[name].open(directory) as emitter:
        with emitter.around():
            emitter.run(DATA)
        emitter.drain()
        yield emitter


def written(directory: Path) -> list[dict[str, object]]:
    with gzip.open(directory / ours.LOGS, "rb") as file:
        return [json.loads(line) for line in file]


@pytest.mark.parametrize("name", ["e11y-track", "e11y-held", "e11y-unconcerned"])
def test_every_event_is_in_the_file_once_with_its_values(name: str, tmp_path: Path) -> None:
    with ran(name, tmp_path):
        assert e11y.ledger().check().lanes["logs"].delivered == len(DATA)
    lines = written(tmp_path)
    assert [line["payload"] for line in lines] == [
        {"order_id": order_id, "customer_id": customer_id, "amount": amount, "currency": currency}
        for order_id, customer_id, amount, currency in DATA
    ]
    assert {line["event_name"] for line in lines} == {EVENT}


def test_each_of_the_five_plugins_leaves_its_mark(tmp_path: Path) -> None:
    with ran("e11y-concerned", tmp_path):
        e11y.ledger().check()
    lines = written(tmp_path)
    assert len(lines) == len(DATA)
    assert lines[0]["payload"] == {
        "order_id": "o-***",
        "customer_id": 1,
        "amount": 0.99,
        "currency": "EUR",
        "region": "eu",
    }
    assert "sample_rate" in str(lines[0]["metadata"])


def test_debug_events_are_buffered_whole_and_discarded(tmp_path: Path) -> None:
    with ran("e11y-buffered", tmp_path):
        ledger = e11y.ledger().check()
    assert (ledger.tracked, ledger.discarded, ledger.dropped) == (len(DATA), len(DATA), {})
    assert written(tmp_path) == []


def test_a_disabled_library_counts_and_does_no_more(tmp_path: Path) -> None:
    with ran("e11y-disabled", tmp_path):
        assert e11y.ledger().check().disabled == len(DATA)


def test_every_invalid_event_is_reported(tmp_path: Path) -> None:
    with ran("e11y-invalid", tmp_path):
        assert e11y.ledger().check().invalid == len(DATA)


def test_the_consumer_is_held_back_as_long_as_asked(tmp_path: Path) -> None:
    with ran("e11y-held", tmp_path) as emitter:
        assert emitter.held is not None
        with emitter.held():
            emitter.run(DATA)
            assert e11y.ledger().snapshot().in_intake == len(DATA)
        emitter.drain()
        assert e11y.ledger().snapshot().in_intake == 0
