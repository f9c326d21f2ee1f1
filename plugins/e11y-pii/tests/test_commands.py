"""The commands ``e11y pii`` as a person runs them, in a folder of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from e11y_pii import corpus
from e11y_pii.scanner import Scanner

SHOP = """
from typing import Annotated, Any, Literal

import attrs
import e11y
from e11y import Event, OpenEvent
from e11y_pii import Allow, Hash, pii

@attrs.frozen
class Address:
    street: str
    country: str

class OrderPaid(Event):
    order_id: str
    email: Annotated[str, Hash]
    status: Literal["paid"]
    note: str = ""
    password: str = ""
    more: Any = None

class CartFilled(Event):
    item: str
"""

CARELESS = """
class OrderSent(Event):
    to: Address
    also: list[Address]
    phone: str
    email_verified: bool

@pii(False)
class CartKept(Event):
    item: str

class CartKeptLonger(CartKept):
    email: str
"""

TOML = '[tool.e11y]\nplugins = ["pii"]\n'


def run(folder: Path, source: str, *arguments: str, settings: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "shop.py").write_text(source, "utf-8")
    (folder / "pyproject.toml").write_text(TOML + settings, "utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("E11Y_", "PYTEST_"))}
    command = [sys.executable, "-W", "error", "-m", "e11y", "--app", "shop", "pii", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environ, check=False)


def test_lint_has_no_complaint(tmp_path: Path) -> None:
    answer = run(tmp_path, SHOP, "lint")
    assert (answer.stdout, answer.returncode) == ("2 event types, no complaint\n", 0)


def test_lint_names_fields_that_look_personal(tmp_path: Path) -> None:
    answer = run(tmp_path, SHOP + CARELESS, "lint")
    assert answer.stdout == (
        "order.sent: field 'to.street' looks personal and has no rule\n"
        "order.sent: field 'also[].street' looks personal and has no rule\n"
        "order.sent: field 'phone' looks personal and has no rule\n"
        "  fix:   a marker on the field (Mask, Hash, Partial, Redact, Truncate, Allow), "
        'or @pii(False, because="...")\n'
        "@pii(False) on CartKeptLonger, but 'email' looks personal\n"
        "  where: class shop.CartKeptLonger\n"
        '  fix:   drop @pii(False) and mark the fields, or say why:  @pii(False, because="...")\n'
    )
    assert answer.returncode == 1


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_lint_without_event_types_is_no_success(tmp_path: Path, flags: list[str]) -> None:
    answer = run(tmp_path, "", "lint", *flags)
    assert answer.stdout == ""
    assert answer.stderr == (
        "no event type of the application is known, so there is nothing to look at\n"
        "  where: e11y pii lint\n"
        "  fix:   import the modules that declare them:  e11y --app your.module pii lint\n"
    )
    assert answer.returncode == 1


def test_event_types_of_plugins_are_none_of_the_application(tmp_path: Path) -> None:
    (tmp_path / "e11y_other.py").write_text("import e11y\nclass OtherTold(e11y.Event):\n    item: str\n", "utf-8")
    assert run(tmp_path, "import e11y_other", "lint").returncode == 1


def test_lint_speaks_json(tmp_path: Path) -> None:
    answer = run(tmp_path, SHOP + CARELESS, "lint", "--json")
    told = json.loads(answer.stdout)
    assert told["unruled"][2] == {"event": "order.sent", "type": "shop.OrderSent", "field": "phone"}
    assert told["refused"] == ["@pii(False) on CartKeptLonger, but 'email' looks personal"]
    assert answer.returncode == 1


def test_lint_warns_of_a_pattern_that_may_take_long(tmp_path: Path) -> None:
    settings = "[tool.e11y.pii.custom_patterns]\nahead = 'a(?=b)'\n"
    answer = run(tmp_path, SHOP, "lint", settings=settings)
    assert answer.stdout.startswith(
        "2 event types, no complaint\nwarning: custom pattern 'ahead' runs on Python's module re, which some texts"
    )
    assert answer.returncode == 0
    told = json.loads(run(tmp_path, SHOP, "lint", "--json", settings=settings).stdout)
    assert [one[:23] for one in told["warnings"]] == ["custom pattern 'ahead' "]


def test_report_shows_modes_and_fields(tmp_path: Path) -> None:
    answer = run(tmp_path, SHOP, "report")
    assert (answer.stdout, answer.returncode) == (
        "cart.filled: key names\n"
        "  item: -\n"
        "order.paid: declared, scan deferred\n"
        "  order_id: scan\n"
        "  email: hash\n"
        "  status: -\n"
        "  note: scan\n"
        "  password: by name\n"
        "  more: key names, scan\n"
        "1 declared, 1 key names\n",
        0,
    )


def test_report_tells_what_counts_for_a_union(tmp_path: Path) -> None:
    source = SHOP + (
        "class OrderNoted(Event):\n"
        "    code: Annotated[int, Allow] | Annotated[str, Hash]\n"
        "    note: Annotated[int, Allow] | str\n"
        "    kept: Annotated[str, Allow] | None\n"
    )
    told = {row["event"]: row for row in json.loads(run(tmp_path, source, "report", "--json").stdout)}
    assert told["order.noted"]["mode"] == "declared"
    assert told["order.noted"]["fields"] == {"code": "hash", "note": "scan", "kept": "allow"}


def test_report_speaks_json(tmp_path: Path) -> None:
    told = json.loads(run(tmp_path, SHOP, "report", "--json").stdout)
    assert told[0] == {
        "event": "cart.filled",
        "type": "shop.CartFilled",
        "mode": "key names",
        "scan": "",
        "fields": {"item": "-"},
    }


def test_without_event_types_there_is_nothing_to_report(tmp_path: Path) -> None:
    assert run(tmp_path, "", "report").stdout == "no event types are known\n"


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_corpus_prints_the_figures(tmp_path: Path, flags: list[str]) -> None:
    answer = run(tmp_path, "", "corpus", *flags)
    measured = corpus.measure(Scanner())
    if flags:
        assert json.loads(answer.stdout) == [row.facts() for row in measured]
    else:
        assert answer.stdout == corpus.table(measured) + "\n"
