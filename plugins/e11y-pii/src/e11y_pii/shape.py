"""What the type of a field says about the values in it: may there be text, keys, rules further down?"""

from __future__ import annotations

from collections import abc
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import MappingProxyType, UnionType
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

import attrs

from e11y import FreeText
from e11y.schema import Field, unwrap
from e11y_pii.options import STRICTEST_FIRST, Allow, Strategy, Truncate

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
        text_keys: These may be free text.
        open: May hold more than constants that the source code names.
        strategy: What a marker of the type itself says. Of several parts of a union the strictest counts.
        marked: Carries a marker, or has a part that does, whether or not it counts.
        free: Is free text by core's marker, or has a part that is.
        fields: Fields of the structures that it may be.
        item: What a container holds.
        parts: Those of a union.
    """

    text: bool = False
    keys: bool = False
    text_keys: bool = False
    open: bool = True
    strategy: Strategy | None = None
    marked: bool = False
    free: bool = False
    fields: dict[str, Shape] = attrs.field(factory=dict)
    item: Shape | None = None
    parts: tuple[Shape, ...] = ()

    def ruled(self, strategy: Strategy | None, markers: tuple[Any, ...] = ()) -> Shape:
        """Return the shape under a strategy, ``None`` stands for none, and under core's marker among ``markers``."""
        shape = self if strategy is None else attrs.evolve(self, strategy=strategy, marked=True)
        return attrs.evolve(shape, free=True) if FreeText in markers and not shape.free else shape

    @property
    def inside(self) -> Shape | None:
        """What it may hold under keys that no structure declares."""
        return self.item if self.item is not None or not self.keys else ANYTHING

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

    A structure may hold itself, also as a part of a union. So shapes are made first; what the parts of a union
    hold is put together when all structures are known, once for each set of parts.

    Args:
        structures: The attrs classes and dataclasses among them, with their fields.
        strategy_of: Returns the one strategy among the markers of a part, or raises.
    """

    def __init__(self, structures: Structures, strategy_of: Callable[[tuple[Any, ...]], Strategy | None]) -> None:
        self._structures = structures
        self._strategy_of = strategy_of
        self._made: dict[type[Any], Shape] = {}
        self._unions: dict[frozenset[int], Shape] = {}
        self._unfinished: list[Shape] = []

    def of(self, annotation: Any) -> Shape:
        """Return the shape of a resolved annotation."""
        shape = self._read(annotation)
        while self._unfinished:
            self._finish(self._unfinished.pop())
        return shape

    def _read(self, annotation: Any) -> Shape:
        kind, markers = unwrap(annotation)
        return self._ruled(self._read_bare(kind), markers)

    def _read_bare(self, kind: Any) -> Shape:
        if kind in self._structures:
            return self._structure(kind)
        origin, args = get_origin(kind), get_args(kind)
        if origin in (Union, UnionType):
            return self._either([self._read(arg) for arg in args])
        if origin is Literal or kind is bool or (isinstance(kind, type) and issubclass(kind, Enum)):
            return Shape(open=False)
        if kind is None or kind in _ATOMS:
            return Shape(open=kind not in (None, type(None)))
        container = origin or kind
        if container in _MAPPINGS:
            return self._mapping(*map(self._read, args)) if args else Shape(keys=True, text_keys=True, item=ANYTHING)
        if container in _SEQUENCES:
            parts = [self._read(arg) for arg in args if arg is not ... and arg != ()]
            return Shape(item=self._either(parts) if parts else ANYTHING)
        return Shape(text=True) if kind in (str, bytes) else ANYTHING

    def _mapping(self, key: Shape, value: Shape) -> Shape:
        """Return the shape of a dict. Keys are no values: what is not said about them is not asked of these."""
        item = self._either([key, value]) if key.marked else value
        return Shape(keys=True, text_keys=key.text, free=key.free, item=item)

    def _structure(self, kind: type[Any]) -> Shape:
        shape = self._made.get(kind)
        if shape is None:
            shape = self._made[kind] = Shape()
            for name, field in self._structures[kind].items():
                shape.fields[name] = self._ruled(self._read(field.type), field.markers)
        return shape

    def _ruled(self, shape: Shape, markers: tuple[Any, ...]) -> Shape:
        ruled = shape.ruled(self._strategy_of(markers), markers)
        if ruled is not shape and ruled.parts:
            self._unfinished.append(ruled)
        return ruled

    def _either(self, parts: list[Shape]) -> Shape:
        """Return the shape of a value that is of one of several types.

        Nobody looks which of them a value is, so what holds for one part holds for all.
        """
        single = {id(one): one for part in parts for one in (part.parts if self._is_plain_union(part) else (part,))}
        if len(single) == 1:
            return parts[0]
        union = self._unions.get(frozenset(single))
        if union is None:
            parts = list(single.values())
            union = self._unions[frozenset(single)] = Shape(
                text=any(part.text for part in parts),
                keys=any(part.keys for part in parts),
                text_keys=any(part.text_keys for part in parts),
                open=any(part.open for part in parts),
                strategy=_strictest(parts),
                marked=any(part.marked for part in parts),
                free=any(part.free for part in parts),
                parts=tuple(parts),
            )
            self._unfinished.append(union)
        return union

    def _is_plain_union(self, shape: Shape) -> bool:
        """Return whether ``shape`` is a union that carries no marker as a whole."""
        return bool(shape.parts) and self._unions.get(frozenset(map(id, shape.parts))) is shape

    def _finish(self, union: Shape) -> None:
        """Put together what the parts hold: a field is also what another part may hold under that name."""
        for part in union.parts:
            if part.parts and part.item is None:
                self._finish(part)
        insides = [part.inside for part in union.parts if part.inside is not None]
        union.item = self._either(insides) if insides else None
        for name in dict.fromkeys(name for part in union.parts for name in part.fields):
            same = [part.fields.get(name, part.inside) for part in union.parts]
            union.fields[name] = self._either([shape for shape in same if shape is not None])


def _strictest(parts: list[Shape]) -> Strategy | None:
    """Return the strategy of a union: that of its strictest part, and ``Allow`` only where all parts say so."""
    found = [part.strategy for part in parts if part.strategy is not None]
    ruling = min(found, key=_leniency, default=None)
    if isinstance(ruling, Allow) and any(part.strategy is None and part.open for part in parts):
        return None
    return ruling


def _leniency(strategy: Strategy) -> tuple[int, int]:
    return STRICTEST_FIRST.index(type(strategy)), strategy.length if isinstance(strategy, Truncate) else 0


NO_FIELDS: Mapping[str, Shape] = MappingProxyType({})
