"""Every hop in ``docs/explanation/context.md`` is a test that exists, and every test of a hop stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(180)  # it collects the tests of nearly every package

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "explanation" / "context.md"
NAMED = re.findall(r"`([\w/-]+\.py)::([^`]+)`", PAGE.read_text("utf-8"))
HOP = "test_context_survives"


def path_of(file: str) -> str:
    """Return the one test module whose path ends with ``file``."""
    found = [path for where in ("core", "plugins", "tests") for path in (ROOT / where).rglob(file)]
    assert len(found) == 1, f"{file} is {len(found)} files"
    return str(found[0].relative_to(ROOT))


@pytest.fixture(scope="module")
def collected() -> frozenset[str]:
    """Return the ids of all tests in the modules that the page names."""
    files = sorted({path_of(file) for file, _ in NAMED})
    command = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", *files]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=150, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return frozenset(line for line in answer.stdout.splitlines() if "::" in line)


def test_every_row_names_a_test(collected: frozenset[str]) -> None:
    assert len(NAMED) > 30
    assert [f"{file}::{test}" for file, test in NAMED if f"{path_of(file)}::{test}" not in collected] == []


def test_no_hop_is_missing(collected: frozenset[str]) -> None:
    hops = {one for one in collected if one.partition("::")[2].startswith(HOP)}
    assert hops
    assert sorted(hops - {f"{path_of(file)}::{test}" for file, test in NAMED}) == []
