"""The plugins of one runtime."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import attrs

from e11y.errors import PluginError, nearest
from e11y.plugins.own import how_to_get
from e11y.zones import Zone

Implementation = tuple[str, Callable[..., Any]]
"""Plugin name and bound function; takes the arguments of the hook, by position or by name."""


@attrs.frozen(eq=False)
class LoadedPlugin:
    """One plugin, active or not, as ``e11y plugins`` shows it.

    Args:
        name: Also the name of its table: ``[tool.e11y.<name>]``.
        distribution: Name of the distribution; empty for a plugin of the application's own or of core.
        version: Version of the distribution; empty likewise.
        zones: Zones it stands in, in the order of zones. Empty for one that is not active.
        hooks: Hooks it implements. Empty for one that is not active.
        active: Whether its hooks are asked.
        why: Why it is active or not, for example ``installed`` or ``not in the plugins list``.
        instance: The plugin; ``None`` when it is not active.
        settings: Class of its table; ``None`` when it reads none, or is not active.
    """

    name: str
    distribution: str
    version: str
    zones: tuple[Zone, ...] = ()
    hooks: tuple[str, ...] = ()
    active: bool = False
    why: str = ""
    instance: object = attrs.field(default=None, repr=False)
    settings: type[Any] | None = None

    @property
    def owner(self) -> str:
        """Distribution and version, for the ``where`` of an error: ``e11y-loki 0.1.0``."""
        return f"{self.distribution} {self.version}".strip()


class PluginSet:
    """What ``load`` returns.

    Attributes:
        plugins: Every plugin that is installed or was named: active ones in their order, then the others.
        broken: One error per plugin that was left out because it could not be imported or made.
    """

    def __init__(
        self,
        plugins: Sequence[LoadedPlugin],
        broken: Sequence[PluginError],
        implementations: Mapping[str, Sequence[Implementation]],
    ) -> None:
        self.plugins = tuple(plugins)
        self.broken = tuple(broken)
        self._implementations = implementations
        self._by_name = {plugin.name: plugin for plugin in plugins}

    def implementations(self, hook: str) -> list[Implementation]:
        """Return ``(plugin name, function)`` of each plugin that implements ``hook``, in order.

        Raises:
            KeyError: There is no such hook.
        """
        return list(self._implementations[hook])

    def tell(self, hook: str, on_fault: Callable[[str, str, BaseException], None], **facts: object) -> None:
        """Tell every plugin a fact, in order; one that raises is reported and does not keep it from the others.

        Args:
            hook: One of the hooks whose answers nobody acts on.
            on_fault: Takes the plugin's name, the hook and the exception.
            **facts: The hook's arguments.
        """
        for plugin, implementation in self.implementations(hook):
            try:
                implementation(**facts)
            except Exception as error:  # noqa: BLE001 - a plugin's own code may raise anything
                on_fault(plugin, hook, error)

    def plugin(self, name: str) -> LoadedPlugin | None:
        """Return the plugin of that name, active or not, or ``None``."""
        return self._by_name.get(name)

    def is_active(self, name: str) -> bool:
        """Return whether the hooks of the plugin ``name`` are asked."""
        plugin = self._by_name.get(name)
        return plugin is not None and plugin.active

    @property
    def settings_classes(self) -> dict[str, type[Any]]:
        """Plugin name -> class of its table, for ``describe``."""
        return {plugin.name: plugin.settings for plugin in self.plugins if plugin.settings is not None}

    def unknown_adapter_type(self, kind: str, where: str, known: Collection[str]) -> PluginError:
        """Return the error for an adapter type that no active plugin offers.

        Args:
            kind: Value of ``type``.
            where: The table that names it.
            known: Adapter types that active plugins offer.
        """
        plugin = self._by_name.get(kind)
        use_known = f"use one of: {', '.join(sorted(known))}"
        if plugin is None:
            what = f"adapter type {kind!r} is unknown{nearest(kind, known)}"
            fix = f"{how_to_get(kind, known)}, or {use_known}"
        elif plugin.active:
            what, fix = f"plugin {kind!r} offers no adapter type of its name", use_known
        else:
            what = f"adapter type {kind!r} is not there, because its plugin is not active: {plugin.why}"
            cure = f'add "{kind}" to  plugins = [...]' if plugin.why == NOT_LISTED else f"repair {plugin.distribution}"
            fix = f"{cure}, or {use_known}"
        return PluginError(what, where=where, fix=fix)


NOT_LISTED = "not in the plugins list"
"""``LoadedPlugin.why`` of a plugin that is installed but left out of ``plugins = [...]``."""
