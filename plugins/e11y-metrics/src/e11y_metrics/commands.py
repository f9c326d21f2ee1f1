"""The commands ``e11y metrics``."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs
import click

from e11y import ConfigError, Host, Schema
from e11y.output import json_option, print_json
from e11y_metrics.cardinality import LabelReport, ranked, read_exposition
from e11y_metrics.exposition import REPORT_PATH
from e11y_metrics.option import Metrics

_TIMEOUT_S = 10.0


def make_group(host: Host) -> click.Group:
    """Return the group ``metrics``."""

    @click.group()
    def metrics() -> None:
        """Look at the metrics of a running service."""

    @metrics.command()
    @click.argument("source", metavar="URL|FILE")
    @click.option("--all", "everything", is_flag=True, help="Also labels that are far from their limit.")
    @json_option
    def cardinality(source: str, *, everything: bool, as_json: bool) -> None:
        """Name the labels with the most values.

        URL is where the service is scraped, for example http://127.0.0.1:9464/metrics; FILE holds what a scrape
        of it answered. Exit status 1: some label is over its limit.
        """
        found = _named(_read(source), host.schemas())
        shown = [one for one in found if everything or one.overflow or one.values * 5 >= (one.limit or 1_000) * 4]
        if as_json:
            print_json([attrs.asdict(one) for one in shown])
        else:
            for one in shown:
                click.echo(_told(one))
            if not shown:
                click.echo(f"{len(found)} labels, none near its limit")
        if any(one.overflow for one in found):
            raise SystemExit(1)

    return metrics


def _told(one: LabelReport) -> str:
    what = f"label {one.label!r} has {one.values} values" if one.label else f"has {one.values} series"
    lines = [f"{one.metric}: {what}" + (f" of {one.limit}" if one.limit else "")]
    if one.overflow:
        lines.append(f"  {one.overflow} times a further value became '[OTHER]'")
    if one.top:
        lines.append("  most often: " + ", ".join(f"{text!a} ({count})" for text, count in one.top))
    lines.extend(f"  declared by {place}" for place in one.declared)
    return "\n".join(lines)


def _named(found: Iterable[LabelReport], schemas: Iterable[Schema]) -> list[LabelReport]:
    """Return the reports with the places that the imported application declares, where the source names none."""
    places: dict[str, list[str]] = {}
    for schema in schemas:
        for definition in schema.option(Metrics).definitions if schema.has(Metrics) else ():
            known = places.setdefault(definition.name, [])
            if definition.where not in known:
                known.append(definition.where)
    return [one if one.declared else attrs.evolve(one, declared=tuple(places.get(one.metric, ()))) for one in found]


def _read(source: str) -> list[LabelReport]:
    if not source.startswith(("http://", "https://")):
        try:
            return read_exposition(Path(source).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise _unreadable(source, error) from None
    try:
        report = _fetched(source.rstrip("/") + REPORT_PATH)
        if report is not None:
            return ranked(LabelReport(**{**one, "top": [tuple(pair) for pair in one["top"]]}) for one in report)
        with urllib.request.urlopen(source, timeout=_TIMEOUT_S) as answer:
            return read_exposition(answer.read().decode("utf-8"))
    except (OSError, ValueError) as error:
        raise _unreadable(source, error) from None


def _fetched(url: str) -> list[dict[str, Any]] | None:
    """Return the report of a service with this plugin, ``None`` from any other."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            if answer.headers.get_content_type() != "application/json":
                return None
            found: list[dict[str, Any]] = json.load(answer)
            return found
    except urllib.error.HTTPError:
        return None


def _unreadable(source: str, error: Exception) -> ConfigError:
    return ConfigError(
        f"no metrics can be read from {source!r}: {type(error).__name__}",
        where="e11y metrics cardinality",
        fix="name the URL that Prometheus scrapes, or a file with its answer in the text format",
    )
