"""From a source to a plugin that is ready: imported, named, configured and made."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import attrs

from e11y.errors import ConfigError, PluginError
from e11y.plugins.hooks import SECURITY_HOOKS
from e11y.plugins.sources import Missing, Source, own_name
from e11y.settings import RESERVED, Loaded, structure
from e11y.zones import TRUSTED_IN_SECURITY

if TYPE_CHECKING:
    from e11y.host import Host

_NAME = re.compile(r"[a-z][a-z0-9_-]*")


class Broken(Exception):
    """A plugin cannot be imported or made.

    Args:
        name: The plugin.
        trouble: What happened, behind the name of the plugin.
        error: The same for people, without the text of an exception, which may hold values.
        security: Whether it would have stood for security, so that nothing may start without it.
    """

    def __init__(self, name: str, trouble: str, error: PluginError, *, security: bool) -> None:
        super().__init__(name, trouble)
        self.name = name
        self.trouble = trouble
        self.error = error
        self.security = security


@attrs.frozen(eq=False)
class Made:
    """A plugin that is ready to be registered."""

    name: str
    source: Source
    instance: object
    settings: type[Any] | None = None


def make(source: Source, loaded: Loaded, hosts: Callable[[str], Host]) -> Made:
    """Return the plugin that ``source`` leads to.

    Raises:
        Missing: An import path leads nowhere.
        Broken: Importing or making it raised.
        ConfigError: Its name or its settings do not fit.
    """
    thing = _fetched(source, loaded)
    name = source.name or own_name(thing)
    _check_name(name, source)
    if not isinstance(thing, type):
        _refuse_table(name, source, loaded, "was given ready made")
        return Made(name, source, thing)
    settings_class = getattr(thing, "Settings", None)
    if settings_class is None:
        _refuse_table(name, source, loaded, "reads no settings")
        return Made(name, source, _called(thing, (), name, source, loaded))
    if not (isinstance(settings_class, type) and attrs.has(settings_class)):
        raise PluginError(
            f"'Settings' of plugin {name!r} is no attrs class",
            where=source.label,
            fix="write  Settings = RegionSettings  with a class made by @attrs.frozen(eq=False)",
        )
    place = loaded.place(name, owner=source.label)
    settings = structure(settings_class, loaded.settings.plugin_tables.get(name, {}), place)
    return Made(name, source, _called(thing, (settings, hosts(name)), name, source, loaded), settings_class)


def is_trusted(name: str, source: Source, loaded: Loaded) -> bool:
    """Return whether a plugin may stand in the security zone.

    The constant of core trusts the distributions ``e11y-pii`` and ``e11y-audit``: a stranger's
    distribution, or an object, that takes one of these names must be named in ``trusted`` like any other.
    """
    return name in loaded.settings.trusted or (name in TRUSTED_IN_SECURITY and source.distribution == f"e11y-{name}")


def _fetched(source: Source, loaded: Loaded) -> object:
    try:
        return source.fetch()
    except Missing:
        raise
    except Exception as error:  # noqa: BLE001 - importing a plugin may raise anything
        # The text of an ImportError names modules; that of any other exception may hold anything.
        told = f"{type(error).__name__}: {error}" if isinstance(error, ImportError) else type(error).__name__
    raise _broken(source.guess, f"cannot be imported: {told}", source, _is_named_for_security(source.guess, loaded))


def _called(cls: type[Any], arguments: tuple[Any, ...], name: str, source: Source, loaded: Loaded) -> object:
    try:
        instance: object = cls(*arguments)
    except ConfigError:
        raise  # the plugin itself says what is wrong with its settings
    except Exception as error:  # noqa: BLE001 - a plugin's own code may raise anything
        told = type(error).__name__
    else:
        return instance
    security = _is_named_for_security(name, loaded) or any(hasattr(cls, hook) for hook in SECURITY_HOOKS)
    raise _broken(name, f"cannot be made: {told} in {cls.__qualname__}.__init__", source, security)


def _is_named_for_security(name: str, loaded: Loaded) -> bool:
    return name in TRUSTED_IN_SECURITY or name in loaded.settings.trusted


def _broken(name: str, trouble: str, source: Source, security: bool) -> Broken:
    kind = "security plugin" if security else "plugin"
    fix = f"pip install --force-reinstall {source.distribution}" if source.distribution else "repair its code"
    error = PluginError(f"{kind} {name!r} {trouble}", where=source.label, fix=fix)
    return Broken(name, trouble, error, security=security)


def _check_name(name: str, source: Source) -> None:
    fix = "rename its entry point" if source.distribution else 'give the class an attribute  name = "..."'
    if name in RESERVED:
        raise PluginError(f"plugin name {name!r} belongs to the settings of core", where=source.label, fix=fix)
    if not _NAME.fullmatch(name):
        raise PluginError(
            f"plugin name {name!r} is not usable",
            where=source.label,
            fix=f"{fix}, of lowercase letters, digits, '_' and '-', a letter first",
        )


def _refuse_table(name: str, source: Source, loaded: Loaded, why: str) -> None:
    if name in loaded.settings.plugin_tables:
        raise PluginError(
            f"plugin {name!r} {why}, but there are settings for it",
            where=loaded.place(name, owner=source.label).of(""),
            fix="remove the table; settings of an adapter stand in  [tool.e11y.adapters.<purpose>]",
        )
