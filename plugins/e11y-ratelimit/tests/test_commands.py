"""The command line, in a process of its own: which limits hold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

APP = """
from e11y import AuditEvent, Event
from e11y_ratelimit import rate_limit


@rate_limit(3, per="1m", key="user_id")
@rate_limit(20, on_excess="dead_letter")
class LoginRefused(Event):
    user_id: str


class CartViewed(Event):
    pass


class CartEmptied(Event):
    pass


@rate_limit(False)
class Beat(Event):
    pass


class Erased(AuditEvent, adapters=["audit"]):
    pass
"""

SETTINGS = """
plugins = ["ratelimit"]
[adapters.audit]
type = "memory"
[ratelimit]
limit = 100
on_excess = "sample"
[[ratelimit.events]]
match = "cart.*"
limit = 50
shared = true
[[ratelimit.events]]
match = "cart.emptied"
limit = 5
per = "1h"
[[ratelimit.keys]]
by = "tenant"
match = "cart.*"
limit = 7
"""

GLOBAL = "100 per 1s over all, 0.1 of the rest kept"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "e11y.toml").write_text(SETTINGS)
    return tmp_path


def e11y(app: Path, *arguments: str) -> str:
    """Run the command line; return what it prints."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("E11Y_", "PYTEST"))}
    command = [sys.executable, "-W", "error", "-m", "e11y", "--app", "app", *arguments]
    ended = subprocess.run(command, cwd=app, env=environ, capture_output=True, text=True, check=True, timeout=50)
    return ended.stdout


def test_every_limit_is_listed(app: Path) -> None:
    assert e11y(app, "ratelimit", "list").splitlines() == [
        "beat               no limit: taken out by @rate_limit(False)",
        f"cart.emptied       7 per 1s by tenant of the context over all cart.*; 5 per 1h; {GLOBAL}",
        f"cart.viewed        7 per 1s by tenant of the context over all cart.*; 50 per 1s over all cart.*; {GLOBAL}",
        "e11y.rate_limited  no limit: taken out by @rate_limit(False)",
        "erased             no limit: audit events are never limited",
        f"login.refused      3 per 1m by user_id; 20 per 1s, the rest to the dead letters; {GLOBAL}",
    ]


def test_every_limit_is_listed_for_machines(app: Path) -> None:
    rows = {row["event"]: row for row in json.loads(e11y(app, "ratelimit", "list", "--json"))}
    drop = {"on_excess": "drop", "keep": None}
    everything = {"limit": 100, "per_s": 1.0, "by": None, "over": "*", "on_excess": "sample", "keep": 0.1}
    assert rows["cart.viewed"]["limits"] == [
        {"limit": 7, "per_s": 1.0, "by": "tenant", "over": "cart.*", **drop},
        {"limit": 50, "per_s": 1.0, "by": None, "over": "cart.*", **drop},
        everything,
    ]
    assert rows["login.refused"]["limits"] == [
        {"limit": 3, "per_s": 60.0, "by": "user_id", "over": None, **drop},
        {"limit": 20, "per_s": 1.0, "by": None, "over": None, "on_excess": "dead_letter", "keep": None},
        everything,
    ]
    assert rows["beat"] == {"event": "beat", "limits": [], "told": "no limit: taken out by @rate_limit(False)"}


def test_explain_of_core_shows_the_limits(app: Path) -> None:
    assert (
        "    ratelimit: keeps or drops by META.severity, user_id: "
        f"3 per 1m by user_id; 20 per 1s, the rest to the dead letters; {GLOBAL}\n"
    ) in e11y(app, "explain", "LoginRefused")
