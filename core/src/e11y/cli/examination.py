"""What ``e11y doctor`` and ``e11y check`` look at: everything that a start does, without starting."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from e11y import registry
from e11y.cli.overlays import problems_of_overlays
from e11y.cli.workspace import Workspace
from e11y.errors import E11yError


@attrs.frozen
class Finding:
    """The answer to one question.

    Args:
        subject: What was looked at, for example ``adapter logs``.
        ok: Whether it is well.
        says: What was found.
    """

    subject: str
    ok: bool
    says: str


def examine(workspace: Workspace, *, ask_destinations: bool) -> Iterator[Finding]:
    """Yield what is found about settings, plugins, event types, adapters and overlays.

    Args:
        workspace: The application.
        ask_destinations: Whether adapters are asked if their destinations answer. Nothing is sent.
    """
    try:
        yield Finding("settings", True, workspace.loaded.source)
        if not workspace.loaded.settings.enabled:
            origin = workspace.loaded.origin("enabled").text
            yield Finding("disabled", True, f"enabled = false in {origin}: nothing is checked, kept or sent")
        yield from _plugins(workspace)
    except E11yError as error:
        yield Finding("start", False, str(error))
        return
    yield from _event_types(workspace)
    for plugin, problem in workspace.runtime.problems():
        yield Finding(f"plugin {plugin}", False, str(problem))
    yield from _adapters(workspace, ask=ask_destinations)
    for environment, misfit in problems_of_overlays(workspace):
        says = "its overlay fits" if misfit is None else str(misfit)
        yield Finding(f"environment {environment}", misfit is None, says)


def _plugins(workspace: Workspace) -> Iterator[Finding]:
    loaded = workspace.runtime.plugins
    active = [plugin.name for plugin in loaded.plugins if plugin.active]
    yield Finding("plugins", True, f"{len(active)} active: {', '.join(active)}")
    for error in loaded.broken:
        yield Finding("plugins", False, str(error))


def _event_types(workspace: Workspace) -> Iterator[Finding]:
    compiler = workspace.runtime.compiler
    known = registry.event_types()
    broken = 0
    for event_type in known:
        try:
            compiler.source(event_type)
        except E11yError as error:
            broken += 1
            yield Finding(f"event type {event_type.__name__}", False, str(error))
    if known:
        share = f"{len(known) - broken} of {len(known)}" if broken else f"{len(known)}"
        yield Finding("event types", not broken, f"{share} can be compiled")
    else:
        yield Finding(
            "event types", True, "none is known; import the application's with  e11y --app your.module doctor"
        )


def _adapters(workspace: Workspace, *, ask: bool) -> Iterator[Finding]:
    for name, adapter in workspace.runtime.adapters.items():
        kind = type(adapter).__name__
        try:
            healthy = adapter.healthy() if ask else True
            adapter.close()
        except Exception as error:  # noqa: BLE001 - neither must raise, and that is worth telling
            yield Finding(f"adapter {name}", False, f"{kind} raised {type(error).__name__}")
        else:
            says = ("answers" if healthy else "does not answer") if ask else "can be made"
            yield Finding(f"adapter {name}", healthy, f"{kind} {says}")
