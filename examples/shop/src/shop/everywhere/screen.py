"""The result of the demonstration with every destination, as one screen of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from shop.demo.checks import Check
from shop.demo.screen import fitted, verdict
from shop.everywhere.bugsink import Event
from shop.everywhere.outage import Run


def screen(run: Run, checks: Sequence[Check], *, verbose: bool) -> str:
    """Return what ``python -m shop --everywhere`` prints: at most 40 lines when all checks hold and not ``verbose``."""
    drive = run.drive
    lines = [
        f"{len(drive.replies):,} requests in {drive.seconds:.1f} s, Loki away for {run.away_s:.1f} s of them. "
        "One of the errors, as Sentry has it:",
        "",
        *_issue(run.after.sentry),
        "",
        *_holdings(run),
        "",
        "$ e11y dlq replay",
        *run.replay.text.splitlines(),
        "",
    ]
    lines += run.stop.ledger["table"].splitlines() if run.stop.ledger else ["  there is no ledger"]
    for check in checks:
        lines += verdict(check, verbose)
    return fitted(lines)


def _issue(events: Sequence[Event]) -> Iterator[str]:
    """Yield an event that has an exception, with what led to it: the shortest story of those."""
    raised_in = [event for event in events if "exception" in event.data]
    shown = min(raised_in, key=lambda event: len(event.data["breadcrumbs"]["values"]), default=None)
    if shown is None:
        yield "  there is none with an exception"
        return
    data = shown.data
    alike = Counter(event.issue for event in events)[shown.issue]
    raised = data["exception"]["values"][-1]
    frame = raised["stacktrace"]["frames"][-1]
    yield f"{data['event_id']} {data['tags']['event_name']}, one of {alike:,} of its issue"
    yield f"  {raised['type']} in {frame['module']}.{frame['function']}, line {frame['lineno']}"
    for crumb in data["breadcrumbs"]["values"]:
        yield f"  {crumb['level']:<7} {crumb['category']:<17} {_values(crumb.get('data', {}))}"


def _values(data: dict[str, Any]) -> str:
    return " ".join(f"{key}={value}" for key, value in data.items())


def _holdings(run: Run) -> Iterator[str]:
    """Yield what each destination held, before the replay and after it."""
    rows = [
        (len(one.lines_of_file()), len(one.loki), len(one.sentry), len(one.letters)) for one in (run.before, run.after)
    ]
    yield f"  {'records in':<22} {'the file':>10} {'Loki':>10} {'Sentry':>10} {'dead letters':>14}"
    for title, (file, loki, sentry, letters) in zip(("before the replay", "after it"), rows, strict=True):
        yield f"  {title:<22} {file:>10,} {loki:>10,} {sentry:>10,} {letters:>14,}"
