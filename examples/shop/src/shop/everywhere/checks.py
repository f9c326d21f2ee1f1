"""The claims of the demonstration with every destination, each checked against what these hold."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from shop.demo.checks import Check, check_requests, checked, unclean_stop, wrong_counts
from shop.demo.client import Reply
from shop.demo.output import LOG_LINE
from shop.everywhere.bugsink import Event
from shop.everywhere.holdings import Holdings
from shop.everywhere.outage import Run

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}")
_SPAN_ID = re.compile(r'"span_id":"(\w+)"')
_SETTLED = ("delivered", "dead_lettered")


def check(run: Run) -> list[Check]:
    """Return every claim, those that held and those that did not."""
    before, after = run.before, run.after
    errors = [reply for reply in run.drive.replies if reply.scenario.errors]
    claims = {
        f"the file holds {len(run.output.lines):,} records, each once": _repeated_lines(after),
        f"Loki was away for {run.away_s:.1f} s: {len(before.letters):,} dead letters, all that it lacks and no more": (
            _wrong_letters(run)
        ),
        "e11y dlq replay sent them to Loki alone, and left none": _wrong_replay(run),
        f"Loki holds {len(after.loki):,} records, each once, byte for byte as in the file": _wrong_entries(after),
        f"{len(after.sentry):,} events in Sentry, one for each error, with its debug trail as breadcrumbs": (
            _wrong_events(errors, run)
        ),
        "no mail address in the file, in Loki, in Sentry, among the dead letters": _addresses(run),
        f"the server stopped {run.stop.seconds:.1f} s after SIGTERM, with everything delivered or kept": (
            unclean_stop(run.stop, _SETTLED)
        ),
        "the ledger balances, and counts what the requests did and what they left": (
            wrong_counts(run.drive, run.output, run.stop, "archive")
        ),
        "the ledger counts what Loki, Sentry and the dead letters held": _wrong_lanes(run),
    }
    return [*check_requests(run.drive, run.output), *checked(claims)]


def _repeated_lines(after: Holdings) -> Iterator[str]:
    if not after.file:
        yield "it is empty"
    for line, times in after.lines_of_file().items():
        if times > 1:
            yield f"{_label(line)} stands there {times} times"


def _wrong_letters(run: Run) -> Iterator[str]:
    letters = run.before.letters
    if not letters:
        yield "there is none, so nothing is shown"
    for letter in letters:
        if (letter["adapter"], letter["reason"].partition(":")[0]) != ("logs", "expired"):
            yield f"{letter['event_name']} is kept for {letter['adapter']}: {letter['reason']}"
    lacking = {line.span_id for line in run.output.lines} - _spans(run.before.lines_of_loki())
    kept = {str(letter["span_id"]) for letter in letters}
    yield from (f"{span} is neither in Loki nor kept" for span in sorted(lacking - kept))
    yield from (f"{span} is kept, although Loki has it" for span in sorted(kept - lacking))
    if len(kept) < len(letters):
        yield f"{len(letters) - len(kept):,} are kept twice"


def _wrong_replay(run: Run) -> Iterator[str]:
    if run.replay.exit_status:
        yield f"it ended with status {run.replay.exit_status}"
    if run.after.letters:
        yield f"{len(run.after.letters):,} letters are left"
    if run.after.file != run.before.file:
        yield "the file changed"
    if run.after.sentry != run.before.sentry:
        yield "Sentry has other events"


def _wrong_entries(after: Holdings) -> Iterator[str]:
    in_file, in_loki = after.lines_of_file(), after.lines_of_loki()
    yield from (f"{_label(line)} is not there" for line in in_file - in_loki)
    yield from (f"{_label(line)} is there once too often" for line in in_loki - in_file)


def _wrong_events(errors: Collection[Reply], run: Run) -> Iterator[str]:
    of_trace: dict[str, list[Event]] = defaultdict(list)
    for event in run.after.sentry:
        of_trace[event.data["contexts"]["trace"]["trace_id"]].append(event)
    ids = {line.trace_id[16:] + line.span_id for line in run.output.lines if line.is_error}
    for reply in errors:
        scenario = reply.scenario
        found = [_story(event.data) for event in of_trace.pop(reply.trace_id, ())]
        if Counter(found) != Counter((*scenario.trail, error) for error in scenario.errors):
            told = "; ".join(", ".join(story) for story in found)
            yield f"trace {reply.trace_id} ({reply.scenario.title}) has {told or 'no event'}"
    yield from (f"an event belongs to no error: trace {trace_id}" for trace_id in of_trace)
    strange = {event.data["event_id"] for event in run.after.sentry} ^ ids
    yield from (f"event id {one} does not follow from the ids of one line of the file" for one in sorted(strange))


def _story(event: dict[str, Any]) -> tuple[str, ...]:
    """Return the names of the debug breadcrumbs of an event, then its own."""
    crumbs = event.get("breadcrumbs", {}).get("values", [])
    return *(_source(crumb) for crumb in crumbs if crumb["level"] == "debug"), event["tags"]["event_name"]


def _source(crumb: dict[str, Any]) -> str:
    """Return the name of the event of a breadcrumb; of a log record, that of its logger."""
    return str(crumb["data"]["logger"]) if crumb["category"] == LOG_LINE else str(crumb["category"])


def _addresses(run: Run) -> Iterator[str]:
    texts = {
        "the file": run.after.file.decode("utf-8", "replace"),
        "Loki": json.dumps(run.after.loki, ensure_ascii=False),
        "Sentry": json.dumps([event.data for event in run.after.sentry], ensure_ascii=False),
        "a dead letter": run.before.segments.decode("utf-8", "replace"),
    }
    for place, text in texts.items():
        found = len(_ADDRESS.findall(text))
        if found or not text:
            yield f"{place} shows {found:,}" if text else f"{place} shows nothing at all"


def _wrong_lanes(run: Run) -> Iterator[str]:
    lanes = run.stop.ledger["lanes"] if run.stop.ledger else {}
    held = {
        ("logs", "delivered"): len(run.before.loki),
        ("logs", "dead_lettered"): len(run.before.letters),
        ("errors_tracker", "delivered"): len(run.before.sentry),
    }
    for (name, state), true in held.items():
        counted = lanes[name][state] if name in lanes else 0
        if counted != true:
            yield f"{counted:,} counted as {state} by {name}, but there were {true:,}"


def _spans(lines: Iterable[str]) -> set[str]:
    return {found[1] for found in map(_SPAN_ID.search, lines) if found}


def _label(line: str) -> str:
    span_id = _SPAN_ID.search(line)
    return f"record {span_id[1]}" if span_id else "something that is no record"
