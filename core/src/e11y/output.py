"""What commands print, those of plugins too: aligned columns for people, JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import click

from e11y.adapters.escape import escape_text

JSON_HELP = "Print JSON, for machines."

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Add the flag ``--json`` to a command; it arrives as ``as_json``, also when it stands before the command."""
    return click.option("--json", "as_json", is_flag=True, callback=remember_json, help=JSON_HELP)(command)


def remember_json(ctx: click.Context, parameter: click.Parameter, given: bool) -> bool:
    """Return whether ``--json`` was given here or further left: ``e11y --json events list``."""
    del parameter
    ctx.meta[__name__] = given or ctx.meta.get(__name__, False)
    return bool(ctx.meta[__name__])


def print_json(value: Any) -> None:
    """Print ``value`` as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print ``rows`` in columns under their titles; the last column may be as wide as it likes.

    Args:
        rows: Column -> value. Lists are joined by commas, what is empty is shown as ``-``.
        columns: Which columns, from the left.
    """
    cells = [[column.upper() for column in columns]]
    cells += [[_cell(row[column]) for column in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    return escape_text(str(value)) if value not in (None, "") else "-"
