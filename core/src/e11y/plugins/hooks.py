"""What a plugin implements, checked against the specification of hooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs
import pluggy

from e11y import hookspecs
from e11y.errors import E11yError, PluginError, nearest
from e11y.plugins.marker import order_of
from e11y.plugins.ordering import Cycle, ordered
from e11y.plugins.plugin_set import Implementation
from e11y.signature import parameters
from e11y.zones import Zone

SPECIFIED: Mapping[str, tuple[str, ...]] = {
    name: tuple(parameter.name for parameter in parameters(function))
    for name, function in vars(hookspecs).items()
    if name.startswith("e11y_")
}
"""Hook -> its arguments, in the order of ``hookspecs``."""

SECURITY_HOOKS = frozenset(hook for hook, zone in hookspecs.ZONES.items() if zone is Zone.SECURITY)

_PLUGGY_ONLY = ("wrapper", "hookwrapper", "tryfirst", "trylast")
"""What pluggy offers and e11y does not: hooks are asked one plugin at a time, in an order one can read."""


@attrs.frozen(eq=False)
class Implemented:
    """One implementation of a hook."""

    plugin: str
    label: str
    hook: str
    function: Callable[..., Any]


class Hooks:
    """Registers plugins with pluggy and finds what they implement. pluggy never runs an event."""

    def __init__(self) -> None:
        self._manager = pluggy.PluginManager("e11y")
        self._manager.add_hookspecs(hookspecs)

    def register(self, instance: object, name: str, label: str) -> tuple[list[Implemented], list[E11yError]]:
        """Return what a plugin implements, in the order of hooks, and everything that is wrong with it."""
        found: list[Implemented] = []
        problems: list[E11yError] = []
        for attribute in dir(instance):
            options = self._manager.parse_hookimpl_opts(instance, attribute)
            if options is None:
                if attribute in SPECIFIED:
                    problems.append(_unmarked(attribute, name, label))
                continue
            hook = options.get("specname") or attribute
            function = getattr(instance, attribute)
            wrong = list(_wrong(hook, function, options, name, label))
            problems.extend(wrong)
            if not wrong:
                found.append(Implemented(name, label, hook, function))
        if not problems:
            problems.extend(self._refused(instance, name, label))
        return sorted(found, key=lambda one: list(SPECIFIED).index(one.hook)), problems

    def _refused(self, instance: object, name: str, label: str) -> Iterator[E11yError]:
        try:
            self._manager.register(instance, name)
        except (pluggy.PluginValidationError, ValueError):  # the texts hold the repr of every plugin
            yield PluginError(
                f"plugin {name!r} is equal to another plugin, so the two cannot be told apart",
                where=label,
                fix="name it once; if they are two, let the class compare by identity: attrs.frozen(eq=False)",
            )


def arranged(
    found: Sequence[Implemented], names: Sequence[str]
) -> tuple[dict[str, list[Implementation]], list[E11yError]]:
    """Return hook -> implementations in their order, for every hook, and what stands against an order.

    Args:
        found: All implementations of all plugins.
        names: Plugin names in the order that counts where ``before`` and ``after`` say nothing.
    """
    problems: list[E11yError] = []
    result: dict[str, list[Implementation]] = {}
    for hook in SPECIFIED:
        here = {one.plugin: one for one in found if one.hook == hook}
        later_than: dict[str, set[str]] = {name: set() for name in here}
        for name, one in here.items():
            order = order_of(one.function)
            later_than[name].update(order.after)
            for other in order.before:
                if other in later_than:
                    later_than[other].add(name)
        try:
            names_here = ordered([name for name in names if name in here], later_than)
        except Cycle as cycle:
            names_here = []
            problems.append(
                PluginError(
                    f"plugins wait for each other in {hook!r}: {cycle}",
                    where=" and ".join(here[name].label for name in sorted(set(cycle.names))),
                    fix="remove one  before=  or  after=  of their @hookimpl",
                )
            )
        result[hook] = [(name, _callable(here[name].function, SPECIFIED[hook])) for name in names_here]
    return result, problems


def _callable(function: Callable[..., Any], specified: tuple[str, ...]) -> Callable[..., Any]:
    """Return a function that takes all arguments of a hook and passes on those that ``function`` names.

    A plugin may leave arguments out, also those that a later version of the hook adds.
    """
    taken = tuple(parameter.name for parameter in parameters(function) if parameter.name in specified)
    if taken == specified:
        return function

    def call(*positional: Any, **named: Any) -> Any:
        values = dict(zip(specified, positional, strict=False)) | named
        return function(*(values[name] for name in taken))

    return call


def _wrong(
    hook: str, function: Callable[..., Any], options: Mapping[str, Any], name: str, label: str
) -> Iterator[E11yError]:
    if hook not in SPECIFIED:
        yield PluginError(
            f"plugin {name!r} implements the unknown hook {hook!r}{nearest(hook, SPECIFIED)}",
            where=label,
            fix=f"use one of: {', '.join(SPECIFIED)}",
        )
        return
    for option in _PLUGGY_ONLY:
        if options.get(option):
            yield PluginError(
                f"plugin {name!r} asks for {option!r} in {hook!r}, which e11y does not offer",
                where=label,
                fix="mark it with e11y.hookimpl; an order is said with  before=...  or  after=...",
            )
    specified = SPECIFIED[hook]
    for parameter in parameters(function):
        if parameter.name in specified and parameter.kind in (
            parameter.POSITIONAL_ONLY,
            parameter.POSITIONAL_OR_KEYWORD,
        ):
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD) or parameter.name in specified:
            trouble = f"takes {parameter.kind.description} argument {parameter.name!r} in {hook!r}"
        elif parameter.default is parameter.empty:
            hint = nearest(parameter.name, specified)
            trouble = f"takes an argument {parameter.name!r} in {hook!r} that the hook does not have{hint}"
        else:
            continue
        yield PluginError(
            f"plugin {name!r} {trouble}",
            where=label,
            fix=f"take, as plain arguments, none or some of: {', '.join(specified)}" if specified else "take none",
        )


def _unmarked(hook: str, name: str, label: str) -> E11yError:
    return PluginError(
        f"plugin {name!r} has a function {hook!r} that is not marked, so nobody would call it",
        where=label,
        fix="write  @hookimpl  above it, or rename it",
    )
