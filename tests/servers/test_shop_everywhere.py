"""The shop sends to a file, to Loki and to Sentry; what its demonstration claims about them is true, or refuted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import attrs
import pytest

from shop.demo.mix import mix
from shop.everywhere.checks import check
from shop.everywhere.holdings import Holdings
from shop.everywhere.outage import Run, run

pytestmark = [pytest.mark.timeout(900), pytest.mark.usefixtures("built")]  # Bugsink may have to be installed first

FILE = "the file holds"
LETTERS = "all that it lacks and no more"
REPLAY = "e11y dlq replay sent them to Loki alone, and left none"
LOKI = "each once, byte for byte as in the file"
SENTRY = "one for each error, with its debug trail as breadcrumbs"
ADDRESSES = "no mail address in the file, in Loki, in Sentry, among the dead letters"
STOPPED = "with everything delivered or kept"
LEDGER = "the ledger balances, and counts what the requests did and what they left"
LANES = "the ledger counts what Loki, Sentry and the dead letters held"
CLAIMS = (FILE, LETTERS, REPLAY, LOKI, SENTRY, ADDRESSES, STOPPED, LEDGER, LANES)
OF_REQUESTS = 9


def test_the_demo_holds_on_one_screen() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "shop", "--everywhere", "--requests", "900"],
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("E11Y_")},
        timeout=600,
        check=False,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == "starting VictoriaLogs and Bugsink, which is installed the first time\n"
    assert sum(line.startswith("ok ") for line in lines) == OF_REQUESTS + len(CLAIMS)
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100


@pytest.fixture(scope="module")
def honest(built: None, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run(tmp_path_factory.mktemp("everywhere"), mix(600), threads=3)


def refuted(found: Run) -> list[str]:
    failed = [one.claim for one in check(found) if not one.held]
    return [claim for claim in CLAIMS if any(claim in text for text in failed)]


def line_of(found: Run, name: str) -> bytes:
    wanted = f'"event_name":"{name}"'.encode()
    return next(line for line in found.before.file.splitlines(keepends=True) if wanted in line)


def without(found: Run, adapter: str, state: str) -> Run:
    """Return a run whose ledger counts one record less."""
    ledger: dict[str, Any] = {**(found.stop.ledger or {})}
    lane = ledger["lanes"][adapter]
    ledger["lanes"] = {**ledger["lanes"], adapter: {**lane, state: lane[state] - 1}}
    return replace(found, stop=replace(found.stop, ledger=ledger))


def test_a_real_run_refutes_nothing(honest: Run) -> None:
    assert [one for one in check(honest) if not one.held] == []
    assert honest.before.letters


def after(**changes: Callable[[Holdings], Any]) -> Callable[[Run], Run]:
    return lambda found: replace(
        found, after=replace(found.after, **{name: change(found.after) for name, change in changes.items()})
    )


def before(**changes: Callable[[Holdings], Any]) -> Callable[[Run], Run]:
    return lambda found: replace(
        found, before=replace(found.before, **{name: change(found.before) for name, change in changes.items()})
    )


def with_data(held: Holdings, index: int, changes: Mapping[str, Any]) -> list[Any]:
    """Return the events of Sentry, with other data in one of them."""
    events = list(held.sentry)
    events[index] = attrs.evolve(events[index], data={**events[index].data, **changes})
    return events


@pytest.mark.parametrize(
    ("change", "claims"),
    [
        (lambda found: after(file=lambda held: held.file + line_of(found, "order.paid"))(found), [FILE, REPLAY, LOKI]),
        (after(loki=lambda held: held.loki[1:]), [LOKI]),
        (after(loki=lambda held: [*held.loki, held.loki[0]]), [LOKI]),
        (after(loki=lambda held: [{**held.loki[0], "_msg": "{}"}, *held.loki[1:]]), [LOKI]),
        (after(loki=lambda held: [{**held.loki[0], "severity": "debug"}, *held.loki[1:]]), [LOKI]),
        (after(loki=lambda held: [{**held.loki[0], "_time": "2026-01-31T12:00:00.5Z"}, *held.loki[1:]]), [LOKI]),
        (after(letters=lambda held: [{}]), [REPLAY]),
        (lambda found: replace(found, replay=replace(found.replay, exit_status=1)), [REPLAY]),
        (before(letters=lambda held: held.letters[1:]), [LETTERS, LANES]),
        (before(letters=lambda held: [*held.letters, held.letters[0]]), [LETTERS, LANES]),
        (before(letters=lambda held: [{**one, "adapter": "archive"} for one in held.letters]), [LETTERS]),
        (before(letters=lambda held: [{**one, "reason": "rejected: 400"} for one in held.letters]), [LETTERS]),
        (before(letters=lambda held: [], loki=lambda held: [*held.loki, *held.letters]), [LETTERS, LANES]),
        (before(loki=lambda held: held.loki[1:]), [LETTERS, LANES]),
        (after(sentry=lambda held: held.sentry[1:]), [REPLAY, SENTRY]),
        (after(sentry=lambda held: [*held.sentry, held.sentry[0]]), [REPLAY, SENTRY]),
        (after(sentry=lambda held: with_data(held, 0, {"breadcrumbs": {"values": []}})), [REPLAY, SENTRY]),
        (after(sentry=lambda held: with_data(held, 0, {"event_id": "0" * 32})), [REPLAY, SENTRY]),
        (after(sentry=lambda held: with_data(held, 0, {"message": "to eve@example.org"})), [REPLAY, ADDRESSES]),
        (after(loki=lambda held: [{**held.loki[0], "user": "eve@example.org"}, *held.loki[1:]]), [ADDRESSES]),
        (before(segments=lambda held: held.segments + b" 550 <bob@bounce.example>"), [ADDRESSES]),
        (before(segments=lambda held: b""), [ADDRESSES]),
        (lambda found: replace(found, stop=replace(found.stop, exit_status=-9)), [STOPPED]),
        (lambda found: without(found, "archive", "delivered"), [STOPPED, LEDGER]),
        (lambda found: without(found, "logs", "dead_lettered"), [STOPPED, LANES]),
        (lambda found: without(found, "errors_tracker", "delivered"), [STOPPED, LANES]),
        (lambda found: replace(found, stop=replace(found.stop, ledger=None)), [STOPPED, LEDGER, LANES]),
    ],
    ids=[
        "a line twice in the file",
        "a record that Loki lacks",
        "a record twice in Loki",
        "other bytes in Loki",
        "another severity in Loki",
        "another time in Loki",
        "a letter left",
        "a replay that failed",
        "a record neither in Loki nor kept",
        "a letter twice",
        "a letter of another adapter",
        "a letter for another reason",
        "no outage",
        "a record lost before the replay",
        "an error that Sentry lacks",
        "an error twice in Sentry",
        "an event without its trail",
        "an event with another id",
        "an address in Sentry",
        "an address in Loki",
        "an address in a dead letter",
        "letters without bytes",
        "a server that was killed",
        "a count of the file",
        "a count of the dead letters",
        "a count of Sentry",
        "no ledger",
    ],
)
def test_what_is_not_so_is_noticed(honest: Run, change: Callable[[Run], Run], claims: list[str]) -> None:
    assert refuted(change(honest)) == claims


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes").touch()
    command = [sys.executable, "-m", "shop", "--everywhere", "--keep", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"FAILED  {tmp_path} is not empty")
    assert [file.name for file in tmp_path.iterdir()] == ["notes"]
