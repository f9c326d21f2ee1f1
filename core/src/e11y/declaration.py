"""What an event type declares about itself, and what it inherits.

Each setting is resolved on its own: class body, then presets among the bases, then base classes, then
the convention of the name, then the global setting. Neither the order of bases nor that of statements
matters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import attrs

from e11y import naming
from e11y.options import Option, own_options
from e11y.severity import Severity

ATTRIBUTE = "__e11y_declaration__"

ValidationMode = Literal["always", "never"] | float
"""``always``, ``never``, or the share of calls to check, from 0 to 1."""


@attrs.frozen(eq=False)
class Declaration:
    """The class keywords of exactly one class; ``None`` where it says nothing.

    Args:
        severity, version, name, adapters, retention_s, validation, audit, dead_letter: see ``Event``.
        abstract: Only a base: cannot be tracked and has no name.
        preset: A bundle of settings that wins over other bases.
        local_names: What postponed annotations mean in the enclosing function.
    """

    severity: Severity | None = None
    version: int | None = None
    name: str | None = None
    adapters: tuple[str, ...] | None = None
    retention_s: float | None = None
    validation: ValidationMode | None = None
    audit: bool | None = None
    dead_letter: bool | None = None
    abstract: bool = False
    preset: bool = False
    local_names: Mapping[str, Any] = attrs.field(factory=dict, repr=False)


def of(event_type: type) -> Declaration | None:
    """Return what exactly this class declares, or ``None`` when it is no event type."""
    found: Declaration | None = event_type.__dict__.get(ATTRIBUTE)
    return found


def resolved(event_type: type, key: str) -> Any:
    """Return one setting of ``event_type`` after inheritance, or ``None`` when nobody declares it."""
    return next(
        (value for value in _declared(event_type, lambda one: getattr(of(one), key)) if value is not None), None
    )


def options(event_type: type) -> dict[type[Option], Any]:
    """Return the options of ``event_type`` after inheritance: option class -> option or ``OFF``."""
    found: dict[type[Option], Any] = {}
    for distance, own in enumerate(_declared(event_type, own_options)):
        for kind, value in own.items():
            nearer = found.get(kind)
            if distance and not kind.inherited:
                continue
            if kind not in found:
                found[kind] = value
            elif isinstance(nearer, Option) and isinstance(value, Option):
                found[kind] = nearer.merged(value)
    return found


def version(event_type: type) -> int:
    """Return the version: declared, else from the class name, else 1."""
    declaration = of(event_type)
    if declaration is not None and declaration.version is not None:
        return declaration.version
    return naming.split_version(event_type.__name__)[1] or 1


def name(event_type: type) -> str:
    """Return the event name: declared on the class itself, else made from the class name."""
    declaration = of(event_type)
    if declaration is not None and declaration.name is not None:
        return declaration.name
    return naming.event_name(event_type.__name__)


def base_name(event_type: type) -> str:
    """Return the name that all versions share: without ``.v2``, unless the name was declared verbatim."""
    declaration = of(event_type)
    if declaration is not None and declaration.name is not None:
        return declaration.name
    return name(event_type).removesuffix(f".v{version(event_type)}")


def severity(event_type: type) -> Severity:
    """Return the severity: declared, inherited, or what the class name stands for."""
    found: Severity | None = resolved(event_type, "severity")
    return found if found is not None else naming.severity(event_type.__name__)


def _declared(event_type: type, read: Callable[[type], Any]) -> Iterator[Any]:
    """Yield what each class says, nearest first: the class, its presets, its other bases.

    A class that is reached twice speaks twice, which changes nothing.
    """
    yield read(event_type)
    bases = [base for base in event_type.__bases__ if of(base) is not None]
    for base in sorted(bases, key=lambda base: not _is_preset(base)):
        yield from _declared(base, read)


def _is_preset(event_type: type) -> bool:
    declaration = of(event_type)
    return declaration is not None and declaration.preset
