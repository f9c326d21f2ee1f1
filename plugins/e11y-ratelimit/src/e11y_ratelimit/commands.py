"""The command ``e11y ratelimit``: which limits hold for an event type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from e11y import OFF, Schema
from e11y.output import json_option, print_json
from e11y_ratelimit.option import RateLimit
from e11y_ratelimit.step import Bound
from e11y_ratelimit.words import facts, words


def make_group(schemas: Callable[[], Iterable[Schema]], limits_of: Callable[[Schema], Sequence[Bound]]) -> click.Group:
    """Return the group ``ratelimit``.

    Args:
        schemas: Returns what is known about every event type.
        limits_of: Returns the limits of one of them.
    """
    group = click.Group("ratelimit", help="Look at which limits hold.")

    @group.command("list")
    @json_option
    def list_(*, as_json: bool) -> None:
        """List the limits of every event type, the narrowest first."""
        rows = [_row(schema, limits_of(schema)) for schema in schemas()]
        rows.sort(key=lambda row: str(row["event"]))
        if as_json:
            print_json(rows)
            return
        width = max((len(row["event"]) for row in rows), default=0)
        for row in rows:
            click.echo(f"{row['event']:<{width}}  {row['told']}")

    return group


def _row(schema: Schema, limits: Sequence[Bound]) -> dict[str, Any]:
    return {"event": schema.name, "limits": [facts(bound) for bound in limits], "told": words(limits) or _why(schema)}


def _why(schema: Schema) -> str:
    if schema.audit:
        return "no limit: audit events are never limited"
    return "no limit: taken out by @rate_limit(False)" if schema.option(RateLimit) is OFF else "no limit"
