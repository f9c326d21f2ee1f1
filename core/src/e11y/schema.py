"""What plugins are given about one event type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, NewType, TypeVar, cast, get_args, get_origin

import attrs

from e11y.options import OFF, Option
from e11y.sentinel import MISSING
from e11y.severity import Severity

O = TypeVar("O", bound=Option)  # noqa: E741


@attrs.frozen(eq=False)
class Field:
    """One payload field.

    Args:
        name: As declared.
        type: The resolved annotation without ``Annotated`` around it.
        markers: What stood in ``Annotated`` beside the type itself.
        nested: The options among what stood so on types inside it, such as the parts of a union: they say
            nothing about the field as a whole.
        required: Whether the caller must pass it.
        added: Whether an enricher adds it (then the caller cannot pass it).
        filtered: Whether a filter may change or remove it. Known to hooks after zone 2 only.
    """

    name: str
    type: Any
    markers: tuple[Any, ...] = ()
    nested: tuple[Any, ...] = attrs.field(default=(), kw_only=True)
    required: bool = True
    added: bool = False
    filtered: bool = False

    def marker(self, kind: type[O]) -> O | None:
        """Return the first marker of the field, or of a type inside it, that is, or is an instance of, ``kind``."""
        for marker in (*self.markers, *self.nested):
            if isinstance(marker, kind):
                return cast(O, marker)
            if marker is kind:
                return cast(O, kind())
        return None


@attrs.frozen(eq=False)
class Schema:
    """Everything that is known about an event type before the first event.

    Args:
        event_type: The class.
        name: Event name, for example ``order.paid``; e11y-versioning may deliver another one.
        version: 1 unless declared or read from the class name.
        severity: Severity of the events unless a call says otherwise.
        fields: Field name -> ``Field``, base classes first.
        options: Option class -> option, or ``OFF``; inherited over the whole MRO.
        audit: Must never be lost: not sampled, not limited, only to audit-capable adapters.
        dead_letter: Kept as a dead letter, also when a limit would drop it; ``False``: never kept;
            ``None``: nobody said, so whoever keeps dead letters decides.
        adapters: Names the type asks for; ``None``: routes decide; empty: nowhere.
        retention_s: Seconds its records must be kept.
        open: Whether any further keyword is accepted.
        checked: Whether each value is known to be of its field's type; ``False`` when calls are checked
            only now and then, or never.
        structures: The attrs classes and dataclasses that lie inside the types of the fields, at any
            depth -> their own fields.
        doc: First line of the class docstring.
        base_name: Name that all versions of the event share; a name that was declared verbatim is its own.
    """

    event_type: type[Any]
    name: str
    version: int
    severity: Severity
    fields: Mapping[str, Field]
    options: Mapping[type[Option], Any] = MappingProxyType({})
    audit: bool = False
    dead_letter: bool | None = None
    adapters: tuple[str, ...] | None = None
    retention_s: float = 0.0
    open: bool = False
    checked: bool = True
    structures: Mapping[type[Any], Mapping[str, Field]] = MappingProxyType({})
    doc: str = ""
    base_name: str = attrs.Factory(lambda self: self.name, takes_self=True)

    @property
    def qualified_name(self) -> str:
        """Module and class, for example ``shop.events.OrderPaid``."""
        return f"{self.event_type.__module__}.{self.event_type.__qualname__}"

    def option(self, kind: type[O]) -> O | Any:
        """Return the option of ``kind``, ``OFF`` when it was switched off, ``None`` when nobody spoke."""
        return self.options.get(kind)

    def has(self, kind: type[Option]) -> bool:
        """Return whether an option of ``kind`` is attached and not switched off."""
        return self.options.get(kind, OFF) is not OFF

    def with_added(self, added: Mapping[str, Any]) -> Schema:
        """Return the schema as it is after enrichers added fields (name -> type)."""
        grown = {name: Field(name=name, type=kind, required=False, added=True) for name, kind in added.items()}
        return attrs.evolve(self, fields=MappingProxyType({**self.fields, **grown}))

    def with_filtered(self, names: Iterable[str]) -> Schema:
        """Return the schema as it is after zone 2, which may change the fields ``names``."""
        sealed = {name: attrs.evolve(self.fields[name], filtered=True) for name in names}
        return attrs.evolve(self, fields=MappingProxyType({**self.fields, **sealed}))


def unwrap(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Take ``Annotated``, ``NewType``, ``Final`` and aliases off; return the type and the markers."""
    markers: tuple[Any, ...] = ()
    while True:
        origin = get_origin(annotation)
        if origin is Annotated:
            markers = (*annotation.__metadata__, *markers)
            annotation = annotation.__origin__
        elif isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif origin is Final:
            (annotation,) = get_args(annotation)
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation, markers


__all__ = ["MISSING", "Field", "Schema", "unwrap"]
