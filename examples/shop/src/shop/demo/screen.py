"""The result of the demonstration, as one screen of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta

from shop.demo.checks import SUMMARY, Check
from shop.demo.client import Drive, Reply
from shop.demo.mix import COMPLETED, SCENARIOS
from shop.demo.output import LOG_LINE, Line, Output
from shop.demo.server import Stop

WIDTH = 100
STORIES = 2
"""How many kinds of failing requests the short view tells."""

_SHOWN_FAULTS = 3
_SHOWN_OF_END = ("status", "ended", "error", "flushed")


def screen(drive: Drive, output: Output, stop: Stop, checks: Sequence[Check], *, verbose: bool) -> str:
    """Return what ``python -m shop`` prints: at most 40 lines when all checks hold, more when ``verbose``."""
    lines = [_summary(drive)]
    if verbose:
        lines += _table(drive, output)
    for reply in _examples(drive.replies)[: None if verbose else STORIES]:
        lines += [*_story(reply, output.lines_of(reply.trace_id)), ""]
    lines += _protected(output)
    lines += stop.ledger["table"].splitlines() if stop.ledger else ["  there is no ledger"]
    for check in checks:
        lines += verdict(check, verbose)
    return fitted(lines)


def fitted(lines: Iterable[str]) -> str:
    """Return ``lines`` as one text, none of them wider than the screen."""
    return "\n".join(line if len(line) <= WIDTH else line[: WIDTH - 1] + "…" for line in lines)


def _summary(drive: Drive) -> str:
    return (
        f"{len(drive.replies):,} requests over {drive.connections} connections in {drive.seconds:.1f} s: "
        f"{drive.requests_per_second:,.0f} requests/s. Some of those that failed:"
    )


def _table(drive: Drive, output: Output) -> Iterator[str]:
    """Yield one row per scenario."""
    replies = Counter(reply.scenario.title for reply in drive.replies)
    lines = Counter[str]()
    for reply in drive.replies:
        lines[reply.scenario.title] += len(output.lines_of(reply.trace_id))
    yield " requests  lines  answer"
    for scenario in SCENARIOS:
        title = scenario.title
        state = "failing" if scenario.fails else "healthy"
        yield f"{replies[title]:>9,} {lines[title]:>6,}  {scenario.status}     {state}  {title}"


def _examples(replies: Sequence[Reply]) -> list[Reply]:
    """Return the first failing request of each kind, in the order of the scenarios."""
    first: dict[str, Reply] = {}
    for reply in replies:
        if reply.scenario.fails:
            first.setdefault(reply.scenario.title, reply)
    return [first[scenario.title] for scenario in SCENARIOS if scenario.title in first]


def _story(reply: Reply, lines: Sequence[Line]) -> Iterator[str]:
    """Yield a headline and the lines of one request, with the milliseconds since its first.

    Within a millisecond they stand as they were written: business events at once, debug events at the failure.
    """
    scenario = reply.scenario
    yield f"{reply.trace_id} {scenario.method} {scenario.path} -> {reply.status}, {scenario.title}"
    in_order = sorted(lines, key=lambda line: line.time)
    for line in in_order:
        passed_ms = (line.time - in_order[0].time) // timedelta(milliseconds=1)
        yield f"{passed_ms:>6} ms  {line.severity:<7} {line.name:<17} {_values(line)}"


def _values(line: Line) -> str:
    if line.name == LOG_LINE:
        return f"{line.values['logger']}: {line.values['message']}"
    shown = _SHOWN_OF_END if line.name == COMPLETED else line.values
    return " ".join(f"{key}={line.values[key]}" for key in shown if line.values[key] is not None)


def _protected(output: Output) -> Iterator[str]:
    """Yield a line that shows a masked address, one of a sampled event, and what was said about the flood."""
    yield "Protected, sampled, limited:"
    for name in ("user.signed.up", "stock.reserved", SUMMARY):
        for line in output.named(name)[-1:]:
            rate = line.metadata.get("sample_rate", 1.0)
            shown = line.values if rate == 1.0 else {**line.values, "sample_rate": rate}
            values = " ".join(f"{key}={value}" for key, value in shown.items() if not isinstance(value, list))
            yield f"           {line.severity:<7} {line.name:<17} {values}"


def verdict(check: Check, verbose: bool) -> Iterator[str]:
    """Yield a claim, and what speaks against it: all of it when ``verbose``."""
    yield f"{'ok    ' if check.held else 'FAILED'}  {check.claim}"
    shown = check.faults if verbose else check.faults[:_SHOWN_FAULTS]
    for fault in shown:
        yield f"        - {fault}"
    if len(shown) < len(check.faults):
        yield f"        - and {len(check.faults) - len(shown):,} more"
