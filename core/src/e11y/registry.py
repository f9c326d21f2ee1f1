"""Lookups over all event types of the process.

The registry is Python's own list of subclasses, so nothing has to be registered and nothing can be
forgotten. A class that was defined again under the same qualified name (a reload) replaces the older.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from e11y import declaration
from e11y.errors import ConfigError
from e11y.event import Event


def event_types() -> list[type[Event]]:
    """Return every event type that can be tracked, in the order of definition. The list is a copy."""
    found: dict[str, type[Event]] = {}
    for event_type in _subclasses(Event):
        declared = declaration.of(event_type)
        if declared is not None and not declared.abstract:
            found[f"{event_type.__module__}.{event_type.__qualname__}"] = event_type
    return list(found.values())


def all_types() -> list[type[Event]]:
    """Return every subclass of ``Event``, abstract bases and replaced classes included."""
    return list(_subclasses(Event))


def find(name: str, version: int | None = None) -> type[Event] | None:
    """Return the event type of a name, or ``None``.

    Args:
        name: Event name (``order.paid``), class name or qualified name. Versions of one event share
            the name without suffix: ``order.paid`` finds ``OrderPaidV2`` too.
        version: Exactly this version; left out, the highest.
    """
    versions = all_versions(name)
    if version is not None:
        return versions.get(version)
    return versions[max(versions)] if versions else None


def all_versions(name: str) -> dict[int, type[Event]]:
    """Return the versions of an event by number, ascending; empty when the name is unknown."""
    found = {}
    for event_type in event_types():
        if name in _names(event_type):
            found[declaration.version(event_type)] = event_type
    return dict(sorted(found.items()))


def where(**criteria: Any) -> list[type[Event]]:
    """Return the event types that fit all criteria: ``severity``, ``version``, ``adapter``, ``audit``.

    An unknown criterion fits nothing; none at all fits everything.
    """
    return [one for one in event_types() if all(_fits(one, key, value) for key, value in criteria.items())]


def autodiscover(package: str) -> list[str]:
    """Import a package and everything below it, so that its event types are known at start.

    A module ``__main__`` is a program and left alone.

    Args:
        package: Dotted name, for example ``"shop.events"``; a plain module is imported alone.

    Returns:
        The names of the imported modules.

    Raises:
        ConfigError: A module cannot be imported; says which and why.
    """
    import pkgutil  # noqa: PLC0415 - only this function needs it

    root = _import(package)
    names = [package]
    for info in pkgutil.walk_packages(getattr(root, "__path__", ()), package + "."):
        if info.name.endswith(".__main__"):
            continue
        _import(info.name)
        names.append(info.name)
    return names


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        raise ConfigError(
            f"the module {name!r} with event types cannot be imported: {type(error).__name__}: {error}",
            where="e11y.autodiscover",
            fix="import it by hand to see the whole traceback",
        ) from error


def _subclasses(kind: type[Event]) -> Iterator[type[Event]]:
    for child in kind.__subclasses__():
        yield child
        yield from _subclasses(child)


def _names(event_type: type[Event]) -> tuple[str, ...]:
    name = declaration.name(event_type)
    stem = name.removesuffix(f".v{declaration.version(event_type)}")
    return (name, stem, event_type.__name__, f"{event_type.__module__}.{event_type.__qualname__}")


def _fits(event_type: type[Event], key: str, value: Any) -> bool:
    if key == "severity":
        return bool(declaration.severity(event_type) == value)
    if key == "version":
        return bool(declaration.version(event_type) == value)
    if key == "adapter":
        return value in (declaration.resolved(event_type, "adapters") or ())
    if key == "audit":
        return bool(declaration.resolved(event_type, "audit")) is value
    return False
