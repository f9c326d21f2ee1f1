"""What events say about their objective: how a row of values becomes a success or a failure."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin

from e11y import MISSING, PAYLOAD, ConfigError, Host, Observe, Schema
from e11y.errors import nearest
from e11y.identifiers import looks_like_identifier
from e11y.journal import Journal
from e11y.schema import unwrap
from e11y.steps import Need
from e11y_slo.exported import EVENT_SECONDS, EVENTS
from e11y_slo.option import Slo
from e11y_slo.tally import Notice, Room, Tally

OVERRIDE = "slo_status"
"""The field of an event that wins over ``status_from``."""

STATUSES = ("success", "failure")

_MS_PER_S = 1000
_NUMBERS = (int, float, Decimal, timedelta)
_FEW = (str, int)


class BadStatus(Exception):
    """A status that is neither ``success`` nor ``failure``. Holds no text: it could only be about the value."""


class BadDuration(Exception):
    """A duration that is no number, is not finite or is negative."""


class Results:
    """Counts the events of types that have ``@slo``.

    Args:
        journal: Where rows wait.
        host: For faults and counts.
        limit: Values per label.
        notice: Called with a label that nears or passes its limit, and the number of its values.
    """

    def __init__(self, journal: Journal, host: Host, limit: int, notice: Notice) -> None:
        self.counts = Tally(EVENTS, ("group",), limit)
        self.seconds = Tally(EVENT_SECONDS, ("group",), limit)
        self.room = Room(limit, notice)
        self._journal = journal
        self._host = host

    def observer(self, schema: Schema) -> Observe | None:
        """Return the step that writes the events of a type down, or ``None``: they count toward nothing.

        Raises:
            ConfigError: What ``@slo`` says does not fit the type.
        """
        if not schema.has(Slo):
            return None
        declared: Slo = schema.option(Slo)
        check(schema, declared)
        needs: list[str | Need] = list(_needs(declared))
        status = slice(0, len(needs))
        sources = (OVERRIDE if OVERRIDE in schema.fields else None, declared.latency_field, declared.group_by)
        override, latency, group = (_place(needs, source) for source in sources)
        is_keyword = schema.open and override is None
        if is_keyword:
            override = len(needs)
        write = self._journal.writer(self._fold(schema, declared, status, override, latency, group))
        told = f"counts toward the objective {declared.contributes_to}"
        if not is_keyword:
            return Observe(write, tuple(needs), doc=told)

        def write_open(payload: Mapping[str, Any], *row: Any) -> None:
            write(*row, payload.get(OVERRIDE))  # only that, not the payload, waits to be added up

        return Observe(write_open, (PAYLOAD, *needs), doc=told)

    def forget(self) -> None:
        """Begin anew. For forked children only."""
        self.room.forget()
        self.counts.series.clear()
        self.seconds.series.clear()

    def _fold(
        self, schema: Schema, declared: Slo, status: slice, override: int | None, latency: int | None, group: int | None
    ) -> Callable[[tuple[Any, ...]], None]:
        name, event = declared.contributes_to, schema.base_name
        status_from = declared.status_from

        def fold(row: tuple[Any, ...]) -> None:
            try:
                found = None if override is None else _plain(row[override])
                if found is None and status_from is not None:
                    found = _plain(status_from(*[_plain(value) for value in row[status]]))
                if found is None:
                    return
                if not isinstance(found, str) or found not in STATUSES:
                    raise BadStatus
                grouped = "" if group is None else self.room.admit("group", _text(row[group]))
            except Exception as error:  # noqa: BLE001 - a function, or a value, of the application
                self._failed("statuses_refused", f"the slo_status of {schema.name}", error)
                return
            for one in STATUSES:  # a series that begins with its first failure has no rate of it
                self.counts.touch((name, one, event, grouped))
            self.counts.add((name, found, event, grouped))
            if latency is not None and (took := _plain(row[latency])) is not None:
                self._observe((name, event, grouped), took, schema)

        return fold

    def _observe(self, key: tuple[str, ...], took: object, schema: Schema) -> None:
        try:
            seconds = took.total_seconds() if isinstance(took, timedelta) else float(took) / _MS_PER_S  # type: ignore[arg-type]
            if isinstance(took, str) or not self.seconds.observe(key, seconds):
                raise BadDuration
        except (TypeError, ValueError, OverflowError, BadDuration) as error:
            self._failed("durations_skipped", f"the duration of {schema.name}", error)

    def _failed(self, counter: str, what: str, error: Exception) -> None:
        self._host.count(counter)
        self._host.fault(what, error)


def _needs(declared: Slo) -> tuple[str, ...]:
    if declared.status_from is None:
        return ()
    return tuple(str(need) for need in Observe(declared.status_from).needs or ())


def _place(needs: list[str | Need], source: str | None) -> int | None:
    """Return the column of a field, which is read once."""
    if source is None:
        return None
    if source not in needs:
        needs.append(source)
    return needs.index(source)


def check(schema: Schema, declared: Slo) -> None:
    """Refuse what does not fit the event type.

    Raises:
        ConfigError: A field does not exist, is no duration, or has endless values; or there is no status.
    """
    for argument, names in (
        ("status_from", _needs(declared)),
        ("latency_field", (declared.latency_field,)),
        ("group_by", (declared.group_by,)),
    ):
        for name in names:
            if name is not None and name not in schema.fields:
                raise ConfigError(
                    f"{argument} of @slo reads field {name!r}, which {schema.event_type.__name__} does not have"
                    f"{nearest(name, schema.fields)}",
                    where=declared.where,
                    fix=f"use one of: {', '.join(schema.fields) or '(it has no fields)'}",
                )
    if declared.status_from is None and OVERRIDE not in schema.fields and not schema.open:
        raise ConfigError(
            f"nothing tells whether {schema.event_type.__name__} is a success or a failure",
            where=declared.where,
            fix=f'add  status_from=lambda ...  to @slo, or a field  {OVERRIDE}: Literal["success", "failure"]',
        )
    latency = declared.latency_field
    if latency is not None and not _is_made_of(schema.fields[latency].type, _NUMBERS):
        raise ConfigError(
            f"latency_field of @slo is field {latency!r}, which is no duration",
            where=declared.where,
            fix="name a field that holds milliseconds as int, float or Decimal, or a timedelta",
        )
    if declared.group_by is not None:
        _check_group(schema, declared, declared.group_by)


def _check_group(schema: Schema, declared: Slo, name: str) -> None:
    if _is_finite(schema.fields[name].type):
        return
    fix = "group by a field with few values: text of a few kinds, Literal, Enum or bool"
    if looks_like_identifier(name):
        what = f"group_by of @slo is {name!r}, an identifier or free text: each value would be a series of its own"
        raise ConfigError(what, where=declared.where, fix=fix)
    if not _is_made_of(schema.fields[name].type, _FEW):
        what = f"group_by of @slo is field {name!r}, whose type has no end of values"
        raise ConfigError(what, where=declared.where, fix=fix)


def _members(annotation: Any) -> list[Any]:
    """Return the types that a field may hold, ``None`` left out."""
    plain, _ = unwrap(annotation)
    if get_origin(plain) in (Union, types.UnionType):
        return [member for part in get_args(plain) for member in _members(part)]
    return [] if plain is type(None) else [plain]


def _is_made_of(annotation: Any, kinds: tuple[type, ...]) -> bool:
    members = _members(annotation)
    return all(
        member is Any or (isinstance(member, type) and issubclass(member, kinds) and member is not bool)
        for member in members
    )


def _is_finite(annotation: Any) -> bool:
    return all(
        get_origin(member) is Literal or (isinstance(member, type) and (member is bool or issubclass(member, Enum)))
        for member in _members(annotation)
    )


def _plain(value: Any) -> Any:
    """Return a value as the application means it: absent is ``None``, a member of an Enum its value."""
    return None if value is MISSING else value.value if isinstance(value, Enum) else value


def _text(value: Any) -> str:
    plain = _plain(value)
    if plain is None:
        return ""
    return str(plain) if isinstance(plain, (str, int)) else f"<{type(plain).__name__}>"
