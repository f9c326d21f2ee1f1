"""The command ``e11y doctor``: whether a start would succeed, and whether the destinations answer."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import click

from e11y import registry
from e11y.cli.output import json_option, print_json
from e11y.cli.workspace import Workspace, pass_workspace
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


@click.command()
@json_option
@pass_workspace
def doctor(workspace: Workspace, *, as_json: bool) -> None:
    """Check settings, plugins, event types and adapters. Exit status 1 when something is wrong.

    The adapters are asked whether their destinations answer; nothing is sent to them.
    """
    findings = list(_examine(workspace))
    if as_json:
        print_json([attrs.asdict(finding) for finding in findings])
    else:
        for finding in findings:
            says = finding.says.replace("\n", "\n         ")
            click.echo(f"{'ok     ' if finding.ok else 'PROBLEM'}  {finding.subject}: {says}")
    if not all(finding.ok for finding in findings):
        raise click.exceptions.Exit(1)


def _examine(workspace: Workspace) -> Iterator[Finding]:
    try:
        yield Finding("settings", True, workspace.loaded.source)
        yield from _plugins(workspace)
    except E11yError as error:
        yield Finding("start", False, str(error))
        return
    yield from _event_types(workspace)
    yield from _adapters(workspace)


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


def _adapters(workspace: Workspace) -> Iterator[Finding]:
    for name, adapter in workspace.runtime.adapters.items():
        kind = type(adapter).__name__
        try:
            healthy = adapter.healthy()
            adapter.close()
        except Exception as error:  # noqa: BLE001 - neither must raise, and that is worth telling
            yield Finding(f"adapter {name}", False, f"{kind} raised {type(error).__name__}")
        else:
            yield Finding(f"adapter {name}", healthy, f"{kind} {'answers' if healthy else 'does not answer'}")
