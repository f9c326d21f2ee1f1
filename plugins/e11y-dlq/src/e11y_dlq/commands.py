"""The commands ``e11y dlq``: list, show, stats, replay, purge."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

import attrs
import click

import e11y
from e11y import E11yError
from e11y.output import json_option, print_json
from e11y.units import DURATION_FORMS, seconds
from e11y_dlq import output
from e11y_dlq.dead_letters import DeadLetters
from e11y_dlq.replay import ReplayReport
from e11y_dlq.rules import imported
from e11y_dlq.segment import Unread
from e11y_dlq.selection import Selection

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

F = TypeVar("F", bound=Callable[..., Any])


def moment(text: str) -> int:
    """Return the nanoseconds since 1970-01-01 UTC of a time as people write it.

    Args:
        text: ISO 8601, in UTC unless it says otherwise, or how long ago: ``2h``.

    Raises:
        click.BadParameter: It is neither.
    """
    try:
        written = datetime.fromisoformat(text)
    except ValueError:
        try:
            written = datetime.now(UTC) - timedelta(seconds=seconds(text))
        except (ValueError, OverflowError):
            raise click.BadParameter(f"write ISO 8601, or how long ago: {DURATION_FORMS}") from None
    since_epoch = (written if written.tzinfo else written.replace(tzinfo=UTC)) - _EPOCH
    return since_epoch // timedelta(microseconds=1) * 1_000


def selecting(command: F) -> F:
    """Add the options that say which letters are meant."""
    for option in (
        click.option("--until", "until_ns", type=moment, help="Happened before then."),
        click.option("--since", "since_ns", type=moment, help="Happened then or later: 2026-01-31T12:00, or 2h."),
        click.option("--event", help="Event name, a pattern for it (order.*), or the type's qualified name."),
        click.option("--reason", help="First word of the reason, or a pattern for all of it (rejected: 4*)."),
        click.option("--adapter", help="Purpose name of the adapter that failed; '' for none."),
    ):
        command = option(command)
    return command


pass_desk = click.pass_obj
"""Decorator: the command gets the ``Desk`` as its first argument."""


@attrs.frozen(eq=False)
class Desk:
    """What the commands work with.

    Args:
        letters: Of the application.
        adapters: Returns those that are configured.
    """

    letters: DeadLetters
    adapters: Callable[[], Mapping[str, object]]


def make_commands(desk: Desk) -> click.Group:
    """Return the group ``dlq`` with all its commands."""
    group = click.Group("dlq", help="Look at dead letters, replay or purge them.", context_settings={"obj": desk})
    for command in (list_, show, stats, replay, purge):
        group.add_command(command)
    return group


@click.command("list")
@selecting
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Print so many at most.")
@json_option
@pass_desk
def list_(desk: Desk, /, *, limit: int, as_json: bool, **chosen: Any) -> None:
    """List letters, oldest segment first. With --json one object per line."""
    unread = Unread()
    found = desk.letters.find(Selection(**chosen), unread)
    shown = list(islice(found, limit))
    if as_json:
        output.print_lines(output.summary(letter) for letter in shown)
    elif shown:
        output.print_table([output.row(letter) for letter in shown])
    else:
        click.echo("no dead letters that fit" if any(chosen.values()) else "no dead letters")
    if next(found, None) is not None:
        click.echo(f"there are more; see them with  --limit {limit * 10}", err=True)
    output.tell_unread(unread)


@click.command()
@click.argument("letter_id", metavar="ID")
@pass_desk
def show(desk: Desk, letter_id: str) -> None:
    """Print one letter with all that it holds, values included, as JSON."""
    letter = desk.letters.get(letter_id)
    if letter is None:
        raise E11yError(
            f"there is no dead letter {letter_id!r}",
            where=str(desk.letters.folder.path),
            fix="list them with  e11y dlq list; one that was replayed or purged is gone",
        )
    print_json(output.everything(letter))


@click.command()
@selecting
@json_option
@pass_desk
def stats(desk: Desk, /, *, as_json: bool, **chosen: Any) -> None:
    """Count letters by adapter, reason and event."""
    output.print_stats(desk.letters.stats(Selection(**chosen)), str(desk.letters.folder.path), as_json=as_json)


@click.command()
@selecting
@click.option("--to", help="Send to this adapter, whichever failed.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), help="Most letters a second.")
@click.option(
    "--transform", "path", metavar="MODULE:FUNCTION", help="Is given each letter and returns the one to send, or None."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@json_option
@pass_desk
def replay(
    desk: Desk, /, *, to: str | None, rate: float | None, path: str | None, dry_run: bool, as_json: bool, **chosen: Any
) -> None:
    """Send letters once more; each leaves when its adapter acknowledged it.

    Exit status 1 if any of those that are meant is left.
    """
    selection = Selection(**chosen)
    transform = imported(path, "--transform") if path else None
    if dry_run:
        report = desk.letters.rehearse(desk.adapters(), selection, to=to, transform=transform)
    else:
        report = _replayed(desk.letters, selection, to=to, rate=rate, transform=transform)
    output.print_report(report, as_json=as_json, dry_run=dry_run)
    if report.delivered < report.selected:
        raise click.exceptions.Exit(1)


@click.command()
@selecting
@click.option("--all", "everything", is_flag=True, help="Needed when nothing says which letters.")
@click.option("--dry-run", is_flag=True, help="Only say how many would be deleted.")
@pass_desk
def purge(desk: Desk, /, *, everything: bool, dry_run: bool, **chosen: Any) -> None:
    """Delete letters for good."""
    if all(value is None for value in chosen.values()) and not everything:
        raise click.UsageError("say which letters, or --all")
    selection = Selection(**chosen)
    if dry_run:
        click.echo(f"would be deleted: {output.counted(sum(1 for _ in desk.letters.find(selection)), 'dead letter')}")
    else:
        click.echo(f"deleted: {output.counted(desk.letters.purge(selection), 'dead letter')}")


def _replayed(letters: DeadLetters, selection: Selection, **how: Any) -> ReplayReport:
    """Replay with a runtime of this process, telling on stderr how far it is."""
    runtime = e11y.start()
    progress = output.Progress(sys.stderr, runtime.clock.monotonic)
    try:
        return letters.replay(runtime, selection, on_progress=progress, **how)
    finally:
        progress.end()
        e11y.shutdown()
