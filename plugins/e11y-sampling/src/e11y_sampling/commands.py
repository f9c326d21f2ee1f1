"""The commands ``e11y sampling``: which rate concerns an event, and what would become of one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, get_args

import click

from e11y import ConfigError, Host, Schema, Severity
from e11y.errors import nearest
from e11y.output import json_option, print_json
from e11y.schema import unwrap
from e11y_sampling.policy import Policy, policy_of
from e11y_sampling.settings import SamplingSettings
from e11y_sampling.verdict import Verdict, judge

_SEVERITY = click.Choice([severity.value for severity in Severity])
_PARENTS = {"sampled": 1, "unsampled": 0}


def make_group(settings: SamplingSettings, host: Host) -> click.Group:
    """Return the group ``sampling``."""

    @click.group()
    def sampling() -> None:
        """Show which events are kept, and why."""

    @sampling.command("list")
    @json_option
    def list_(*, as_json: bool) -> None:
        """List the rate of every event type."""
        rows = [_row(schema, policy_of(schema, settings)) for schema in host.schemas()]
        rows.sort(key=lambda row: str(row["event"]))
        if as_json:
            print_json(rows)
            return
        width = max((len(row["event"]) for row in rows), default=0)
        for row in rows:
            click.echo(f"{row['event']:<{width}}  {row['rates']}")

    @sampling.command()
    @click.argument("event")
    @click.argument("fields", nargs=-1, metavar="[FIELD=VALUE]...")
    @click.option("--trace", default="", metavar="ID", help="Trace it happens in: up to 32 hex digits.")
    @click.option("--severity", type=_SEVERITY, help="Severity of the call; left out: the type's.")
    @click.option("--parent", type=click.Choice([*_PARENTS]), help="What the caller of the trace decided.")
    @json_option
    def explain(
        event: str, fields: tuple[str, ...], *, trace: str, severity: str | None, parent: str | None, as_json: bool
    ) -> None:
        """Tell what would become of one EVENT with these values, while load and errors are as usual."""
        schema = _schema(event, host.schemas())
        policy = policy_of(schema, settings)
        if policy is None:
            click.echo(json.dumps({"event": schema.name, "kept": True}) if as_json else _taken_out(schema))
            return
        values = dict(_value(text, schema) for text in fields)
        level = Severity(severity) if severity else schema.severity
        sampled = _PARENTS[parent] if parent else -1
        found = judge(policy, settings, level, values.get, trace_id=_trace_id(trace), sampled=sampled)
        click.echo(json.dumps(_facts(schema, found), indent=2) if as_json else _told(schema, level, found))

    return sampling


def _row(schema: Schema, policy: Policy | None) -> dict[str, Any]:
    """Return the line of one event type."""
    if policy is None:
        return {"event": schema.name, "rate": None, "rates": "taken out by @sample(False)"}
    return {"event": schema.name, "rate": policy.rate.share, "rates": policy.words}


def _taken_out(schema: Schema) -> str:
    return f"{schema.name}: kept, because @sample(False) takes it out of sampling"


def _facts(schema: Schema, found: Verdict) -> dict[str, Any]:
    return {
        "event": schema.name,
        "rate": found.rate.share,
        "source": found.rate.source,
        "kept": found.kept,
        "because": found.because,
        "sample_rate": None if found.kept is False else found.sample_rate,
    }


def _told(schema: Schema, severity: Severity, found: Verdict) -> str:
    lines = [f"{schema.name} at {severity}: rate {found.rate.share:g} by {found.rate.source}"]
    if found.kept is None:
        lines.append(f"  kept with probability {found.share:g}, by {found.because}")
    else:
        lines.append(f"  {'kept' if found.kept else 'dropped'} by {found.because}")
    if found.kept is not False:
        lines.append(f"  a kept record says sample_rate {found.sample_rate:g}")
    return "\n".join(lines)


def _schema(name: str, schemas: Iterable[Schema]) -> Schema:
    """Return the schema of an event name, class name or qualified name; of several versions the highest.

    Raises:
        ConfigError: None is known by that name.
    """
    by_name: dict[str, Schema] = {}
    for schema in sorted(schemas, key=lambda one: one.version):
        event_type = schema.event_type
        by_name |= dict.fromkeys((schema.name, schema.base_name, event_type.__name__, schema.qualified_name), schema)
    if name not in by_name:
        raise ConfigError(
            f"no event type {name!r} is known{nearest(name, by_name)}",
            where="e11y sampling explain",
            fix="import the module that declares it with  e11y --app your.module ...",
        )
    return by_name[name]


def _value(text: str, schema: Schema) -> tuple[str, Any]:
    """Return field and value of ``field=value``, the value as the field's type has it.

    Raises:
        click.BadParameter: There is no such field, or it cannot hold that.
    """
    name, equals, written = text.partition("=")
    field = schema.fields.get(name)
    if not equals or field is None:
        raise click.BadParameter(f"write FIELD=VALUE with one of the fields: {', '.join(schema.fields) or '(none)'}")
    kinds = get_args(field.type) or (field.type,)
    for kind in kinds:
        try:
            return name, _READ.get(unwrap(kind)[0], _text)(written)
        except (ValueError, ArithmeticError):
            continue
    raise click.BadParameter(f"field {name!r} cannot hold that")


def _text(written: str) -> str:
    return written


def _truth(written: str) -> bool:
    if written not in ("true", "false"):
        raise ValueError
    return written == "true"


_READ: Mapping[Any, Any] = {
    bool: _truth,
    int: int,
    float: float,
    Decimal: Decimal,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    time: time.fromisoformat,
}


def _trace_id(text: str) -> int:
    try:
        return int(text or "0", 16)
    except ValueError:
        raise click.BadParameter("a trace id is up to 32 hex digits") from None
