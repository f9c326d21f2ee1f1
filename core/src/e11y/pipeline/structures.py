"""What lies inside the type of a field: options of other parts, attrs classes, dataclasses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from e11y.checks.annotations import field_types
from e11y.checks.containers import is_structure
from e11y.checks.snapshot import field_names
from e11y.options import Option
from e11y.schema import Field, unwrap


def nested_options(kind: Any) -> tuple[Any, ...]:
    """Return the options that stand on types inside a union or container."""
    markers: list[Any] = []
    for part in getattr(kind, "__args__", ()):
        bare, found = unwrap(part)
        markers.extend(
            one for one in found if isinstance(one, Option) or (isinstance(one, type) and issubclass(one, Option))
        )
        markers.extend(nested_options(bare))
    return tuple(markers)


def structures_of(annotations: Iterable[Any]) -> dict[type[Any], Mapping[str, Field]]:
    """Return the attrs classes and dataclasses inside ``annotations``, at any depth, with their fields.

    Raises:
        UnresolvedAnnotation: An annotation of one of them means nothing.
    """
    found: dict[type[Any], Mapping[str, Field]] = {}
    pending = list(annotations)
    while pending:
        kind, _ = unwrap(pending.pop())
        if not is_structure(kind):
            pending.extend(getattr(kind, "__args__", ()))
        elif kind not in found:
            hints = field_types(kind)
            found[kind] = MappingProxyType(
                {name: _field(name, hints.get(name, Any)) for name in field_names(kind) or ()}
            )
            pending.extend(hints.values())
    return found


def _field(name: str, annotation: Any) -> Field:
    kind, markers = unwrap(annotation)
    return Field(name=name, type=kind, markers=markers, nested=nested_options(kind))
