"""The cold path of a call: values that need a second look, and calls that do not fit their type."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any
from uuid import UUID

from e11y.checks.atoms import EXACT_ATOMS
from e11y.checks.check import Budget, Check, Refused
from e11y.checks.snapshot import snapshot
from e11y.errors import Problem, nearest
from e11y.outcome import Outcome
from e11y.pipeline.plan import Plan
from e11y.sentinel import MISSING

Refuse = Callable[[list[Problem]], Outcome]
"""Counts, reports or raises; returns ``Outcome.INVALID`` when it does not raise."""

Checked = tuple[Any, ...] | Outcome


def make_check(plan: Plan, refuse: Refuse) -> Callable[[tuple[Any, ...], dict[str, Any], tuple[Any, ...]], Checked]:
    """Return the function that takes a whole call when the fast checks did not pass it.

    It gets positional arguments, unknown keywords and the field values in order. It returns the values
    to go on with, or the outcome of the refusal. All failing fields are reported together.
    """
    items = tuple(plan.checks.items())
    defaults = plan.defaults
    is_open = plan.schema.open
    type_name = plan.schema.event_type.__name__

    def check(args: tuple[Any, ...], unknown: dict[str, Any], values: tuple[Any, ...]) -> Checked:
        problems: list[Problem] = []
        if args:
            problems.append(Problem(("*", f"{type_name}.track takes fields by keyword only, got {len(args)} without")))
        kept = []
        for (name, one), value in zip(items, values, strict=True):
            if value is MISSING and name in defaults:
                kept.append(defaults[name]())
            elif value is MISSING:
                problems.append(Problem((name, "is missing")))
            else:
                kept.append(_accepted(name, one, value, problems))
        if unknown and not is_open:
            problems.extend(
                Problem((tellable(name, number), f"is no field of {type_name}{nearest(name, plan.checks)}"))
                for number, name in enumerate(unknown, start=1)
            )
        return refuse(problems) if problems else tuple(kept)

    return check


def _accepted(name: str, check: Check, value: Any, problems: list[Problem]) -> Any:
    try:
        return check.accept(value, Budget(), 0)
    except Refused as refused:
        problems.append(Problem((name + refused.path, refused.reason)))
    except Exception as error:  # noqa: BLE001 - a value whose own methods raise; its text stays out
        problems.append(Problem((name, f"raises {type(error).__name__} when it is looked at")))
    return None


def make_loosen(plan: Plan, *, fitting: bool) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Return the function that takes unchecked values as plain data; what nobody gave stays ``MISSING``.

    Args:
        plan: Of the event type.
        fitting: A value that does not fit its field is replaced by words about it, since filters and
            later steps rely on its type.
    """
    defaults = tuple(plan.defaults.get(name) for name in plan.checks)
    checks = tuple(one if fitting else None for one in plan.checks.values())

    def loosened(values: tuple[Any, ...]) -> tuple[Any, ...]:
        kept = []
        for value, default, check in zip(values, defaults, checks, strict=True):
            given = default() if value is MISSING and default is not None else value
            kept.append(given if given is MISSING else _loose(given, check))
        return tuple(kept)

    return loosened


def _loose(value: Any, check: Check | None) -> Any:
    try:
        return snapshot(value if check is None else check.accept(value, Budget(), 0), Budget())
    except Refused as refused:
        return f"<{type(value).__name__} that {refused.reason}>"
    except Exception:  # noqa: BLE001 - nobody asked for a check; the type is all that can be told
        return f"<{type(value).__name__}>"


def make_open(refuse: Refuse) -> Callable[[dict[str, Any]], dict[str, Any] | Outcome]:
    """Return the function that copies the free keywords of an open event type."""

    def opened(unknown: dict[str, Any]) -> dict[str, Any] | Outcome:
        if _is_plain(unknown):
            return unknown  # made for this call, so nobody else has it
        kept: dict[str, Any] = {}
        problems: list[Problem] = []
        budget = Budget()
        for number, (name, value) in enumerate(unknown.items(), start=1):
            try:
                kept[name] = snapshot(value, budget, 1)
            except Refused as refused:
                problems.append(Problem((tellable(name, number), refused.reason)))
            except Exception as error:  # noqa: BLE001
                reason = f"raises {type(error).__name__} when it is looked at"
                problems.append(Problem((tellable(name, number), reason)))
        return refuse(problems) if problems else kept

    return opened


def _is_plain(unknown: dict[str, Any]) -> bool:
    """Return whether the keywords are few and small enough for any budget, and nothing has to be copied."""
    if len(unknown) > _MOST_PLAIN:
        return False
    for value in unknown.values():
        kind = type(value)  # not __class__, which an object may compute
        if kind not in EXACT_ATOMS or ((kind is str or kind is bytes) and len(value) > _LONGEST_PLAIN):
            return False
    return True


def tellable(name: str, number: int) -> str:
    """Return the name of an unknown keyword if a person may have written it: data may hold, or be, anything."""
    return name if name.isidentifier() and len(name) <= _LONGEST_NAME else f"keyword {number}"


_LONGEST_NAME = 64
_MOST_PLAIN = 100
_LONGEST_PLAIN = 600


def stored(value: Any) -> Any:
    """Return a value whose type nobody knows any more in the form that an entry holds."""
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, UUID) else value
