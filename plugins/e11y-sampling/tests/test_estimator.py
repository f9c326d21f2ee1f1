"""Counts are recoverable: sums of ``1 / sample_rate`` come close to the truth, as close as chance allows."""

from __future__ import annotations

import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("estimator.py")


@pytest.mark.timeout(300)
def test_a_million_events_are_counted_from_their_records() -> None:
    # 200 000 for each of five seeds are a million; the same again by trace. All of it through track().
    ended = subprocess.run(
        [sys.executable, SCRIPT, "--events", "200000", "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=290,
    )
    assert ended.stderr == ""
    rows = json.loads(ended.stdout)
    severities = ("debug", "info", "success", "warn", "error", "fatal")
    expected = set(product(("each by itself", "by trace"), range(1, 6), severities))
    assert {(row["mode"], row["seed"], row["severity"]) for row in rows} == expected
    for row in rows:
        assert abs(row["z"]) <= 4, row
    for row in rows:
        if row["severity"] in ("error", "fatal"):
            assert row["estimate"] == row["truth"], row
    sampled = [row for row in rows if row["rate"] < 1]
    assert all(row["z"] != 0 for row in sampled)
    # what is estimated is spread as widely as the standard error says: neither guessed nor flattered
    mean_square = sum(row["z"] ** 2 for row in sampled) / len(sampled)
    assert 0.4 < mean_square < 2.0
    # and traces say less about counts than single events do
    errors = {
        mode: sum(row["standard_error"] for row in sampled if row["mode"] == mode)
        for mode in ("by trace", "each by itself")
    }
    assert errors["by trace"] > 1.5 * errors["each by itself"]
    assert ended.returncode == 0
