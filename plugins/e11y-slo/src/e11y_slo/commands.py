"""The commands ``e11y slo``."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import click

from e11y import Host
from e11y.output import json_option, print_json, print_table
from e11y_slo.builder import without_file
from e11y_slo.dashboard import dashboard
from e11y_slo.document import Document
from e11y_slo.exported import EVENTS
from e11y_slo.option import Slo
from e11y_slo.readings import Source, Status
from e11y_slo.rule_tests import rule_tests
from e11y_slo.rules import as_yaml, rules
from e11y_slo.running import as_it_runs
from e11y_slo.settings import SloSettings
from e11y_slo.slo_file import SloFile
from e11y_slo.validation import validate

_FROM_HELP = (
    "Ask this service, or the Prometheus that scrapes it, which routes and tasks there are: those that the file does "
    "not name get the defaults, and an objective whose series do not exist is refused."
)


@attrs.frozen(eq=False)
class _Work:
    """What the commands work on."""

    settings: SloSettings
    file: SloFile
    host: Host

    def document(self, source: Source | None = None) -> Document:
        """Return what the file says; without one, what holds for the events that are declared or seen."""
        found = self.file.document()
        if found is not None:
            return found
        names = {schema.option(Slo).contributes_to for schema in self.host.schemas() if schema.has(Slo)}
        if source is not None:
            names |= {one.labels["slo_name"] for one in source.readings() if one.metric == EVENTS.name}
        return without_file(names)

    def of_service(self, place: str | None) -> Document:
        """Return the document, fitted to a running service if one is named."""
        if place is None:
            return self.document()
        source = Source(place)
        return as_it_runs(self.document(source), source)


def make_group(settings: SloSettings, file: SloFile, host: Host) -> click.Group:
    """Return the group ``slo``."""
    work = _Work(settings, file, host)
    group = click.Group("slo", help="Check service level objectives, and make rules and a dashboard of them.")
    for make in (_validate, _rules, _dashboard, _status):
        group.add_command(make(work))
    return group


def _validate(work: _Work) -> click.Command:
    @click.command("validate")
    @click.option("--strict", is_flag=True, help="Every event type must have @slo, or opt out with @slo(False).")
    def command(*, strict: bool) -> None:
        """Check slo.yml and the event types against each other. Exit status 1: something is wrong."""
        findings = list(validate(work.file, list(work.host.schemas()), strict=strict or work.settings.strict))
        for finding in findings:
            click.echo(str(finding))
        if any(finding.problems for finding in findings):
            raise SystemExit(1)

    return command


def _rules(work: _Work) -> click.Command:
    @click.command("rules")
    @click.option("--tests", metavar="RULES_FILE", help="Print unit tests for promtool instead, of rules in this file.")
    @_from_option
    @_output_option
    def command(*, tests: str | None, source: str | None, output: Path | None) -> None:
        """Print recording rules and alerts for Prometheus."""
        document = work.of_service(source)
        if tests is None:
            text = as_yaml(rules(document), "Written by  e11y slo rules.")
        else:
            text = as_yaml(rule_tests(document, tests), f"Written by  e11y slo rules --tests {tests}.")
        _write(text, output)

    return command


def _dashboard(work: _Work) -> click.Command:
    @click.command("dashboard")
    @_from_option
    @_output_option
    def command(*, source: str | None, output: Path | None) -> None:
        """Print a dashboard for Grafana."""
        _write(json.dumps(dashboard(work.of_service(source)), indent=2, ensure_ascii=False) + "\n", output)

    return command


def _status(work: _Work) -> click.Command:
    @click.command("status")
    @click.argument("source", metavar="URL|FILE")
    @json_option
    def command(*, source: str, as_json: bool) -> None:
        """Show what is left of each error budget, and how fast it is spent.

        URL is a Prometheus, or what it scrapes; FILE holds what a scrape answered. A page tells only about the time
        since its process started. Exit status 1: some budget is spent.
        """
        where = Source(source)
        rows = [where.status(one) for one in work.document(where).objectives if one.has_ratio]
        if as_json:
            print_json([_finite(attrs.asdict(one)) for one in rows])
        else:
            print_table([_shown(one) for one in rows], [field.name for field in attrs.fields(Status)])
        if any(one.budget_left is not None and one.budget_left <= 0 for one in rows):
            raise SystemExit(1)

    return command


def _from_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--from", "source", metavar="URL|FILE", help=_FROM_HELP)(command)


def _output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option("--output", "-o", type=kind, metavar="FILE", help="Write to this file.")(command)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, "utf-8")


def _finite(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row that JSON can hold: a target of 1 allows nothing, so one failure spends endlessly much."""
    return {key: None if value in (math.inf, -math.inf) else value for key, value in row.items()}


def _shown(one: Status) -> dict[str, Any]:
    shares = {"target": one.target, "good_ratio": one.good_ratio, "budget_left": one.budget_left}
    return {
        **attrs.asdict(one),
        **{key: f"{value:.4%}" for key, value in shares.items() if value is not None},
        "total": f"{one.total:.0f}",
        "bad": f"{one.bad:.0f}",
        "burn_rate": "" if one.burn_rate is None else f"{one.burn_rate:.2f}",
    }
