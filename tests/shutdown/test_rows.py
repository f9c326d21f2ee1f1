"""Every row of the matrix: what was tracked before the end arrives, once, and dead adapters neither prevent nor delay it."""

from __future__ import annotations

import sys

import pytest

from tests.shutdown.conftest import Runs
from tests.shutdown.rows import ROWS, Row
from tests.shutdown.run import COUNT, DEAD_DEADLINE_S, DEADLINE_S, Result
from tools.shutdown import NOT_RUN, PAGE, VERSIONS, cell, shown

VERSION = "{}.{}".format(*sys.version_info)
NAMED = {row.name: row for row in ROWS}


def check_complete(result: Result, within_s: float) -> None:
    """Check that nothing was lost, nothing arrived twice, and every process knows what became of its events, in time."""
    once = dict.fromkeys(range(COUNT), 1)
    assert (result.http, result.file) == (once, once), result.log
    assert [ledger["imbalances"] for ledger in result.ledgers if ledger["imbalances"]] == []
    assert sum(ledger["tracked"] for ledger in result.ledgers) == COUNT
    for name in ("http", "file"):
        assert sum(ledger["delivered"][name] for ledger in result.ledgers) == COUNT
    assert max(ledger["seconds"] for ledger in result.ledgers) < within_s


@pytest.mark.timeout(170)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(row: Row, runs: Runs) -> None:
    alone, beside = runs.of(row)
    if row.loses(VERSION):
        assert alone.arrived() < COUNT, "this row loses nothing any more: say so in rows.py"
        alone, beside = runs.of(NAMED[row.around])
    check_complete(alone, DEADLINE_S / 2)
    check_complete(beside, DEAD_DEADLINE_S + 10)  # the silent adapter would wait for a minute
    assert beside.given_up() == COUNT


def test_a_way_around_is_a_row_that_loses_nothing() -> None:
    assert len(NAMED) == len(ROWS)
    assert [row.name for row in ROWS if row.around and NAMED[row.around].around] == []


def test_the_page_shows_what_was_found(found: dict[str, list[int]]) -> None:
    """As far as this session went; it stands below the tests of the rows.

    Of a row that loses events only what arrived alone: beside dead adapters it may depend on which came first.
    """
    if VERSION in VERSIONS:
        page = shown(PAGE.read_text("utf-8"))
        told = {name: page.get((name, VERSION), NOT_RUN) for name in found}
        seen = {name: cell(one) for name, one in found.items()}
        for name in found:
            if NAMED[name].loses(VERSION):
                told[name], seen[name] = told[name].split(" / ")[0], seen[name].split(" / ")[0]
        assert told == seen
