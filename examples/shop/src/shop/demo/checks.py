"""The claims of the demonstration, each checked against what the server wrote."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from shop.demo.client import Drive, Reply
from shop.demo.mix import COMPLETED, LIMITED, SAMPLE_RATE, SAMPLED
from shop.demo.output import LOG_LINE, Output
from shop.demo.scrape import REQUESTS, plain
from shop.demo.server import Stop

SUMMARY = "e11y.rate_limited"
"""Name of the record that tells what a limit held back."""

_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Check:
    """One claim, with everything that speaks against it."""

    claim: str
    faults: Sequence[str]

    @property
    def held(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.faults


def check(drive: Drive, output: Output, stop: Stop) -> list[Check]:
    """Return every claim, those that held and those that did not."""
    claims = {
        f"the server stopped {stop.seconds:.1f} s after SIGTERM, with everything delivered": unclean_stop(stop),
        "the ledger balances, and counts what the requests did": wrong_counts(drive, output, stop, "logs"),
    }
    return [*check_requests(drive, output), *checked(claims)]


def check_requests(drive: Drive, output: Output) -> list[Check]:
    """Return the claims about what the requests left."""
    replies = drive.replies
    failing = [reply for reply in replies if reply.scenario.fails]
    healthy = [reply for reply in replies if not reply.scenario.fails]
    kept, superfluous = _debug_events(failing), _debug_events(healthy)
    logged = sum(line.is_debug for line in output.named(LOG_LINE))
    claims = {
        f"{len(replies):,} requests were answered as they should be": _wrong_answers(replies),
        f"{len(failing):,} failures left their full debug trail ({kept:,} lines, {logged:,} logged), in order, "
        "then the error": _broken_trails(failing, output),
        f"{len(healthy):,} healthy requests left 0 of their {superfluous:,} debug lines": (
            _needless_lines(healthy, output)
        ),
        "each request left its own business events, once": _wrong_events(replies, output),
        "each request has one request.completed, which tells how it ended": _wrong_ends(replies, output),
        f"{len(output.named('user.signed.up')):,} accounts were opened, and no line holds a mail address": (
            _addresses(output)
        ),
        f"a flood of {_tracked(replies, LIMITED):,} product views left {len(output.named(*LIMITED)):,} lines, "
        "and a record of what was held back": _unlimited(replies, output, drive.seconds),
        f"of {_tracked(replies, SAMPLED):,} stock events a fifth was kept ({len(output.named(*SAMPLED)):,}), "
        "each line says so": _wrongly_sampled(replies, output),
        "the metrics count every request, order and look, whatever was thrown away or held back": _wrong_metrics(drive),
    }
    return checked(claims)


def checked(claims: Mapping[str, Iterable[str]]) -> list[Check]:
    """Return claim -> what speaks against it as checks."""
    return [Check(claim, tuple(faults)) for claim, faults in claims.items()]


def _wrong_answers(replies: Sequence[Reply]) -> Iterator[str]:
    if not any(reply.scenario.fails for reply in replies):
        yield "none of them fails, so nothing is shown"
    for reply in replies:
        if reply.status != reply.scenario.status:
            yield f"{reply.scenario.title}: {reply.status} instead of {reply.scenario.status}"
        elif reply.is_whole == reply.scenario.breaks_off:
            yield f"{reply.scenario.title}: {'a whole answer' if reply.is_whole else 'half an answer'}"


def _broken_trails(failing: Sequence[Reply], output: Output) -> Iterator[str]:
    for reply in failing:
        story = [line.source for line in output.lines_of(reply.trace_id) if line.is_debug or line.is_error]
        if tuple(story) != reply.scenario.story:
            yield f"{_label(reply)} has {', '.join(story) or 'no line'}"


def _needless_lines(healthy: Sequence[Reply], output: Output) -> Iterator[str]:
    for reply in healthy:
        for line in output.lines_of(reply.trace_id):
            if line.is_debug:
                yield f"{_label(reply)} left {line.source}"


def _wrong_events(replies: Sequence[Reply], output: Output) -> Iterator[str]:
    for number in output.unreadable:
        yield f"line {number} is no record"
    known = {reply.trace_id for reply in replies}
    for line in output.lines:
        if line.trace_id not in known and line.name != SUMMARY:
            yield f"line {line.number} ({line.name}) belongs to no request"
    for reply in replies:
        lines = [line for line in output.lines_of(reply.trace_id) if not line.is_debug]
        left = Counter(line.name for line in lines if not line.is_error)
        left -= Counter(reply.scenario.perhaps)
        if left != Counter(reply.scenario.written):
            yield f"{_label(reply)} left {', '.join(left.elements()) or 'none'}"


def _wrong_ends(replies: Sequence[Reply], output: Output) -> Iterator[str]:
    for reply in replies:
        scenario = reply.scenario
        trail = len(scenario.trail)
        true = {
            "method": scenario.method,
            "route": scenario.route,
            "status": scenario.status,
            "ended": "failed" if scenario.is_failed else "completed",
            "error": scenario.raises,
            "flushed": trail if scenario.fails else 0,
            "discarded": 0 if scenario.fails else trail,
        }
        told = [line.values for line in output.lines_of(reply.trace_id) if line.name == COMPLETED]
        if len(told) != 1:
            yield f"{_label(reply)} has {len(told)}"
            continue
        values = {**told[0], "route": plain(str(told[0]["route"]))}
        yield from (
            f"{_label(reply)} tells {name} {values.get(name)} instead of {value}"
            for name, value in true.items()
            if values.get(name) != value
        )


def _addresses(output: Output) -> Iterator[str]:
    if not output.named("user.signed.up"):
        yield "no account is shown"
    for number in output.addresses:
        yield f"line {number} shows one"
    for line in output.named("user.signed.up"):
        if "***" not in str(line.values.get("email")):
            yield f"line {line.number} shows no masked one"


def _unlimited(replies: Sequence[Reply], output: Output, seconds: float) -> Iterator[str]:
    tracked, kept = _tracked(replies, LIMITED), len(output.named(*LIMITED))
    if kept > _LIMIT * (1 + (seconds + 1) / 60):
        yield f"{kept} were written, although {_LIMIT} a minute may be"
    told = sum(int(str(line.values["suppressed"])) for line in output.named(SUMMARY))
    if tracked - kept != told:
        yield f"{tracked - kept:,} were held back, {told:,} of them are told"


def _wrongly_sampled(replies: Sequence[Reply], output: Output) -> Iterator[str]:
    tracked, lines = _tracked(replies, SAMPLED), output.named(*SAMPLED)
    spread = 5 * (tracked * SAMPLE_RATE * (1 - SAMPLE_RATE) * 2) ** 0.5  # both events of an order share its fate
    if abs(len(lines) - tracked * SAMPLE_RATE) > spread + 1:
        yield f"{len(lines):,} of {tracked:,} were kept"
    if tracked and not lines:
        yield "none was kept"
    for line in lines:
        if line.metadata.get("sample_rate") != SAMPLE_RATE:
            yield f"line {line.number} does not say so"


def _wrong_metrics(drive: Drive) -> Iterator[str]:
    true = Counter[tuple[str, ...]]()
    for reply in drive.replies:
        scenario = reply.scenario
        kind = "5xx" if scenario.is_failed else f"{scenario.status // 100}xx"
        true[REQUESTS, scenario.method, scenario.route, kind] += 1
        true["shop_orders_paid_total",] += scenario.events.count("order.paid")
        true["shop_products_viewed_total",] += scenario.perhaps.count("product.viewed")
        calls = scenario.trail.count("payment.attempted")
        late = scenario.trail.count("shop.payments")  # it logs each time that the gateway does not answer
        true["slo_event_result_total", "success"] += calls - late
        true["slo_event_result_total", "failure"] += late
    shown = Counter[tuple[str, ...]]()
    for one in drive.metrics:
        labels = (one.labels.get(label, "") for label in ("method", "route", "status", "slo_status"))
        shown[one.name, *(plain(label) for label in labels if label)] += round(one.value)
    for key, count in true.items():
        if shown[key] != count:
            yield f"{' '.join(key)} is {shown[key]:,}, but there were {count:,}"
    if "unmatched" in {one.labels.get("route") for one in drive.metrics}:
        yield "a request has no route"


def _tracked(replies: Iterable[Reply], names: Sequence[str]) -> int:
    """Return how many events of these names the requests tracked, whatever became of them."""
    return sum(name in names for reply in replies for name in reply.scenario.perhaps)


def unclean_stop(stop: Stop, states: Sequence[str] = ("delivered", "handed_over")) -> Iterator[str]:
    """Yield what was not as it should be when the server ended.

    Args:
        stop: How it ended.
        states: Where its records may be by then, as lanes of the ledger call it.
    """
    if stop.exit_status not in (0, -signal.SIGTERM):  # uvicorn raises the signal again once it is done
        yield f"exit status {stop.exit_status}"
    if stop.ledger is None:
        yield "it wrote no ledger when it ended"
        return
    for name, lane in stop.ledger["lanes"].items():
        missing = lane["routed"] - sum(lane[state] for state in states)
        if missing:
            yield f"{missing:,} records did not reach {name}"


def wrong_counts(drive: Drive, output: Output, stop: Stop, adapter: str) -> Iterator[str]:
    """Yield the counts of the ledger that are not true.

    Args:
        drive: What was asked.
        output: What ``adapter`` wrote.
        stop: Holds the ledger.
        adapter: Purpose name of the adapter.
    """
    if stop.ledger is None:
        yield "there is no ledger that balances; the server's log says why"
        return
    replies = drive.replies
    lane = stop.ledger["lanes"].get(adapter, {"delivered": 0, "handed_over": 0})
    summaries = len(output.named(SUMMARY))
    held_back = _tracked(replies, LIMITED + SAMPLED) - len(output.named(*LIMITED, *SAMPLED))
    counts = {
        "delivered": (lane["delivered"] + lane["handed_over"], len(output.lines)),
        "discarded": (stop.ledger["discarded"], _debug_events(reply for reply in replies if not reply.scenario.fails)),
        "dropped": (sum(stop.ledger["dropped"].values()), held_back),
        "tracked": (stop.ledger["tracked"], sum(reply.scenario.tracked for reply in replies) + summaries),
    }
    for name, (counted, true) in counts.items():
        if counted != true:
            yield f"{counted:,} counted as {name}, but there were {true:,}"


def _debug_events(replies: Iterable[Reply]) -> int:
    """Return how many debug events the requests tracked, whatever became of them."""
    return sum(len(reply.scenario.trail) for reply in replies)


def _label(reply: Reply) -> str:
    return f"trace {reply.trace_id} ({reply.scenario.title})"
