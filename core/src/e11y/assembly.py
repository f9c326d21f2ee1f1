"""The parts that settings and plugins name: adapters, the settings of their lanes, the routes among them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

import attrs

from e11y.adapter import Adapter, AdapterType
from e11y.adapters import MemoryAdapter
from e11y.delivery.lane_settings import LaneSettings
from e11y.errors import ConfigError, E11yError, nearest
from e11y.host import Host
from e11y.plugins import PluginSet
from e11y.routing import Routing
from e11y.settings import AdapterTable, Loaded, Routes, Settings, adapter_settings
from e11y.severity import SEVERITIES, Severity

STAND_IN = "console"
"""The adapter that serves every name while none is configured."""


def make_adapters(loaded: Loaded, plugins: PluginSet, host: Callable[[str], Host]) -> dict[str, Adapter]:
    """Return the configured adapters by purpose name; without any, the console stands in.

    In a test run those that a file configures are checked and then kept in memory: tests must not send
    anything because of where they run. What code or a variable configures is meant, and made.

    Raises:
        ConfigError: A type is unknown or its settings do not fit; tells every problem found.
    """
    types = adapter_types(plugins)
    tables = loaded.settings.adapters or {STAND_IN: AdapterTable(type="console")}
    made: dict[str, Adapter] = {}
    problems: list[E11yError] = []
    for name, table in tables.items():
        path = f"adapters.{name}"
        try:
            if table.type not in types:
                raise plugins.unknown_adapter_type(table.type, str(loaded.place(path)), types)
            plugin, adapter_type = types[table.type]
            owner = plugins.plugin(plugin)
            place = loaded.place(path, owner=owner.owner if owner else "")
            settings = adapter_settings(adapter_type, table, place)
            if loaded.is_test_run and loaded.origin(f"{path}.type").kind == "file":
                made[name] = MemoryAdapter()
            else:
                made[name] = _made(adapter_type, settings, host(plugin), str(place))
        except ConfigError as error:
            problems.append(error)
    if problems:
        raise ConfigError.joined(problems)
    return made


def _made(kind: AdapterType, settings: object, host: Host, where: str) -> Adapter:
    """Make one adapter; what it finds wrong with its settings is said of the table that they stand in."""
    try:
        return kind.make(settings, host)
    except ConfigError as error:
        for problem in error.problems or (error,):
            problem.where = problem.where or where
        raise


def adapter_types(plugins: PluginSet) -> dict[str, tuple[str, AdapterType]]:
    """Return the name of each adapter type -> the plugin that offers it, and what it offers.

    Raises:
        ConfigError: Two plugins offer a type of the same name.
    """
    types: dict[str, tuple[str, AdapterType]] = {}
    for plugin, implementation in plugins.implementations("e11y_export"):
        answer: AdapterType | None = implementation()
        if answer is None:
            continue
        if answer.name in types:
            raise ConfigError(
                f"two plugins offer the adapter type {answer.name!r}",
                where=f"plugins {types[answer.name][0]!r} and {plugin!r}",
                fix="leave one of them out of [tool.e11y] plugins",
            )
        types[answer.name] = (plugin, answer)
    return types


def lane_settings(settings: Settings, adapters: Mapping[str, Adapter]) -> dict[str, LaneSettings]:
    """Return how the lane of each adapter batches, retries and gives up."""
    tables = settings.adapters
    return {name: tables[name].lane if name in tables else LaneSettings() for name in adapters}


def sees_originals(settings: Settings, adapters: Mapping[str, Adapter]) -> frozenset[str]:
    """Return the adapters that may see values as they were before zone 2: asked for, and allowed."""
    tables = settings.adapters
    return frozenset(
        name
        for name, adapter in adapters.items()
        if adapter.capabilities.originals and (name not in tables or tables[name].originals)
    )


def resource(settings: Settings) -> dict[str, str]:
    """Return what every record says about its process, once a service is named."""
    return {"service": settings.service, "environment": settings.environment} if settings.service else {}


def make_routing(
    loaded: Loaded, adapters: Mapping[str, Adapter], *, configured: bool, unknown: Callable[[str, str], object]
) -> Routing:
    """Return the routes: what is set, else ``logs``, and ``errors_tracker`` for errors, where they exist.

    Args:
        loaded: The routes that are set.
        adapters: Purpose name -> adapter.
        configured: Whether anybody named an adapter; otherwise one stands in for every name.
        unknown: Told of each name that is not configured, where that does not stop the start.

    Raises:
        ConfigError: Routes name adapters that are not configured, and the settings are strict.
    """
    routes, strict = loaded.settings.routes, loaded.settings.strict_adapters
    audit = {name: adapter.capabilities.audit for name, adapter in adapters.items()}
    problems = list(unknown_in_routes(loaded, audit)) if configured else []
    if problems and strict:
        raise ConfigError.joined(problems)
    for problem in problems:
        unknown("routing", problem.what)
    usual: dict[Severity, tuple[str, ...]] = dict.fromkeys(SEVERITIES, ("logs",))
    usual[Severity.ERROR] = usual[Severity.FATAL] = ("logs", "errors_tracker")
    by_severity = {}
    for severity in SEVERITIES:
        chosen = routes.of(severity)
        if chosen is None or configured:
            chosen = tuple(name for name in (usual[severity] if chosen is None else chosen) if name in audit)
        by_severity[severity] = chosen
    return Routing(
        adapters=audit,
        by_severity=by_severity,
        fallback=tuple(name for name in routes.fallback if name in audit)
        or tuple(name for name, fit in audit.items() if not fit)
        or tuple(audit),
        unknown=unknown,
        strict=strict,
        stand_in=None if configured else STAND_IN,
    )


def unknown_in_routes(loaded: Loaded, adapters: Collection[str]) -> Iterator[ConfigError]:
    """Yield an error for each name in the table ``routes`` that is no configured adapter.

    Args:
        loaded: The settings.
        adapters: Purpose names of the adapters that are configured.
    """
    for attribute in attrs.fields(Routes):
        for name in dict.fromkeys(getattr(loaded.settings.routes, attribute.name) or ()):
            if name not in adapters:
                yield ConfigError(
                    f"setting 'routes.{attribute.name}' names adapter {name!r}, which is not configured"
                    f"{nearest(name, adapters)}",
                    where=loaded.place("routes").of(attribute.name),
                    fix=f"add [tool.e11y.adapters.{name}], or use one of: {', '.join(adapters)}",
                )
