"""From settings to the plugins of one runtime."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from e11y.errors import ConfigError, E11yError, PluginError, nearest
from e11y.hookspecs import ZONES
from e11y.plugins import sources
from e11y.plugins.discovery import Candidate, discover
from e11y.plugins.hooks import SECURITY_HOOKS, Hooks, Implemented, arranged
from e11y.plugins.making import Broken, Made, is_trusted, make
from e11y.plugins.own import how_to_get
from e11y.plugins.plugin_set import NOT_LISTED, LoadedPlugin, PluginSet
from e11y.plugins.sources import Missing, Source
from e11y.settings import CORE_KEYS, Loaded, Place
from e11y.zones import TRUSTED_IN_SECURITY, Zone

if TYPE_CHECKING:
    from e11y.host import Host

_ZONES_FOR_ALL = ", ".join(zone for zone in Zone if zone is not Zone.SECURITY)


def load(
    loaded: Loaded, hosts: Callable[[str], Host], *, extra: Sequence[object] = (), core: Sequence[object] = ()
) -> PluginSet:
    """Import, make and register the plugins that the settings ask for.

    With no ``plugins`` list every installed plugin is active, in the order of names; with a list
    exactly these are. A plugin that cannot be imported or made is left out and told in
    ``PluginSet.broken``, unless it stands for security: nothing may start without that.

    Args:
        loaded: The settings and their places.
        hosts: Returns the host for the plugin of a name.
        extra: Further classes, instances, or names as in the list; they come last where no order is said.
        core: Classes that are active whatever the list says; they come first.

    Raises:
        PluginError: A plugin is missing, in the wrong zone, or does not fit the hooks.
        ConfigError: Settings of a plugin do not fit; or several of all these problems.
    """
    nobody_asks = not loaded.settings.enabled and loaded.settings.plugins is not None and not loaded.settings.plugins
    candidates = {} if nobody_asks else {candidate.name: candidate for candidate in discover()}
    problems: list[E11yError] = []
    wanted = _wanted(loaded, candidates, extra, core, problems)
    work = _Loading(loaded, hosts, {source.guess for source in wanted}, problems)
    for source in wanted:
        work.add(source)
    return work.finish(candidates)


def _wanted(
    loaded: Loaded,
    candidates: Mapping[str, Candidate],
    extra: Sequence[object],
    core: Sequence[object],
    problems: list[E11yError],
) -> list[Source]:
    named = loaded.settings.plugins
    if named is None:
        chosen = [sources.installed(candidate, "installed") for candidate in candidates.values()]
    else:
        chosen = list(sources.listed(named, candidates, loaded.place(), problems))
    already = [*candidates] if named is None else named
    more = [thing for thing in extra if isinstance(thing, str) and thing not in already]
    chosen.extend(sources.listed(more, candidates, loaded.place(), problems))
    return [
        *(sources.given(thing, "part of core") for thing in core),
        *chosen,
        *(sources.given(thing, "given in code") for thing in extra if not isinstance(thing, str)),
    ]


class _Loading:
    """What was loaded so far, with everything that went wrong.

    Args:
        told: Names of the plugins that load or have a problem of their own; nothing is said about them twice.
        problems: What went wrong before.
    """

    def __init__(self, loaded: Loaded, hosts: Callable[[str], Host], told: set[str], problems: list[E11yError]) -> None:
        self.problems = problems
        self._told = told | {entry for entry in loaded.settings.plugins or () if isinstance(entry, str)}
        self._loaded = loaded
        self._hosts = hosts
        self._hooks = Hooks()
        self._labels: dict[str, str] = {}
        self._plugins: list[LoadedPlugin] = []
        self._broken: list[PluginError] = []
        self._implemented: list[Implemented] = []

    def add(self, source: Source) -> None:
        """Import, make and register one plugin."""
        try:
            self._register(make(source, self._loaded, self._hosts))
        except Missing as missing:
            self.problems.append(
                PluginError(
                    f"plugin {missing.path!r} cannot be found: {missing}",
                    where=self._loaded.place().of("plugins"),
                    fix="write it as  package.module:Class, or remove it from  plugins = [...]",
                )
            )
        except Broken as broken:
            self._leave_out(source, broken)
        except ConfigError as error:
            self.problems.append(error)

    def _register(self, made: Made) -> None:
        name, source = made.name, made.source
        if name in self._labels:
            self.problems.append(
                PluginError(
                    f"two plugins are named {name!r}",
                    where=f"{self._labels[name]}; {source.label}",
                    fix='name it once in  plugins = [...], or give one class an attribute  name = "..."',
                )
            )
            return
        self._labels[name] = source.label
        self._told.add(name)
        implemented, problems = self._hooks.register(made.instance, name, source.label)
        if not implemented and not problems:
            problems.append(_idle(name, source))
        hooks = tuple(one.hook for one in implemented)
        if not is_trusted(name, source, self._loaded):
            problems.extend(_untrusted(name, source, hook) for hook in hooks if hook in SECURITY_HOOKS)
        self.problems.extend(problems)
        self._implemented.extend(implemented)
        zones = {ZONES[hook] for hook in hooks if hook in ZONES}
        self._plugins.append(
            LoadedPlugin(
                name=name,
                distribution=source.distribution,
                version=source.version,
                zones=tuple(zone for zone in Zone if zone in zones),
                hooks=hooks,
                active=True,
                why=source.why,
                instance=made.instance,
                settings=made.settings,
            )
        )

    def _leave_out(self, source: Source, broken: Broken) -> None:
        if broken.security:
            self.problems.append(broken.error)
            return
        self._labels[broken.name] = source.label
        self._broken.append(broken.error)
        self._plugins.append(
            LoadedPlugin(broken.name, source.distribution, source.version, why=f"broken: {broken.trouble}")
        )

    def finish(self, candidates: Mapping[str, Candidate]) -> PluginSet:
        """Check what concerns all plugins together and return them.

        Raises:
            ConfigError: Everything that went wrong since the beginning.
        """
        self._plugins.extend(
            LoadedPlugin(name, candidate.distribution, candidate.version, why=NOT_LISTED)
            for name, candidate in candidates.items()
            if name not in self._labels
        )
        implementations, problems = arranged(self._implemented, [plugin.name for plugin in self._plugins])
        self.problems.extend(problems)
        self._check_tables(candidates)
        self._check_trusted(candidates)
        if self.problems:
            raise ConfigError.joined(self.problems)
        active_first = sorted(self._plugins, key=lambda plugin: not plugin.active)
        return PluginSet(active_first, self._broken, implementations)

    def _check_tables(self, candidates: Mapping[str, Candidate]) -> None:
        place = self._loaded.place()
        for name in self._loaded.settings.plugin_tables:
            if name not in self._told:
                self.problems.append(unread_table(name, {*self._told, *candidates}, place))

    def _check_trusted(self, candidates: Mapping[str, Candidate]) -> None:
        known = {*self._told, *candidates, *TRUSTED_IN_SECURITY}
        for name in self._loaded.settings.trusted:
            if name not in known:
                self.problems.append(
                    PluginError(
                        f"plugin {name!r} is trusted but not there{nearest(name, known)}",
                        where=self._loaded.place().of("trusted"),
                        fix=f"{how_to_get(name, known)}, or remove it from  trusted = [...]",
                    )
                )


def unread_table(name: str, plugins: Collection[str], place: Place) -> PluginError:
    """Return the error for a table that neither core nor an active plugin reads.

    Args:
        name: Of the table.
        plugins: Names of the plugins that are there, active or not.
        place: The table that holds it.
    """
    what, known = f"setting {name!r} is unknown", [*CORE_KEYS, *sorted(plugins)]
    if name in plugins:
        what = f"plugin {name!r} has settings but is not active"
        fix = f'add "{name}" to  plugins = [...], or remove the table'
    elif name == "tool":
        fix = "leave  tool.e11y  out of the names of tables: it belongs into pyproject.toml only"
    else:
        what += nearest(name, known)
        fix = f"{how_to_get(name, known)}, or remove the table"
    return PluginError(what, where=place.of(name), fix=fix)


def _idle(name: str, source: Source) -> E11yError:
    return PluginError(
        f"plugin {name!r} implements no hook, so it would do nothing",
        where=source.label,
        fix="name a class whose methods carry  @hookimpl, or remove it",
    )


def _untrusted(name: str, source: Source, hook: str) -> E11yError:
    return PluginError(
        f"plugin {name!r} implements {hook!r} in zone 'security', where only trusted plugins may stand",
        where=source.label,
        fix=f'trust it with  trusted = ["{name}"], or use hooks of the zones {_ZONES_FOR_ALL}',
    )
