"""From an annotation to its check."""

from __future__ import annotations

import collections.abc as abc
import dataclasses
import types
from enum import Enum
from typing import Any, Literal, Union, get_args, get_origin

import attrs

from e11y.checks import constraints, containers
from e11y.checks.annotations import field_types
from e11y.checks.atoms import atom, copier, enum, literal
from e11y.checks.check import Accept, Budget, Check, Refused, UnsupportedType, mismatch, named
from e11y.schema import unwrap

_SEQUENCES: dict[Any, tuple[tuple[type, ...], str]] = {
    list: ((list,), "a list"),
    set: ((set, frozenset), "a set"),
    frozenset: ((frozenset, set), "a frozenset"),
    tuple: ((tuple,), "a tuple"),
    abc.Sequence: ((list, tuple), "a list or tuple"),
    abc.Set: ((set, frozenset), "a set"),
    abc.Collection: ((list, tuple, set, frozenset), "a list, tuple or set"),
    abc.Iterable: ((list, tuple, set, frozenset), "a list, tuple or set"),
}
_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)


def check_for(annotation: Any, markers: tuple[Any, ...] = ()) -> Check:
    """Return the check of a resolved annotation.

    Args:
        annotation: A type, as ``typing.get_type_hints(include_extras=True)`` gives it.
        markers: What stood beside it in ``Annotated``.

    Raises:
        UnsupportedType: Values of this type cannot be recorded.
    """
    annotation, nested = unwrap(annotation)
    markers = (*nested, *markers)
    bounds = constraints.read(markers)
    if get_origin(annotation) in (Union, types.UnionType):
        return _union(get_args(annotation), bounds)
    return constraints.constrained(_bare(annotation), bounds)


def _bare(annotation: Any) -> Check:
    if annotation is None:
        annotation = type(None)
    if annotation is Any or annotation is object:
        return containers.anything()
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return literal(args)
    kind = origin or annotation
    if kind is tuple and args and args[-1] is not ...:
        return containers.fixed(tuple(check_for(arg) for arg in args if arg != ()))
    if kind in _SEQUENCES:
        kinds, expects = _SEQUENCES[kind]
        return containers.sequence(kinds, check_for(args[0]) if args else containers.anything(), expects)
    if kind in _MAPPINGS:
        key, item = args or (Any, Any)
        return containers.mapping(check_for(key), check_for(item))
    if isinstance(annotation, type):
        found = atom(annotation)
        if found is not None:
            return found
        if issubclass(annotation, Enum):
            return enum(annotation)
        if containers.is_structure(annotation):
            return _structure(annotation)
    raise UnsupportedType(getattr(annotation, "__qualname__", None) or repr(annotation))


def _structure(kind: type) -> Check:
    made: dict[str, Check] = {}

    def fields() -> dict[str, Check]:
        if not made:
            hints = field_types(kind)
            if attrs.has(kind):
                for attribute in attrs.fields(kind):
                    extra = [constraints.of_validator(attribute.validator, attribute)] if attribute.validator else []
                    made[attribute.name] = constraints.constrained(check_for(hints.get(attribute.name, Any)), extra)
            else:
                for field in dataclasses.fields(kind):
                    made[field.name] = check_for(hints[field.name])
        return made

    return containers.structure(kind, fields)


def _union(arms: tuple[Any, ...], bounds: list[constraints.Constraint]) -> Check:
    """Return the check of ``A | B | None``; constraints hold for every arm but ``None``."""
    parts = [check_for(arm) for arm in arms if arm is not type(None)]
    parts = [constraints.constrained(part, bounds) for part in parts]
    nullable = type(None) in arms
    expects = " or ".join([part.expects for part in parts] + (["None"] if nullable else []))
    accept = _accept_any(tuple(parts), nullable, expects)
    names: dict[str, Any] = {}
    for part in parts:
        names.update(part.names)
    json_type = {"anyOf": [part.json_type for part in parts] + ([{"type": "null"}] if nullable else [])}
    if len(parts) == 1 and nullable:
        return _optional(parts[0], accept, names, expects, json_type)
    fast: str | None = None
    copy: str | None = None
    if all(part.fast is not None and part.store is None for part in parts):
        fast = " or ".join(
            [*(["{v} is None"] if nullable else []), *(_bracketed(part.fast) for part in parts if part.fast)]
        )
    else:
        name = named(accept, "copy")
        copy, names[name] = f"{name}({{v}})", copier(_plain_enums(accept))
    sizes = [part.size for part in parts if part.size]
    names["_sized"] = containers.sized
    return Check(
        expects=expects,
        accept=accept if fast else _plain_enums(accept),
        fast=fast,
        copy=copy,
        names=names,
        size="_sized({v})" if sizes or copy else None,
        json_type=json_type,
        bounds=tuple(dict.fromkeys(bound for part in parts for bound in part.bounds)),
    )


def _optional(part: Check, accept: Accept, names: dict[str, Any], expects: str, json_type: dict[str, Any]) -> Check:
    """Return ``part`` made nullable, with all that it knows about storing and sizes."""

    def guarded(expression: str | None, empty: str = "None") -> str | None:
        return None if expression is None else f"({empty} if {{v}} is None else {expression})"

    return attrs.evolve(
        part,
        expects=expects,
        accept=accept,
        fast=None if part.fast is None else f"{{v}} is None or {_bracketed(part.fast)}",
        copy=guarded(part.copy),
        names=names,
        store=guarded(part.store),
        size=guarded(part.size, "0"),
        json_type=json_type,
    )


def _bracketed(condition: str) -> str:
    return f"({condition})" if " or " in condition or " and " in condition else condition


def _plain_enums(accept: Accept) -> Accept:
    """Return ``accept`` for a union whose arms are stored differently: values take their JSON form at once."""

    def accept_plain(value: Any, budget: Budget, depth: int) -> Any:
        kept = accept(value, budget, depth)
        if isinstance(kept, Enum):
            return kept.value
        return str(kept) if type(kept).__name__ == "UUID" else kept

    return accept_plain


def _accept_any(parts: tuple[Check, ...], nullable: bool, expects: str) -> Accept:
    def accept(value: Any, budget: Budget, depth: int) -> Any:
        if value is None:
            if nullable:
                return None
            raise mismatch(expects, value)
        refusals = []
        for part in parts:
            try:
                return part.accept(value, budget, depth)
            except Refused as refused:
                refusals.append(refused)
        telling = [refused for refused in refusals if refused.path or not refused.reason.startswith("must be a")]
        if len(refusals) == 1 or len(telling) == 1:
            raise (telling or refusals)[0]
        raise mismatch(expects, value)

    return accept
