"""An outage of Loki costs no event, no caller's time and no exit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.outage.scenario import LASTING, OUTAGES, Destination, Outage, check, check_endless, check_exit


def table(url: str) -> dict[str, Any]:
    return {"type": "loki", "url": url, "timeout": "1s"}


def numbers(push: str) -> Iterator[int]:
    for stream in json.loads(push)["streams"]:
        for entry in stream["values"]:
            yield json.loads(entry[1])["payload"]["number"]


LOKI = Destination(table, numbers)


@pytest.mark.timeout(200)
@pytest.mark.parametrize("outage", OUTAGES, ids=str)
def test_an_outage_loses_nothing_and_nobody_notices(outage: Outage, tmp_path: Path) -> None:
    check(LOKI, outage, tmp_path)


def test_an_outage_without_end_makes_dead_letters_of_everything(tmp_path: Path) -> None:
    check_endless(LOKI, tmp_path)


@pytest.mark.parametrize("outage", LASTING, ids=str)
def test_a_process_ends_in_time_while_the_server_is_away(outage: Outage, tmp_path: Path) -> None:
    check_exit(LOKI, outage, tmp_path)
