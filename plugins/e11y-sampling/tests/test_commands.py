"""The command line, in a process of its own: which rate concerns an event, and what would become of one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

APP = """
from datetime import datetime
from decimal import Decimal

from e11y import AuditEvent, Event
from e11y_sampling import sample, sample_when


@sample_when("amount", over=1000)
@sample_when("vip", equals=True, rate=0.5)
@sample(rate=0.25)
class OrderPaid(Event):
    amount: Decimal
    vip: bool = False
    at_time: datetime | None = None


class OrderPaidV2(OrderPaid):
    pass


class LoginFailed(Event):
    pass


class PageViewed(Event):
    path: str


@sample(False)
class Beat(Event):
    pass


class Erased(AuditEvent, adapters=["audit"]):
    pass
"""

SETTINGS = """
plugins = ["sampling"]
[adapters.audit]
type = "memory"
[sampling]
preset = "severity"
parent_rate = 0.5
names = { "page.*" = 0.2 }
"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "e11y.toml").write_text(SETTINGS)
    return tmp_path


def e11y(app: Path, *arguments: str, status: int = 0) -> str:
    """Run the command line; return what it prints, or the complaint when it is to fail."""
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
    assert ended.returncode == status, ended.stderr
    return ended.stderr if status else ended.stdout


PAID = "1 when amount > 1000; 0.5 when vip in True; 0.25 by @sample on OrderPaid; 1 by the rule that errors are kept for calls at error, fatal"


def test_every_rate_is_listed_with_its_source(app: Path) -> None:
    lines = e11y(app, "sampling", "list").splitlines()
    assert lines == [
        "beat           taken out by @sample(False)",
        "erased         1 by the rule that audit events are kept",
        "login.failed   1 by the rule that errors are kept; 0.01 by [tool.e11y.sampling] preset 'severity' for debug for calls at debug; "
        "0.1 by [tool.e11y.sampling] preset 'severity' for info for calls at info; "
        "0.1 by [tool.e11y.sampling] preset 'severity' for success for calls at success; "
        "0.5 by [tool.e11y.sampling] preset 'severity' for warn for calls at warn",
        f"order.paid     {PAID}",
        f"order.paid.v2  {PAID}",
        "page.viewed    0.2 by [tool.e11y.sampling] names 'page.*'; 1 by the rule that errors are kept for calls at error, fatal",
    ]
    rows = json.loads(e11y(app, "sampling", "list", "--json"))
    assert [(row["event"], row["rate"]) for row in rows] == [
        ("beat", None),
        ("erased", 1.0),
        ("login.failed", 1.0),
        ("order.paid", 0.25),
        ("order.paid.v2", 0.25),
        ("page.viewed", 0.2),
    ]


def test_explain_of_core_shows_where_the_rate_comes_from(app: Path) -> None:
    assert (
        f"    sampling: keeps or drops by META.severity, META.context_trace_id, META.sampled, amount, vip: {PAID}\n"
        in (e11y(app, "explain", "OrderPaid"))
    )
    assert "    sampling: metadata sample_rate: 1 by the rule that audit events are kept\n" in e11y(
        app, "explain", "Erased"
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["OrderPaid", "amount=2000"],
            "order.paid at success: rate 1 by @sample_when: amount > 1000\n"
            "  kept by the rate\n  a kept record says sample_rate 1\n",
        ),
        (
            ["OrderPaid", "amount=5", "at_time=2026-01-31"],
            "order.paid at success: rate 0.25 by @sample on OrderPaid\n"
            "  kept with probability 0.25, by chance\n  a kept record says sample_rate 0.25\n",
        ),
        (
            ["OrderPaid", "vip=true", "--trace", "5"],
            "order.paid at success: rate 0.5 by @sample_when: vip in True\n"
            "  kept by the trace id\n  a kept record says sample_rate 0.5\n",
        ),
        (
            ["OrderPaid", "--trace", "4"],
            "order.paid at success: rate 0.25 by @sample on OrderPaid\n  dropped by the trace id\n",
        ),
        (
            ["OrderPaid", "--parent", "unsampled"],
            "order.paid at success: rate 0.25 by @sample on OrderPaid\n  dropped by the decision of the trace's caller\n",
        ),
        (
            ["OrderPaid", "--parent", "sampled", "--trace", "4"],
            "order.paid at success: rate 0.25 by @sample on OrderPaid\n"
            "  kept by the decision of the trace's caller\n  a kept record says sample_rate 0.5\n",
        ),
        (
            ["order.paid", "--severity", "fatal", "--parent", "unsampled"],
            "order.paid.v2 at fatal: rate 1 by the rule that errors are kept\n  kept by the rate\n  a kept record says sample_rate 1\n",
        ),
        (["Beat"], "beat: kept, because @sample(False) takes it out of sampling\n"),
    ],
)
def test_a_decision_is_explained(app: Path, arguments: list[str], says: str) -> None:
    assert e11y(app, "sampling", "explain", *arguments) == says


def test_a_decision_is_explained_to_machines(app: Path) -> None:
    def facts(*arguments: str) -> Any:
        return json.loads(e11y(app, "sampling", "explain", *arguments, "--json"))

    assert facts("OrderPaid", "--trace", "4") == {
        "event": "order.paid",
        "rate": 0.25,
        "source": "@sample on OrderPaid",
        "kept": False,
        "because": "the trace id",
        "sample_rate": None,
    }
    assert facts("Beat") == {"event": "beat", "kept": True}


def test_a_value_is_read_as_a_part_of_its_union_says(app: Path) -> None:
    (app / "parts.py").write_text("""
from decimal import Decimal
from typing import Annotated

from annotated_types import Gt
from e11y import Event
from e11y_sampling import sample_when


@sample_when("amount", over=1000)
class OrderBilled(Event):
    amount: Annotated[Decimal, Gt(0)] | None = None
""")
    told = e11y(app, "--app", "parts", "sampling", "explain", "OrderBilled", "amount=2000")
    assert "by @sample_when: amount > 1000" in told


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["OrdrPaid"], 1, "no event type 'OrdrPaid' is known, did you mean 'OrderPaid'?"),
        (["OrderPaid", "amuont=5"], 2, "write FIELD=VALUE with one of the fields: amount, vip, at_time"),
        (["OrderPaid", "amount=secret"], 2, "field 'amount' cannot hold that"),
        (["OrderPaid", "vip=5"], 2, "field 'vip' cannot hold that"),
        (["OrderPaid", "--trace", "xyz"], 2, "a trace id is up to 32 hex digits"),
    ],
)
def test_what_cannot_be_explained_is_told(app: Path, arguments: list[str], status: int, says: str) -> None:
    told = e11y(app, "sampling", "explain", *arguments, status=status)
    assert says in told
    assert "secret" not in told
