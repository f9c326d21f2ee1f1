"""Workers that come and go by the thousand: few files, quick scrapes, no counter that goes down, nothing lost."""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).with_name("recycling.py")


def recycled(directory: Path, workers: int) -> dict[str, Any]:
    """Return what the program saw while so many workers came and went, 32 at a time."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), str(directory), str(workers), "32"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork")
@pytest.mark.timeout(300)
def test_recycled_workers_leave_their_numbers_and_nothing_else(tmp_path: Path) -> None:
    seen = recycled(tmp_path / "all", 2000)
    assert (seen["total"], seen["went_down"]) == (seen["expected"], [])
    assert seen["scrapes"] == 101
    assert seen["most_files"] <= 64
    assert seen["files_at_the_end"] == 3
    assert seen["median_cpu_s"] < 0.1
    medians = [seen["median_s"]]
    while medians[-1] >= 0.1 and len(medians) < 4:  # the machine may have had other work for a while
        medians.append(recycled(tmp_path / str(len(medians)), 200)["median_s"])
    assert medians[-1] < 0.1, medians


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="gunicorn needs a system that can fork"
)
@pytest.mark.timeout(300)
def test_workers_that_gunicorn_recycles(tmp_path: Path) -> None:
    """Fewer than above: each of them is a worker of a real server, and serves two requests."""
    program = PROGRAM.with_name("gunicorn_recycling.py")
    done = subprocess.run(
        [sys.executable, str(program), str(tmp_path), "200"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert (seen["total"], seen["went_down"]) == (200, [])
    assert seen["workers"] >= 80
    assert seen["scrapes"] >= 10
    assert seen["most_files"] <= 64
    assert seen["median_cpu_s"] < 0.1
