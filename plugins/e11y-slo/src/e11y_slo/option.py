"""The decorator ``@slo``."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import ClassVar, Literal, Self, TypeVar, overload

import attrs

from e11y import ConfigError, Observe, Option, option, option_off

T = TypeVar("T", bound=type)
StatusFrom = Callable[..., str | None]

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", re.ASCII)
"""Names of objectives: they stand in labels, in names of rule groups and in file names."""


@attrs.frozen(eq=False)
class Slo(Option):
    """Which objective an event type counts toward; attached by :func:`slo`.

    Args:
        contributes_to: Name of the objective.
        status_from: A function whose parameters name fields; returns ``"success"``, ``"failure"`` or ``None``.
        latency_field: Field with a duration in milliseconds, or a timedelta.
        group_by: Field whose values tell groups apart.
        place: Module and line of the decorator.
        owner: Qualified name of the class that it stands on.
    """

    plugin: ClassVar[str] = "slo"

    contributes_to: str
    status_from: StatusFrom | None = None
    latency_field: str | None = None
    group_by: str | None = None
    place: str = ""
    owner: str = ""

    @property
    def where(self) -> str:
        """Where to look for it."""
        return f"{self.owner} ({self.place})"

    def merged(self, inherited: Option) -> Self:
        """Return this one: the child's counts.

        Raises:
            ConfigError: One class has two of them.
        """
        if isinstance(inherited, Slo) and inherited.owner == self.owner:
            raise ConfigError(
                f"{self.owner} has two @slo decorators",
                where=f"{inherited.place} and {self.place}",
                fix="leave one of them out: an event counts toward one objective",
            )
        return self


@overload
def slo(counts: Literal[False], /) -> Callable[[T], T]: ...


@overload
def slo(
    *,
    contributes_to: str,
    status_from: StatusFrom | None = None,
    latency_field: str | None = None,
    group_by: str | None = None,
) -> Callable[[T], T]: ...


def slo(
    counts: Literal[False] | None = None,
    /,
    *,
    contributes_to: str | None = None,
    status_from: StatusFrom | None = None,
    latency_field: str | None = None,
    group_by: str | None = None,
) -> Callable[[T], T]:
    """Return a class decorator that counts the events of a type toward an objective, before anything is dropped.

        @slo(contributes_to="payment_success", status_from=lambda state: OUTCOMES.get(state))
        class PaymentProcessed(Event):
            state: str

    It is inherited; ``@slo(False)`` opts out. A field ``slo_status`` of the event, ``"success"`` or ``"failure"``,
    wins over ``status_from``; the keyword too, where an open event type takes any.

    Args:
        counts: ``False``: these events count toward nothing, and that is meant.
        contributes_to: Name of the objective, as ``slo.yml`` has it under ``custom_slos``.
        status_from: A function whose parameters name fields. It runs later, on another thread, and returns
            ``"success"``, ``"failure"``, or ``None`` for an event that does not count.
        latency_field: Field with a duration in milliseconds, or a timedelta.
        group_by: Field whose few values tell groups apart; they stand in the label ``group``.

    Raises:
        ConfigError: An argument does not fit.
    """
    place = _place()
    if counts is False:
        return option_off(Slo)
    problem = (
        _name_problem(counts, contributes_to)
        or _status_problem(status_from)
        or _field_problem("latency_field", latency_field)
        or _field_problem("group_by", group_by)
    )
    if problem is not None:
        raise ConfigError(f"@slo: {problem[0]}", where=place, fix=problem[1])
    made = Slo(str(contributes_to), status_from, latency_field, group_by, place)

    def attach(event_type: T) -> T:
        owned = attrs.evolve(made, owner=f"{event_type.__module__}.{event_type.__qualname__}")
        return option(owned)(event_type)

    return attach


Complaint = tuple[str, str] | None


def _name_problem(counts: object, name: object) -> Complaint:
    fix = 'write @slo(contributes_to="payment_success", ...), or @slo(False) for events that do not count'
    if counts is not None or name is None:
        return "it must say what the events contribute to", fix
    if not isinstance(name, str) or not NAME.fullmatch(name):
        return "the name of an objective consists of letters, digits, '_', '.' and '-'", fix
    return None


def _status_problem(function: object) -> Complaint:
    fix = 'write status_from=lambda state: "success" if state == "done" else "failure"'
    if function is None:
        return None
    try:
        needs = Observe(function).needs if callable(function) else None
    except (TypeError, ValueError):
        needs = None
    if needs is None:
        return "status_from must be a function whose parameters name fields", fix
    return None if needs else ("status_from is a function of nothing", fix)


def _field_problem(argument: str, name: object) -> Complaint:
    if name is None or isinstance(name, str):
        return None
    return f"{argument} must be the name of a field", f'write {argument}="..."'


def _place() -> str:
    """Return module and line of the decorator's caller."""
    frame = sys._getframe(2)
    return f"{frame.f_globals.get('__name__', '?')}, line {frame.f_lineno}"
