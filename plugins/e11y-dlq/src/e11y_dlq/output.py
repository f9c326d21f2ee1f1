"""What the commands print: aligned columns for people, JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TextIO

import attrs
import click

from e11y.output import print_json
from e11y.record import iso_ms
from e11y.units import size_text
from e11y_dlq.dead_letters import Stats
from e11y_dlq.letter import Letter
from e11y_dlq.replay import ReplayReport
from e11y_dlq.segment import Unread

_EVERY_S: Final = 10.0
_SHOWN_REASON: Final = 60


def row(letter: Letter) -> dict[str, str]:
    """Return what a table shows of a letter: no values."""
    reason = letter.reason if len(letter.reason) <= _SHOWN_REASON else letter.reason[: _SHOWN_REASON - 3] + "..."
    return {
        "id": letter.id,
        "time": iso_ms(letter.time_ns),
        "event": letter.name,
        "severity": str(letter.severity),
        "adapter": letter.adapter or "-",
        "failures": str(letter.failures),
        "reason": reason,
    }


def summary(letter: Letter) -> dict[str, Any]:
    """Return what JSON says about a letter in a list: no values."""
    return {
        "id": letter.id,
        "event_name": letter.name,
        "version": letter.version,
        "event_type": letter.event_type,
        "severity": str(letter.severity),
        "timestamp": iso_ms(letter.time_ns),
        "trace_id": letter.trace_id,
        "span_id": letter.span_id,
        "adapter": letter.adapter,
        "reason": letter.reason,
        "failures": letter.failures,
        "first_failed": iso_ms(letter.first_failed_ns),
        "last_failed": iso_ms(letter.failed_ns),
        "replayable": not letter.is_withheld,
    }


def everything(letter: Letter) -> dict[str, Any]:
    """Return all of a letter, values included."""
    return {
        **summary(letter),
        "payload": letter.payload,
        "context": letter.context,
        "metadata": letter.metadata,
        "resource": letter.resource,
        "trail": [json.loads(record.encoded()) for record in letter.trail],
    }


def counted(number: int, noun: str) -> str:
    """Return for example ``1 segment`` or ``1,200 segments``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def print_lines(values: Iterable[Any]) -> None:
    """Print one JSON document per line."""
    for value in values:
        click.echo(json.dumps(value, ensure_ascii=False))


def print_table(rows: Sequence[Mapping[str, str]]) -> None:
    """Print ``rows`` in columns under their titles."""
    cells = [[column.upper() for column in rows[0]], *([_plain(cell) for cell in one.values()] for one in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())


def print_stats(stats: Stats, directory: str, *, as_json: bool) -> None:
    """Print how many letters there are."""
    times = {key: iso_ms(at) if at is not None else None for key, at in _times(stats)}
    if as_json:
        print_json({"directory": directory, **attrs.asdict(stats, filter=_is_no_time), **times})
        return
    held = f"{counted(stats.letters, 'dead letter')} in {counted(stats.segments, 'segment')}"
    click.echo(f"{directory}: {held}, {size_text(stats.bytes)}")
    tell_unread(Unread(stats.damaged, stats.foreign))
    if not stats.letters:
        return
    click.echo(f"  failed between {times['oldest']} and {times['newest']}; {stats.replayable:,} hold values to replay")
    for title, counts in (("adapter", stats.by_adapter), ("reason", stats.by_reason), ("event", stats.by_event)):
        click.echo(f"  by {title}")
        for key, number in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            click.echo(f"    {number:>9,}  {_plain(key) or '-'}")


def tell_unread(unread: Unread) -> None:
    """Tell on stderr what could not be read."""
    if unread.damaged:
        click.echo(f"skipped: {counted(unread.damaged, 'damaged line')}", err=True)
    if unread.foreign:
        click.echo(f"skipped: {counted(unread.foreign, 'dead letter')} of a format of a later e11y-dlq", err=True)


def print_report(report: ReplayReport, *, as_json: bool, dry_run: bool) -> None:
    """Print how a replay, or a rehearsal, ended."""
    if as_json:
        print_json({"dry_run": dry_run, **attrs.asdict(report)})
        return
    done, failed = ("would be sent", "") if dry_run else ("delivered", f", {report.failed:,} failed again")
    skipped = report.skipped.total()
    click.echo(f"{counted(report.selected, 'dead letter')}: {report.delivered:,} {done}{failed}, {skipped:,} skipped")
    for adapter, number in sorted(report.to.items()):
        click.echo(f"  {number:>9,}  {done} to {_plain(adapter)}")
    for word, number in sorted(report.again.items()):
        click.echo(f"  {number:>9,}  failed again: {_plain(word)}")
    for why, number in sorted(report.skipped.items()):
        click.echo(f"  {number:>9,}  skipped: {_plain(why)}")


class Progress:
    """Tells how far a replay is: in one line of a terminal, elsewhere in a line every ten seconds.

    Args:
        stream: Where.
        monotonic: Time.
    """

    def __init__(self, stream: TextIO, monotonic: Callable[[], float]) -> None:
        self._stream = stream
        self._monotonic = monotonic
        self._is_terminal = stream.isatty()
        self._due_s = monotonic() + (0.0 if self._is_terminal else _EVERY_S)
        self._shown = False

    def __call__(self, report: ReplayReport) -> None:
        """Tell, if it is time."""
        if self._monotonic() < self._due_s:
            return
        told = f"{report.delivered:,} of {report.selected:,} delivered, {report.failed:,} failed again"
        if self._is_terminal:
            self._stream.write(f"\r\x1b[K{told}")
            self._due_s = self._monotonic() + 0.1
        else:
            self._stream.write(f"{told}\n")
            self._due_s = self._monotonic() + _EVERY_S
        self._stream.flush()
        self._shown = True

    def end(self) -> None:
        """Clear the line of the terminal: what follows says more."""
        if self._shown and self._is_terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def _times(stats: Stats) -> list[tuple[str, int | None]]:
    return [("oldest", stats.oldest_ns), ("newest", stats.newest_ns)]


def _is_no_time(attribute: attrs.Attribute[Any], _value: object) -> bool:
    return not attribute.name.endswith("_ns")


def _plain(text: str) -> str:
    """Return ``text`` without anything that a terminal would obey."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
