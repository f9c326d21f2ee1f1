"""Peers and yardsticks must do the work that they are credited with: one line per event, with its values."""

from collections import deque
from pathlib import Path

import pytest

from benchmarks.cases import CASES
from benchmarks.workload import EVENT, rows

DATA = rows(300)


@pytest.mark.parametrize("name", ["structlog", "otel", "stdlib", "stdlib-orjson", "loguru"])
def test_a_peer_writes_every_event_with_its_values(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    if case.missing():
        pytest.skip(f"{case.missing()} is not installed; see benchmarks/requirements.txt")
    with case.open(tmp_path) as emitter:
        emitter.run(DATA)
        emitter.drain()
    (file,) = tmp_path.iterdir()
    lines = file.read_text().splitlines()
    assert len(lines) == len(DATA)
    for line, (order_id, customer_id, amount, currency) in zip(lines, DATA, strict=True):
        for expected in (EVENT, order_id, str(customer_id), str(amount), currency):
            assert expected in line


@pytest.mark.parametrize("name", ["loop", "empty", "floor", "structlog-filtered"])
def test_a_yardstick_writes_nothing(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    if case.missing():
        pytest.skip(f"{case.missing()} is not installed; see benchmarks/requirements.txt")
    with case.open(tmp_path) as emitter:
        emitter.run(DATA)
        emitter.drain()
    assert [file.read_bytes() for file in tmp_path.iterdir()] in ([], [b""])


def test_the_floor_checks_every_field_and_queues_one_tuple_per_event(tmp_path: Path) -> None:
    with CASES["floor"].open(tmp_path) as emitter:
        queue = emitter.drain.__self__  # type: ignore[attr-defined]  # `drain` is the queue's `clear`
        assert isinstance(queue, deque)
        emitter.run(DATA)
        assert [entry[3:] for entry in queue] == DATA
        emitter.run([("", 1, 1.0, "EUR"), ("o", 0, 1.0, "EUR"), ("o", 1, 0.0, "EUR"), ("o", 1, 1.0, "EURO")])
        assert len(queue) == len(DATA)
