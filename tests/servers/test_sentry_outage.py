"""An outage of Sentry costs no issue, no caller's time and no exit; each event is a request of its own there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.outage.scenario import LASTING, OUTAGES, Destination, Outage, check, check_endless, check_exit


def table(url: str) -> dict[str, Any]:
    return {"type": "sentry", "dsn": f"{url.replace('//', '//key@')}/1", "release": "1.0", "timeout": "1s"}


def numbers(envelope: str) -> Iterator[int]:
    """Source: Sentry, "Envelopes": a header, then for each item a header and a payload, a line each."""
    _, *items = envelope.splitlines()
    for header, payload in zip(items[::2], items[1::2], strict=True):
        if json.loads(header)["type"] == "event":
            yield json.loads(payload)["contexts"]["payload"]["number"]


SENTRY = Destination(table, numbers, severity="error", quiet={"sample_rate": 0.0})


@pytest.mark.timeout(600)
@pytest.mark.parametrize("outage", OUTAGES, ids=str)
def test_an_outage_loses_nothing_and_nobody_notices(outage: Outage, tmp_path: Path) -> None:
    check(SENTRY, outage, tmp_path)


def test_an_outage_without_end_makes_dead_letters_of_everything(tmp_path: Path) -> None:
    check_endless(SENTRY, tmp_path)


@pytest.mark.parametrize("outage", LASTING, ids=str)
def test_a_process_ends_in_time_while_the_server_is_away(outage: Outage, tmp_path: Path) -> None:
    check_exit(SENTRY, outage, tmp_path)
