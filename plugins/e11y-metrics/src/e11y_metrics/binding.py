"""One metric of one event type: how a row of values becomes a number in a series."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import itemgetter
from typing import Any

from e11y import CONTEXT, META, ConfigError, Observe, Schema
from e11y.errors import nearest
from e11y.identifiers import looks_like_identifier
from e11y.journal import Fold
from e11y.steps import Need
from e11y_metrics.definition import CONTEXT_PREFIX, Definition, Tag, identifier_problem
from e11y_metrics.family import Family, Put, Series
from e11y_metrics.finite import are_told_apart, endless_member, is_numeric, is_proven_finite
from e11y_metrics.label_text import OTHER, relabelled, text_of
from e11y_metrics.relabel import Rule

Source = str | Need
Failed = Callable[[str, Exception], None]
"""Takes the name of a metric and what went wrong."""

Places = tuple[tuple[str, Put, Series, Callable[[tuple[Any, ...]], Any]], ...]
"""Name, function, series and value of each metric that a row adds to."""

Cache = dict[Any, Places]

_METADATA: Mapping[str, Source] = {"severity": META.severity, "event_name": META.name, "version": META.version}


class Columns:
    """The columns of the rows of one event type: everything that its metrics read, once."""

    def __init__(self) -> None:
        self.sources: list[Source] = []

    def at(self, source: Source) -> int:
        """Return the column of a source."""
        if source not in self.sources:
            self.sources.append(source)
        return self.sources.index(source)


def check_definition(schema: Schema, definition: Definition, rules: Mapping[str, Rule], denied: frozenset[str]) -> None:
    """Refuse what does not fit the event type or the settings.

    Raises:
        ConfigError: A field does not exist, is no number, or has endless values.
    """
    where = definition.where
    for one in definition.tags:
        source = _source(schema, one, where, definition.name)
        if one.label in rules or one.relabel is not None:
            continue
        name = next((name for name in (one.label, one.source.removeprefix(CONTEXT_PREFIX)) if name in denied), None)
        if name is not None:
            raise ConfigError(
                f"the label {name!r} of metric {definition.name!r} is denied by the settings",
                where=f"{where}; [tool.e11y.metrics] deny",
                fix="leave it out, or turn it into a few values with a relabel rule",
            )
        is_field = isinstance(source, str)
        if one.allow or (is_field and is_proven_finite(schema, one.source)):
            continue
        if looks_like_identifier(one.label) or looks_like_identifier(one.source):
            what, fix = identifier_problem(one.source.removeprefix(CONTEXT_PREFIX), one.source)
            raise ConfigError(f"metric {definition.name!r}: {what}", where=where, fix=fix)
        endless = endless_member(schema.fields[one.source].type) if is_field else None
        if endless is not None:
            raise ConfigError(
                f"the label {one.label!r} of metric {definition.name!r} has no end of values: "
                f"the field is a {endless.__name__}",
                where=where,
                fix=f'use a field of text, Enum or Literal, or a rule: tag("{one.source}", relabel=...)',
            )
    for name in _value_fields(definition):
        if name not in schema.fields:
            raise _unknown(name, schema, where, f"the value of metric {definition.name!r}")
    if isinstance(definition.value, str) and not is_numeric(schema.fields[definition.value].type):
        raise ConfigError(
            f"the value of metric {definition.name!r} is field {definition.value!r}, which is no number",
            where=where,
            fix="name a field that is an int, float, Decimal or timedelta, or make a number of it: value=lambda ...",
        )


def bind(
    schema: Schema,
    group: Sequence[tuple[Definition, Family]],
    columns: Columns,
    rules: Mapping[str, Rule],
    traced: tuple[int, int] | None,
    failed: Failed,
    cache: Cache,
) -> Fold:
    """Return the function that adds one row up to metrics with the same labels.

    Args:
        schema: Which the definitions fit.
        group: Definitions with equal tags, and the families where their numbers go.
        columns: Of the event type; gets those that the metrics read.
        rules: Label -> rule of the settings.
        traced: Columns of the trace id and of what its caller decided; ``None``: no exemplars.
        failed: Told of values that cannot be added.
        cache: Empty; gets the series of values that were met, as many as there are series.
    """
    by_label = {one.label: one for one in group[0][0].tags}
    tags = [by_label[label] for label in group[0][1].labels]
    sources = [_source(schema, one, "", group[0][1].name) for one in tags]
    may_cache = all(_tells_apart(schema, one, source, rules) for one, source in zip(tags, sources, strict=True))
    raw_of = _raw_reader([columns.at(source) for source in sources])
    metrics = []
    for definition, family in group:
        readers = [_reader(schema, one, family, columns, rules, failed) for one in tags]
        metrics.append((family, readers, _value_reader(definition, columns)))

    def meet(raw: Any, row: tuple[Any, ...]) -> Places:
        keys = [(family, tuple([read(row) for read in readers]), value_of) for family, readers, value_of in metrics]
        found = tuple([(family.name, family.put, family.of(key), value_of) for family, key, value_of in keys])
        if may_cache and all(key in family.series and _is_itself(raw, key) for family, key, _ in keys):
            cache[raw] = found
        return found

    def fold(row: tuple[Any, ...]) -> None:
        try:
            raw = raw_of(row)
            places = (cache.get(raw) if may_cache else None) or meet(raw, row)
        except Exception as error:  # noqa: BLE001 - a value whose own methods raise
            failed(group[0][0].name, error)
            return
        trace = row[traced[0]] if traced is not None and row[traced[1]] != 0 else 0
        for name, put, series, value_of in places:
            try:
                put(series, value_of(row), trace)
            except Exception as error:  # noqa: BLE001 - a value that is no number, or a function of the application
                failed(name, error)

    return fold


def _is_itself(raw: Any, key: tuple[str, ...]) -> bool:
    """Return whether no other raw value can lead to the same key: it was neither cut, replaced nor over a limit."""
    values = raw if len(key) > 1 else (raw,) if key else ()
    return OTHER not in key and all(
        text == value for text, value in zip(key, values, strict=True) if isinstance(value, str)
    )


def _tells_apart(schema: Schema, one: Tag, source: Source, rules: Mapping[str, Rule]) -> bool:
    """Return whether values of a source are hashable, and equal ones have equal texts."""
    if source is CONTEXT or one.relabel is not None or one.label in rules:
        return False
    if not isinstance(source, str):
        return True
    field = schema.fields[source]
    return schema.checked and not (field.added or field.filtered) and are_told_apart(field.type)


def _raw_reader(positions: list[int]) -> Callable[[tuple[Any, ...]], Any]:
    return itemgetter(*positions) if positions else lambda row: ()


def _reader(
    schema: Schema, one: Tag, family: Family, columns: Columns, rules: Mapping[str, Rule], failed: Failed
) -> Callable[[tuple[Any, ...]], str]:
    source = _source(schema, one, "", family.name)
    at = columns.at(source)
    rule = one.relabel or rules.get(one.label)
    if isinstance(source, str) and rule is None and is_proven_finite(schema, source):
        return lambda row: text_of(row[at])
    family.guarded.add(one.label)
    admit = family.guards[one.label].admit
    key = one.source.removeprefix(CONTEXT_PREFIX) if source is CONTEXT else None
    if rule is None:
        if key is None:
            return lambda row: admit(row[at])
        return lambda row: admit(row[at].get(key))
    apply = relabelled(rule, partial(failed, family.name))
    if key is None:
        return lambda row: admit(apply(row[at]))
    return lambda row: admit(apply(row[at].get(key)))


def _value_reader(definition: Definition, columns: Columns) -> Callable[[tuple[Any, ...]], Any]:
    value = definition.value
    if value is None:
        return lambda row: 1
    positions = [columns.at(name) for name in _value_fields(definition)]
    if isinstance(value, str):
        (only,) = positions
        return lambda row: row[only]
    return lambda row: value(*[row[at] for at in positions])


def _value_fields(definition: Definition) -> tuple[str, ...]:
    if definition.value is None or isinstance(definition.value, str):
        return () if definition.value is None else (definition.value,)
    return tuple(str(need) for need in Observe(definition.value).needs or ())


def _source(schema: Schema, one: Tag, where: str, metric: str) -> Source:
    if one.source.startswith(CONTEXT_PREFIX):
        return CONTEXT
    if one.source in schema.fields:
        return one.source
    if one.source in _METADATA:
        return _METADATA[one.source]
    raise _unknown(one.source, schema, where, f"the label {one.label!r} of metric {metric!r}")


def _unknown(name: str, schema: Schema, where: str, what: str) -> ConfigError:
    known = (*schema.fields, *_METADATA)
    return ConfigError(
        f"{what} reads field {name!r}, which {schema.event_type.__name__} does not have{nearest(name, known)}",
        where=where,
        fix=f"use one of: {', '.join(schema.fields) or '(it has no fields)'}; or  {CONTEXT_PREFIX}{name}  for context",
    )
