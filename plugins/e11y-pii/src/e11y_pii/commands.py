"""The commands ``e11y pii``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import click

from e11y import ConfigError
from e11y.output import json_option
from e11y_pii import corpus
from e11y_pii.reading import Reading
from e11y_pii.scanner import Scanner

Readings = Callable[[], tuple[list[Reading], list[ConfigError]]]
"""Returns what happens to every known event type, and why others are refused."""

FIX = 'a marker on the field (Mask, Hash, Partial, Redact, Truncate, Allow), or @pii(False, because="...")'


def make_group(readings: Readings, is_listed: Callable[[str], bool], complaint: str = "") -> click.Group:
    """Return the group ``pii``.

    Args:
        readings: Called by the commands that look at event types.
        is_listed: Tells whether a key's value is filtered by its name.
        complaint: About custom patterns; ``lint`` shows it, but it does not count as a failure.
    """
    group = click.Group("pii", help="Look at how personal data is protected.")

    @group.command()
    @json_option
    def lint(*, as_json: bool) -> None:
        """List fields that look personal and have no rule; exit status 1 if there are any, or no event types."""
        found, refused = readings()
        if not refused and not any(_is_of_application(reading) for reading in found):
            raise ConfigError(
                "no event type of the application is known, so there is nothing to look at",
                where="e11y pii lint",
                fix="import the modules that declare them:  e11y --app your.module pii lint",
            )
        unruled = [_unruled(reading, path) for reading in found for path in reading.unruled(is_listed)]
        if as_json:
            refusals = [error.what for error in refused]
            warnings = [complaint] if complaint else []
            click.echo(json.dumps({"unruled": unruled, "refused": refusals, "warnings": warnings}, indent=2))
        else:
            click.echo("\n".join(_lint_lines(len(found), unruled, refused)))
            if complaint:
                click.echo(f"warning: {complaint}")
        if unruled or refused:
            raise SystemExit(1)

    @group.command()
    @json_option
    def report(*, as_json: bool) -> None:
        """Show the mode of each event type and what happens to its fields."""
        rows = [_row(reading) for reading in sorted(readings()[0], key=lambda one: one.schema.name)]
        click.echo(json.dumps(rows, indent=2) if as_json else "\n".join(_report_lines(rows)))

    @group.command("corpus")
    @json_option
    def corpus_(*, as_json: bool) -> None:
        """Measure what the content scan finds, and what it takes for something else, on a fixed corpus."""
        measured = corpus.measure(Scanner())
        click.echo(json.dumps([row.facts() for row in measured], indent=2) if as_json else corpus.table(measured))

    return group


def _is_of_application(reading: Reading) -> bool:
    """Return whether the type is declared neither by core nor by a plugin named like those of the project."""
    package = reading.schema.event_type.__module__.partition(".")[0]
    return package != "e11y" and not package.startswith("e11y_")


def _unruled(reading: Reading, path: str) -> dict[str, str]:
    return {"event": reading.schema.name, "type": reading.schema.qualified_name, "field": path}


def _lint_lines(known: int, unruled: list[dict[str, str]], refused: list[ConfigError]) -> list[str]:
    lines = [f"{one['event']}: field {one['field']!r} looks personal and has no rule" for one in unruled]
    if unruled:
        lines.append(f"  fix:   {FIX}")
    lines += [str(error) for error in refused]
    return lines or [f"{known} event types, no complaint"]


def _row(reading: Reading) -> dict[str, Any]:
    return {
        "event": reading.schema.name,
        "type": reading.schema.qualified_name,
        "mode": reading.mode,
        "scan": reading.scan if reading.scans else "",
        "fields": {field.name: field.told for field in reading.fields},
    }


def _report_lines(rows: list[dict[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        lines.append(f"{row['event']}: {row['mode']}" + (f", scan {row['scan']}" if row["scan"] else ""))
        lines += [f"  {name}: {told}" for name, told in row["fields"].items()]
    counts = Counter(row["mode"] for row in rows)
    lines.append(", ".join(f"{count} {mode}" for mode, count in sorted(counts.items())) or "no event types are known")
    return lines
