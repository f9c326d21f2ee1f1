"""The command line, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

APP = """
from e11y import Event
from e11y_versioning import deprecated


@deprecated(since="2.4", enforce_after="2020-06-30", use="OrderPaidV2")
class OrderPaid(Event):
    n: int


class OrderPaidV2(Event):
    n: int


@deprecated(message="nobody reads it")
class Noted(Event):
    pass
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "e11y.toml").write_text('plugins = ["versioning"]\n[versioning]\non_deprecated = "refuse"\n')
    return tmp_path


def e11y(app: Path, *arguments: str) -> str:
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("E11Y_", "PYTEST"))}
    ended = subprocess.run(
        [sys.executable, "-m", "e11y", "--app", "app", *arguments],
        cwd=app,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def test_versions_are_listed_under_their_shared_name(app: Path) -> None:
    assert e11y(app, "versioning", "list") == (
        "noted       v1  app.Noted  deprecated; nobody reads it\n"
        "order.paid  v1  app.OrderPaid  refused: deprecated since 2.4; wanted until 2020-06-30; use OrderPaidV2\n"
        "order.paid  v2  app.OrderPaidV2  current\n"
    )


def test_versions_are_listed_for_machines(app: Path) -> None:
    assert json.loads(e11y(app, "versioning", "list", "--json"))[1:] == [
        {
            "event": "order.paid",
            "version": 1,
            "type": "app.OrderPaid",
            "status": "refused",
            "words": "deprecated since 2.4; wanted until 2020-06-30; use OrderPaidV2",
        },
        {"event": "order.paid", "version": 2, "type": "app.OrderPaidV2", "status": "current", "words": ""},
    ]


def test_explain_shows_what_is_delivered_and_refused(app: Path) -> None:
    shown = e11y(app, "explain", "OrderPaid")
    assert (
        "    versioning: keeps or drops: refuses all: deprecated since 2.4; wanted until 2020-06-30; use OrderPaidV2\n"
    ) in shown
    assert "    versioning: metadata v: delivered as order.paid, version 2\n" in e11y(app, "explain", "OrderPaidV2")
