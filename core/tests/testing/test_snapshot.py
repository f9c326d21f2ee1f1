"""Snapshots keep what the application said."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from e11y.severity import Severity
from e11y.testing.samples import make_record
from e11y.testing.snapshot import Snapshots


@pytest.fixture
def snapshots(tmp_path: Path) -> Callable[..., Snapshots]:
    return lambda update=False: Snapshots(tmp_path / "snapshots", "test_pay[a/b]", "pytest --update x", update)


RECORDS = [
    make_record(1, {"amount": Decimal("9.99"), "at": datetime(2026, 1, 31, tzinfo=UTC), "name": "Zoë"}),
    make_record(2, severity=Severity.INFO, version=2),
]


def test_a_missing_snapshot_says_how_to_write_it(snapshots: Callable[..., Snapshots], tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as failure:
        snapshots().check(RECORDS, None, ())
    assert str(failure.value) == "there is no snapshot test_pay_a_b.json yet\n  write it: pytest --update x"
    assert not (tmp_path / "snapshots").exists()


def test_a_snapshot_holds_what_was_said_and_nothing_volatile(
    snapshots: Callable[..., Snapshots], tmp_path: Path
) -> None:
    snapshots(update=True).check(RECORDS, None, ())
    text = (tmp_path / "snapshots" / "test_pay_a_b.json").read_text(encoding="utf-8")
    assert json.loads(text) == [
        {
            "event_name": "kit.sample",
            "severity": "error",
            "version": 1,
            "payload": {
                "mark": "kit-mark-00001-end",
                "amount": "9.99",
                "at": "2026-01-31T00:00:00Z",
                "name": "Zoë",
            },
        },
        {"event_name": "kit.sample", "severity": "info", "version": 2, "payload": {"mark": "kit-mark-00002-end"}},
    ]
    assert "Zoë" in text
    snapshots().check(RECORDS, None, ())
    moved = [make_record(1, dict(RECORDS[0].payload), time_ns=5, trace=6, span=7, metadata={}), RECORDS[1]]
    snapshots().check(moved, None, ())


def test_a_difference_is_shown(snapshots: Callable[..., Snapshots]) -> None:
    snapshots(update=True).check(RECORDS, "paid", ())
    with pytest.raises(AssertionError) as failure:
        snapshots().check([RECORDS[0], make_record(3, severity=Severity.INFO, version=2)], "paid", ())
    assert str(failure.value).splitlines() == [
        "paid.json differs",
        "--- snapshot",
        "+++ this run",
        "@@ -15,7 +15,7 @@",
        '     "severity": "info",',
        '     "version": 2,',
        '     "payload": {',
        '-      "mark": "kit-mark-00002-end"',
        '+      "mark": "kit-mark-00003-end"',
        "     }",
        "   }",
        " ]",
        "  accept it: pytest --update x",
    ]


def test_fields_that_change_can_be_ignored(snapshots: Callable[..., Snapshots]) -> None:
    snapshots(update=True).check(RECORDS, "paid", ("mark",))
    snapshots().check([make_record(9, dict(RECORDS[0].payload) | {"mark": "x"}), RECORDS[1]], "paid", ("mark",))
