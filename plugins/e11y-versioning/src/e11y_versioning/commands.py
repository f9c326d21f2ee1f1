"""The commands ``e11y versioning``: which versions of an event there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from e11y import Host, Schema
from e11y.output import json_option, print_json
from e11y_versioning.deprecation import Deprecated


def make_group(host: Host, status_of: Callable[[Schema], str]) -> click.Group:
    """Return the group ``versioning``."""

    @click.group()
    def versioning() -> None:
        """Show the versions of events."""

    @versioning.command("list")
    @json_option
    def list_(*, as_json: bool) -> None:
        """List every event by its delivered name, its versions and what is deprecated."""
        schemas = sorted(host.schemas(), key=lambda one: (one.base_name, one.version))
        rows = [_row(schema, status_of(schema)) for schema in schemas]
        if as_json:
            print_json(rows)
            return
        width = max((len(row["event"]) for row in rows), default=0)
        for row in rows:
            told = row["words"] or row["status"]
            note = f"{row['status']}: {told}" if row["status"] == "refused" else told
            click.echo(f"{row['event']:<{width}}  v{row['version']}  {row['type']}  {note}")

    return versioning


def _row(schema: Schema, status: str) -> dict[str, Any]:
    option: Any = schema.option(Deprecated)
    return {
        "event": schema.base_name,
        "version": schema.version,
        "type": schema.qualified_name,
        "status": status,
        "words": option.words if isinstance(option, Deprecated) else "",
    }
