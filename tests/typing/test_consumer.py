"""What an application's author sees: both type checkers refuse exactly the lines that say so."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

CONSUMER = Path(__file__).parent / "consumer"
Lines = dict[str, set[int]]


@cache
def refused_by_mypy() -> Lines:
    command = [sys.executable, "-m", "mypy", "--output=json", "--no-error-summary", "--cache-dir", "/dev/null", "."]
    answer = subprocess.run(command, cwd=CONSUMER, capture_output=True, text=True, check=False)
    assert answer.returncode in (0, 1), answer.stdout + answer.stderr
    errors = [json.loads(line) for line in answer.stdout.splitlines()]
    return by_file((error["file"], error["line"]) for error in errors if error["severity"] == "error")


@cache
def refused_by_basedpyright() -> Lines:
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--project", "."]
    command += ["--pythonpath", sys.executable]
    answer = subprocess.run(command, cwd=CONSUMER, capture_output=True, text=True, check=False)
    assert answer.returncode in (0, 1), answer.stdout + answer.stderr
    errors = json.loads(answer.stdout)["generalDiagnostics"]
    return by_file((error["file"], error["range"]["start"]["line"] + 1) for error in errors)


def by_file(found: Iterable[tuple[str, int]]) -> Lines:
    lines: Lines = {}
    for file, line in found:
        lines.setdefault(Path(file).name, set()).add(line)
    return lines


def marked(file: Path, checker: str) -> set[int]:
    """Return the lines with ``# error: ...`` (both checkers) or ``# error in mypy: ...`` (that one only)."""
    marks = ("  # error: ", f"  # error in {checker}: ")
    lines = file.read_text("utf-8").splitlines()
    return {number for number, line in enumerate(lines, start=1) if any(mark in line for mark in marks)}


CHECKERS = {"mypy": refused_by_mypy, "basedpyright": refused_by_basedpyright}
FILES = sorted(CONSUMER.glob("*.py"))


@pytest.mark.timeout(180)
@pytest.mark.parametrize("file", FILES, ids=[file.name for file in FILES])
@pytest.mark.parametrize("checker", CHECKERS)
def test_exactly_the_marked_lines_are_refused(checker: str, file: Path) -> None:
    expected = marked(file, checker)
    refused = CHECKERS[checker]().get(file.name, set())
    assert refused == expected, f"marked, not refused: {expected - refused}; refused, not marked: {refused - expected}"


def test_each_file_of_mistakes_has_some() -> None:
    assert all(marked(file, "mypy") for file in FILES if file.name.startswith("bad_"))
    assert not marked(CONSUMER / "good.py", "mypy")
