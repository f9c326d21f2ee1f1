"""Whether the file and the event types speak of the same objectives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from e11y import OFF, ConfigError, Schema
from e11y.errors import nearest
from e11y_slo.document import Custom, Document
from e11y_slo.option import Slo


def of_application(schemas: Iterable[Schema]) -> list[Schema]:
    """Return the event types that are not the library's own."""
    return [one for one in schemas if not one.event_type.__module__.partition(".")[0].startswith("e11y")]


def undeclared(schemas: Iterable[Schema]) -> Iterator[ConfigError]:
    """Yield the event types that neither have ``@slo`` nor opt out."""
    for schema in of_application(schemas):
        if schema.option(Slo) is None:
            yield ConfigError(
                f"{schema.event_type.__name__} does not say whether it counts toward an objective",
                where=f"class {schema.qualified_name}",
                fix="write  @slo(contributes_to=..., status_from=...)  above it, or  @slo(False)",
            )


def strangers(document: Document, schemas: Iterable[Schema]) -> Iterator[ConfigError]:
    """Yield the event types that contribute to an objective that the file does not have."""
    names = [one.name for one in document.customs]
    for schema in schemas:
        declared = schema.option(Slo)
        if schema.has(Slo) and declared.contributes_to not in names:
            name = declared.contributes_to
            yield ConfigError(
                f"there is no objective {name!r} in {document.located.file}{nearest(name, names)}",
                where=declared.where,
                fix=f"add it under  custom_slos, or use one of: {', '.join(names) or '(there is none)'}",
            )


def misfits(document: Document, schemas: Iterable[Schema]) -> Iterator[ConfigError]:
    """Yield the events that the file names and that do not exist, or do not contribute to what it says."""
    known = list(schemas)
    for custom in document.customs:
        if custom.planned:
            continue
        for at, name in enumerate(custom.events):
            where = document.located.where((*custom.place, "events", at))
            problem = _misfit(custom, name, _found(name, known), where)
            if problem is not None:
                yield problem
        yield from _differences(custom, document, known)
        if not any(_contributes(schema, custom) for schema in known):
            yield ConfigError(
                f"no event type contributes to {custom.name!r}",
                where=document.located.where(custom.place),
                fix=f'write  @slo(contributes_to="{custom.name}", ...)  above one, or remove the objective',
            )


def _differences(custom: Custom, document: Document, schemas: Iterable[Schema]) -> Iterator[ConfigError]:
    """Yield where the file and ``@slo`` name other fields: what is counted is what ``@slo`` says."""
    for schema in schemas:
        if not _contributes(schema, custom):
            continue
        declared: Slo = schema.option(Slo)
        for key, argument, wanted, said in (
            ("group_by", "group_by", custom.group_by, declared.group_by),
            ("latency.field", "latency_field", custom.latency_field, declared.latency_field),
        ):
            if wanted is not None and wanted != said:
                how = f"has {argument}={said!r}" if said is not None else f"has no {argument}"
                yield ConfigError(
                    f"{key} of {custom.name!r} is {wanted!r}, but @slo on {schema.event_type.__name__} {how}",
                    where=f"{document.located.where((*custom.place, *key.split('.')))}; {declared.where}",
                    fix=f"let both say the same, or leave {key} out of the file",
                )


def _misfit(custom: Custom, name: str, found: Sequence[Schema], where: str) -> ConfigError | None:
    if not found:
        return ConfigError(
            f"{custom.name!r} names the event {name!r}, which is not known",
            where=where,
            fix="import the module that declares it, with  e11y --app your.module ...  on the command line",
        )
    if any(_contributes(schema, custom) for schema in found):
        return None
    option = found[0].option(Slo)
    if option is None or option is OFF:
        how = "opts out" if option is OFF else "has no @slo"
        what = f"{custom.name!r} names the event {name!r}, which {how}"
        fix = f'write  @slo(contributes_to="{custom.name}", ...)  above it, or remove it from the list'
    else:
        what = f"{custom.name!r} names the event {name!r}, which contributes to {option.contributes_to!r}"
        fix = "let both say the same"
    return ConfigError(what, where=where, fix=fix)


def _contributes(schema: Schema, custom: Custom) -> bool:
    return schema.has(Slo) and schema.option(Slo).contributes_to == custom.name


def _found(name: str, schemas: Iterable[Schema]) -> list[Schema]:
    """Return the event types of a name: of the event, of the class, or of its module too."""
    last = name.rpartition("::")[2]  # as in the documents this file comes from
    return [
        one
        for one in schemas
        if name in (one.name, one.base_name, one.qualified_name) or last == one.event_type.__name__
    ]
