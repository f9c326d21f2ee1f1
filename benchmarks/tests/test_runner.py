"""Measurements run for real here, as short as they can be."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks.case import Case
from benchmarks.cases import yardsticks
from benchmarks.cli import main
from benchmarks.pace import ticks
from benchmarks.plan import Task
from benchmarks.runner import run
from benchmarks.workload import row, rows

Captured = pytest.CaptureFixture[str]


def test_a_fresh_process_weighs_the_queue_of_the_floor() -> None:
    result = run(Task(sys.executable, "retained", "floor", 0), quick=True, seed=1)
    assert result.problem == ""
    assert 100 < result.values["bytes"] < 300


def test_a_process_that_fails_is_told_and_stops_nothing() -> None:
    result = run(Task(sys.executable, "retained", "empty", 0), quick=True, seed=1)
    assert result.values == {}
    assert result.problem == "ValueError: case 'empty' has no queue to weigh; choose one that says how it is held"


def test_an_interpreter_without_the_peer_says_so() -> None:
    assert Case("x", "x", yardsticks.loop, ("no_such_module",)).missing() == "no_such_module"
    assert Case("x", "x", yardsticks.loop, ("json",)).missing() == ""


def test_the_command_prints_a_table_and_writes_everything_it_measured(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "all.json"
    assert main(["--quick", "--only", "empty", "--rounds", "2", "--json", str(file), "--seed", "7"]) == 0
    assert "empty function, same signature" in capsys.readouterr().out
    written = json.loads(file.read_text())
    assert [result["task"]["round"] for result in written["results"]] == [0, 1]
    assert written["results"][0]["values"]["wall/floor"] < 1
    assert written["seed"] == 7


def test_check_fails_when_a_promise_could_not_be_measured(tmp_path: Path, capsys: Captured) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\n[ "$1" = -c ] && exec "{sys.executable}" "$@"\necho "no such luck" >&2; exit 3\n')
    python.chmod(0o700)
    asked = ["--quick", "--only", "import", "--rounds", "1", "--python", str(python)]
    assert main([*asked, "--check"]) == 1
    assert "import e11y-track: no such luck" in capsys.readouterr().out
    assert main(asked) == 0


def test_an_interpreter_that_does_not_run_is_refused_before_anything_is_measured(
    capsys: Captured,
) -> None:
    with pytest.raises(SystemExit):
        main(["--python", "/no/such/python"])
    assert "argument --python: /no/such/python does not run Python" in capsys.readouterr().err


@pytest.mark.parametrize("number", [0, 1, 99_990, 99_991, 1_000_000])
def test_every_row_satisfies_the_constraints_of_the_event(number: int) -> None:
    order_id, customer_id, amount, currency = row(number)
    assert order_id
    assert customer_id > 0
    assert amount > 0
    assert len(currency) == 3


def test_rows_are_numbered_on() -> None:
    assert rows(2, start=5) == [row(5), row(6)]


def test_ticks_are_never_skipped() -> None:
    assert list(ticks(0.02)) == list(range(20))
