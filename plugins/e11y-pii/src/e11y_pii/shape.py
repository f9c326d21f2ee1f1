"""What the type of a field says about the values in it: may there be text, keys, rules further down?"""

from __future__ import annotations

import typing
from collections import abc
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import attrs

from e11y.schema import Field
from e11y_pii.options import Strategy

Structures = Mapping[type[Any], Mapping[str, Field]]

_ATOMS = (int, float, Decimal, datetime, date, time, timedelta, UUID, type(None))
_SEQUENCES = (list, tuple, set, frozenset, abc.Sequence, abc.Set, abc.Collection, abc.Iterable)
_MAPPINGS = (dict, abc.Mapping, abc.MutableMapping)


@attrs.define(eq=False)
class Shape:
    """The values of one type.

    Attributes:
        text: May hold free text.
        keys: May hold keys that nobody has read yet: those of a dict.
        open: May hold more than constants that the source code names.
        strategy: Marker of the type itself.
        fields: Fields of the structures that it may be.
        item: What a container holds.
    """

    text: bool = False
    keys: bool = False
    open: bool = True
    strategy: Strategy | None = None
    fields: dict[str, Shape] = attrs.field(factory=dict)
    item: Shape | None = None

    def anywhere(self, holds: Callable[[Shape], bool], seen: frozenset[int] = frozenset()) -> bool:
        """Return whether ``holds`` is true of this shape or of one further down."""
        if id(self) in seen:
            return False
        below = [*self.fields.values(), *([self.item] if self.item is not None else [])]
        return holds(self) or any(one.anywhere(holds, seen | {id(self)}) for one in below)


ANYTHING = Shape(text=True, keys=True)
"""Values of which nothing is known."""


class Shapes:
    """Reads the types of one event type.

    Args:
        structures: The attrs classes and dataclasses among them, with their fields.
        strategy_of: Returns the one strategy among the markers of a part, or raises.
    """

    def __init__(self, structures: Structures, strategy_of: Callable[[tuple[Any, ...]], Strategy | None]) -> None:
        self._structures = structures
        self._strategy_of = strategy_of
        self._made: dict[type[Any], Shape] = {}

    def of(self, annotation: Any) -> Shape:
        """Return the shape of a resolved annotation."""
        kind, markers = bare(annotation)
        shape = self._of_bare(kind)
        strategy = self._strategy_of(markers)
        return shape if strategy is None else attrs.evolve(shape, strategy=strategy)

    def _of_bare(self, kind: Any) -> Shape:
        if kind in self._structures:
            return self._structure(kind)
        origin, args = get_origin(kind), get_args(kind)
        if origin in (Union, UnionType):
            return _either([self.of(arg) for arg in args])
        if origin is Literal or kind is bool or (isinstance(kind, type) and issubclass(kind, Enum)):
            return Shape(open=False)
        if kind is None or kind in _ATOMS:
            return Shape(open=kind not in (None, type(None)))
        container = origin or kind
        if container in _MAPPINGS:
            return Shape(keys=True, item=_either([self.of(arg) for arg in args]) if args else ANYTHING)
        if container in _SEQUENCES:
            parts = [self.of(arg) for arg in args if arg is not ... and arg != ()]
            return Shape(item=_either(parts) if parts else ANYTHING)
        return Shape(text=True) if kind in (str, bytes) else ANYTHING

    def _structure(self, kind: type[Any]) -> Shape:
        shape = self._made.get(kind)
        if shape is None:
            shape = self._made[kind] = Shape()
            for name, field in self._structures[kind].items():
                part = self.of(field.type)
                strategy = self._strategy_of(field.markers)
                shape.fields[name] = part if strategy is None else attrs.evolve(part, strategy=strategy)
        return shape


def _either(parts: list[Shape]) -> Shape:
    """Return the shape of a value that is of one of several types; the first strategy of each part counts."""
    if len(parts) == 1:
        return parts[0]
    fields: dict[str, Shape] = {}
    for part in parts:
        for name, shape in part.fields.items():
            fields[name] = _either([fields[name], shape]) if name in fields else shape
    items = [part.item for part in parts if part.item is not None]
    return Shape(
        text=any(part.text for part in parts),
        keys=any(part.keys for part in parts),
        open=any(part.open for part in parts),
        strategy=next((part.strategy for part in parts if part.strategy is not None), None),
        fields=fields,
        item=_either(items) if items else None,
    )


def bare(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Take ``Annotated``, ``NewType``, ``Final`` and aliases off; return the type and the markers."""
    markers: tuple[Any, ...] = ()
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            markers = (*annotation.__metadata__, *markers)
            annotation = annotation.__origin__
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        elif origin is typing.Final:
            (annotation,) = get_args(annotation)
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation, markers


NO_FIELDS: Mapping[str, Shape] = MappingProxyType({})
