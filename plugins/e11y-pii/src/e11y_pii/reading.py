"""What the plugin makes of one event type: its mode, and what happens to each field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import attrs

from e11y import OFF, ConfigError, Schema
from e11y.schema import Field
from e11y_pii.names import KeyNames, looks_personal
from e11y_pii.options import STRATEGIES, Allow, Declared, Reason, Scan, Strategy, Truncate, refuse_untouched
from e11y_pii.shape import Shape, Shapes

Mode = Literal["untouched", "key names", "declared"]


@attrs.frozen(eq=False)
class FieldReading:
    """What happens to one field.

    Args:
        name: Of the field.
        shape: What its type allows.
        strategy: Its marker.
        listed: Filtered because of its name.
        guarded: Walked through for rules and key names inside.
        scanned: Its texts are scanned, or cut.
    """

    name: str
    shape: Shape
    strategy: Strategy | None = None
    listed: bool = False
    guarded: bool = False
    scanned: bool = False

    @property
    def told(self) -> str:
        """For people: ``hash``, ``by name``, ``key names, scan``, or ``-``."""
        if self.strategy is not None:
            return type(self.strategy).__name__.lower()
        if self.listed:
            return "by name"
        return ", ".join([*(["key names"] if self.guarded else []), *(["scan"] if self.scanned else [])]) or "-"


@attrs.frozen(eq=False)
class Reading:
    """What happens to the events of one type.

    Args:
        schema: The type.
        mode: What ``@pii`` and the markers say.
        fields: In the order of the schema.
        scan: When texts are scanned.
        scans_further: Whether further keywords of an open type are scanned.
    """

    schema: Schema
    mode: Mode
    fields: tuple[FieldReading, ...]
    scan: Scan
    scans_further: bool = False

    @property
    def scans(self) -> bool:
        """Whether any text of these events is scanned."""
        return self.scans_further or any(field.scanned for field in self.fields)

    def unruled(self, is_listed: Callable[[str], bool]) -> list[str]:
        """Return the paths of fields that look personal and that nothing was said about."""
        if self.mode == "untouched":
            return []
        found: list[str] = []
        for field in self.fields:
            if field.strategy is None and not field.listed:
                found += _unruled(field.name, field.name, field.shape, is_listed, frozenset())
        return found


def _unruled(
    path: str, name: str, shape: Shape, is_listed: Callable[[str], bool], seen: frozenset[int]
) -> Iterator[str]:
    if shape.strategy is not None or not shape.open or is_listed(name) or id(shape) in seen:
        return
    if looks_personal(name) and not shape.fields:
        yield path
    for inner, part in shape.fields.items():
        yield from _unruled(f"{path}.{inner}", inner, part, is_listed, seen | {id(shape)})
    if shape.item is not None:
        for inner, part in shape.item.fields.items():
            yield from _unruled(f"{path}[].{inner}", inner, part, is_listed, seen | {id(shape)})


class Reader:
    """Reads event types.

    Args:
        is_listed: Tells whether a key's value is filtered by its name.
        scan: When texts are scanned unless a type says otherwise.
    """

    def __init__(self, is_listed: KeyNames, scan: Scan) -> None:
        self._is_listed = is_listed
        self._scan: Scan = scan

    def read(self, schema: Schema) -> Reading:
        """Return what happens to the events of a type.

        Raises:
            ConfigError: Markers or modes contradict one another, or a personal field would leave untouched.
        """
        declared: Any = schema.option(Declared)
        shapes = {name: self._shape(schema, field) for name, field in schema.fields.items()}
        ruled = [name for name, shape in shapes.items() if shape.anywhere(_is_marked)]
        if declared is OFF:
            self._refuse_untouched(schema, shapes, ruled)
            fields = tuple(FieldReading(name, shape) for name, shape in shapes.items())
            return Reading(schema, "untouched", fields, self._scan)
        full = declared is not None or bool(ruled)
        scan: Scan = declared.scan if isinstance(declared, Declared) and declared.scan else self._scan
        free = {name for name, shape in shapes.items() if shape.anywhere(_is_free)}
        fields = tuple(self._field(schema, name, shape, full or name in free) for name, shape in shapes.items())
        scans_further = schema.open and (full or bool(free))
        return Reading(schema, "declared" if full else "key names", fields, scan, scans_further)

    def _shape(self, schema: Schema, field: Field) -> Shape:
        where = f"class {schema.qualified_name}, field {field.name!r}"
        shapes = Shapes(schema.structures, lambda markers: strategy_of(markers, where))
        shape = shapes.of(field.type)
        shape = shape.ruled(strategy_of(field.markers, where), field.markers)
        if not schema.checked or field.added:  # nobody made sure that values are of that type
            shape = attrs.evolve(shape, text=True, keys=True, open=True)
        if isinstance(shape.strategy, Truncate) and not shape.text:
            raise ConfigError(
                f"Truncate on {field.name!r}, which holds no text",
                where=where,
                fix="use Mask, Hash or Redact for what is no text",
            )
        return shape

    def _field(self, schema: Schema, name: str, shape: Shape, scans: bool) -> FieldReading:
        strategy = shape.strategy
        if strategy is not None:
            return FieldReading(name, shape, strategy, scanned=isinstance(strategy, Truncate))
        if self._is_listed(name) and shape.open:
            return FieldReading(name, shape, listed=True)

        def needs_guard(part: Shape) -> bool:
            return part.keys or any(
                inner.strategy is not None or (self._is_listed(key) and inner.open)
                for key, inner in part.fields.items()
            )

        guarded = shape.anywhere(needs_guard) or shape.anywhere(_has_strategy)
        return FieldReading(name, shape, guarded=guarded, scanned=scans and shape.anywhere(_has_text))

    def _refuse_untouched(self, schema: Schema, shapes: Mapping[str, Shape], ruled: list[str]) -> None:
        if ruled:
            raise ConfigError(
                f"@pii(False) on {schema.event_type.__name__}, whose field {ruled[0]!r} carries a marker",
                where=f"class {schema.qualified_name}",
                fix="drop one of the two",
            )
        reason: Any = schema.option(Reason)
        because = reason.because if isinstance(reason, Reason) else ""
        personal = [
            name for name, shape in shapes.items() if shape.open and (looks_personal(name) or self._is_listed(name))
        ]
        refuse_untouched(schema.event_type, personal, because)


def strategy_of(markers: tuple[Any, ...], where: str) -> Strategy | None:
    """Return the strategy among the markers of one part.

    Raises:
        ConfigError: There are several, or one that means nothing.
    """
    found = [one for one in markers if _is_strategy(one)]
    if not found:
        return None
    names = " and ".join(one.__name__ if isinstance(one, type) else type(one).__name__ for one in found)
    known = ", ".join(kind.__name__ for kind in STRATEGIES)
    if len(found) > 1:
        raise ConfigError(f"{names} stand on the same field", where=where, fix="keep one of them")
    marker = found[0]
    kind: type[Any] = marker if isinstance(marker, type) else type(marker)
    if kind not in STRATEGIES:
        raise ConfigError(f"unknown strategy {names}", where=where, fix=f"use one of: {known}")
    if marker is Truncate:
        raise ConfigError("Truncate without a length", where=where, fix="write Truncate(8)")
    made: Strategy = kind() if isinstance(marker, type) else marker
    return made


def _is_strategy(marker: Any) -> bool:
    return isinstance(marker, Strategy) or (isinstance(marker, type) and issubclass(marker, Strategy))


def _has_strategy(shape: Shape) -> bool:
    return shape.strategy is not None


def _is_free(shape: Shape) -> bool:
    return shape.free


def _is_marked(shape: Shape) -> bool:
    return shape.marked


def _has_text(shape: Shape) -> bool:
    return (shape.text or shape.text_keys) and not isinstance(shape.strategy, Allow)
