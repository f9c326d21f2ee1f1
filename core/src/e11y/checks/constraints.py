"""Constraints: bounds, lengths and predicates that stand beside a type.

Read from ``annotated_types`` markers in ``Annotated[...]`` and from attrs validators on the field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs

from e11y.checks.check import Accept, Budget, Check, Refused, UnsupportedType, named

_INLINE = (int, float)
_SHORT = 32
"""A text that cannot be longer is part of what every entry is charged with."""


@attrs.frozen(eq=False)
class Constraint:
    """One condition on a value that already has the right type.

    Args:
        reason: Words of the refusal, for example ``must be greater than 0``.
        holds: The condition as a function.
        fast: The condition as an expression over ``{v}``.
        names: Constants that ``fast`` mentions.
        json_type: Keywords of JSON Schema that say the same, where there are some.
        longest: Highest length that it lets pass, when it is about that.
    """

    reason: str
    holds: Callable[[Any], object]
    fast: str
    names: dict[str, Any]
    json_type: dict[str, Any] = attrs.field(factory=dict)
    longest: int | None = None


def constrained(check: Check, constraints: list[Constraint]) -> Check:
    """Return ``check`` with ``constraints`` on top."""
    if not constraints:
        return check
    accept = _accept_all(check.accept, constraints)
    names = dict(check.names)
    conditions = []
    for constraint in constraints:
        names.update(constraint.names)
        conditions.append(constraint.fast)
    json_type = {**check.json_type}
    for constraint in constraints:
        json_type.update(constraint.json_type)
    check = attrs.evolve(check, bounds=(*check.bounds, *(constraint.reason for constraint in constraints)))
    if check.fast is not None:
        fast = " and ".join([f"({check.fast})" if " or " in check.fast else check.fast, *conditions])
        is_short = any(one.longest is not None and one.longest <= _SHORT for one in constraints)
        size = None if is_short else check.size
        return attrs.evolve(check, accept=accept, fast=fast, names=names, size=size, json_type=json_type)
    from e11y.checks.atoms import copier  # noqa: PLC0415

    name = named(accept, "copy")
    return attrs.evolve(
        check, accept=accept, copy=f"{name}({{v}})", names={**names, name: copier(accept)}, json_type=json_type
    )


def _accept_all(accept: Accept, constraints: list[Constraint]) -> Accept:
    def accept_all(value: Any, budget: Budget, depth: int) -> Any:
        kept = accept(value, budget, depth)
        for constraint in constraints:
            try:
                held = bool(constraint.holds(kept))
            except Exception:  # noqa: BLE001 - the text of the error may hold the value
                held = False
            if not held:
                raise Refused(constraint.reason)
        return kept

    return accept_all


def read(markers: Iterable[Any]) -> list[Constraint]:
    """Return the constraints among the markers of an ``Annotated``; others are left to plugins.

    Raises:
        UnsupportedType: An ``annotated_types`` constraint that cannot be checked.
    """
    found: list[Constraint] = []
    for marker in markers:
        if any(base.__module__.partition(".")[0] == "annotated_types" for base in type(marker).__mro__):
            found.extend(_read_one(marker))
    return found


def _read_one(marker: Any) -> Iterator[Constraint]:  # noqa: C901 - one branch per kind of constraint
    import annotated_types as at  # noqa: PLC0415 - only types that use it pay for the import

    if isinstance(marker, at.GroupedMetadata):
        for part in marker:
            yield from _read_one(part)
    elif isinstance(marker, at.Gt):
        yield _compare(">", marker.gt, "greater than", "exclusiveMinimum")
    elif isinstance(marker, at.Ge):
        yield _compare(">=", marker.ge, "at least", "minimum")
    elif isinstance(marker, at.Lt):
        yield _compare("<", marker.lt, "less than", "exclusiveMaximum")
    elif isinstance(marker, at.Le):
        yield _compare("<=", marker.le, "at most", "maximum")
    elif isinstance(marker, at.MultipleOf):
        factor: Any = marker.multiple_of
        name, names = _constant(factor)
        yield Constraint(
            f"must be a multiple of {factor!r}",
            lambda value: value % factor == 0,
            f"{{v}} % {name} == 0",
            names,
            {"multipleOf": factor},
        )
    elif isinstance(marker, at.MinLen):
        least = marker.min_length
        yield _length(f"must not be shorter than {least}", lambda value: len(value) >= least, f">= {least}")
    elif isinstance(marker, at.MaxLen):
        most = marker.max_length
        yield _length(f"must not be longer than {most}", lambda value: len(value) <= most, f"<= {most}", most)
    elif isinstance(marker, at.Timezone):
        yield _timezone(marker.tz)
    elif isinstance(marker, at.Not):
        refuse: Callable[[Any], object] = marker.func
        yield _predicate(lambda value: not refuse(value), f"must not satisfy {_title(marker.func)}")
    elif isinstance(marker, at.Predicate):
        yield _predicate(marker.func, f"must satisfy {_title(marker.func)}")
    elif not isinstance(marker, (at.Unit, at.DocInfo)):
        raise UnsupportedType(f"the constraint {type(marker).__name__}")


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
}


def _compare(operator: str, bound: Any, words: str, keyword: str) -> Constraint:
    name, names = _constant(bound)
    compare = _OPERATORS[operator]
    return Constraint(
        f"must be {words} {bound}",
        lambda value: compare(value, bound),
        f"{{v}} {operator} {name}",
        names,
        {keyword: bound} if type(bound) in _INLINE else {},
    )


def _length(reason: str, holds: Callable[[Any], object], condition: str, longest: int | None = None) -> Constraint:
    return Constraint(reason, holds, f"_len({{v}}) {condition}", {"_len": len}, longest=longest)


def _timezone(wanted: Any) -> Constraint:
    if wanted is None:
        return _predicate(lambda value: value.tzinfo is None, "must not have a time zone")
    if wanted is ...:
        return _predicate(lambda value: value.tzinfo is not None, "must have a time zone")
    return _predicate(lambda value: str(value.tzinfo) == str(wanted), f"must be in time zone {wanted}")


def _predicate(holds: Callable[[Any], object], reason: str) -> Constraint:
    name = named(holds, "holds")
    return Constraint(reason, holds, f"{name}({{v}})", {name: holds})


def of_validator(validator: Callable[[Any, Any, Any], Any], attribute: Any) -> Constraint:
    """Return an attrs validator as a constraint. It gets ``None`` as the instance: there is none."""

    def holds(value: Any) -> bool:
        validator(None, attribute, value)
        return True

    own = type(validator).__module__.startswith("attr")
    title = repr(validator).strip("<>") if own else _title(validator)
    return _predicate(holds, f"must satisfy {title}")


def _title(func: Any) -> str:
    return getattr(func, "__qualname__", None) or type(func).__name__


def _constant(value: Any) -> tuple[str, dict[str, Any]]:
    if type(value) is int or (type(value) is float and value == value and abs(value) != float("inf")):
        return repr(value), {}
    name = named(value, "bound")
    return name, {name: value}
