"""What the integrations did: requests and background jobs, counted when their scope ends."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import translate
from typing import Any

from e11y import ScopeReport
from e11y.journal import Journal
from e11y_slo.exported import JOB_SECONDS, JOBS, REQUEST_SECONDS, REQUESTS, UNKNOWN, UNMATCHED
from e11y_slo.settings import SloSettings
from e11y_slo.tally import Notice, Room, Tally

_NS_PER_S = 1_000_000_000
_SERVER_ERROR = 500
_CLASSES = {2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx"}


class Served:
    """Counts scopes of the kinds ``request``, ``task`` and ``job``.

    Args:
        settings: Of the plugin.
        journal: Where rows wait.
        notice: Called with a label that nears or passes its limit, and the number of its values.
    """

    def __init__(self, settings: SloSettings, journal: Journal, notice: Notice) -> None:
        limit = settings.limit
        self.requests = Tally(REQUESTS, ("route",), limit)
        self.request_seconds = Tally(REQUEST_SECONDS, ("route",), limit)
        self.jobs = Tally(JOBS, ("task", "queue"), limit)
        self.job_seconds = Tally(JOB_SECONDS, ("task", "queue"), limit)
        self.room = Room(limit, notice)
        self._statuses = frozenset(settings.ignore_statuses)
        self._ignores_route = _matcher(settings.ignore_routes)
        self._ignores_task = _matcher(settings.ignore_tasks)
        request = journal.writer(self._fold_request)
        job = journal.writer(self._fold_job)
        self._write: dict[str, Callable[[ScopeReport], None]] = {}
        if settings.http:
            self._write["request"] = lambda report: request(*_request(report))
        if settings.jobs:
            self._write["task"] = self._write["job"] = lambda report: job(*_job(report))

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """Everything that is counted here."""
        requests = (self.requests, self.request_seconds) if "request" in self._write else ()
        return (*requests, *((self.jobs, self.job_seconds) if "job" in self._write else ()))

    def note(self, report: ScopeReport) -> None:
        """Write down how a scope ended, if it was a request or a job: one append."""
        write = self._write.get(report.kind)
        if write is not None:
            write(report)

    def forget(self) -> None:
        """Begin anew. For forked children only."""
        self.room.forget()
        for tally in (self.requests, self.request_seconds, self.jobs, self.job_seconds):
            tally.series.clear()

    def _fold_request(self, row: tuple[Any, ...]) -> None:
        method, route, status, duration_ns = row
        if status in self._statuses or (self._ignores_route and self._ignores_route(route)):
            return
        key = (self.room.admit("method", method), self.room.admit("route", route))
        kind = _CLASSES.get(status // 100, UNKNOWN)
        self.requests.add((*key, kind))
        if kind == UNKNOWN:
            return  # nobody was answered, so nothing was slow
        if route != UNMATCHED:
            self.requests.touch((*key, "5xx"))  # a series that begins with its first failure has no rate of it
        self.request_seconds.observe(key, duration_ns / _NS_PER_S)

    def _fold_job(self, row: tuple[Any, ...]) -> None:
        task, queue, state, duration_ns = row
        if state not in ("success", "failed") or (self._ignores_task and self._ignores_task(task)):
            return
        key = (self.room.admit("task", task), self.room.admit("queue", queue))
        self.jobs.add((*key, state))
        self.jobs.touch((*key, "failed"))
        if state == "success":
            self.job_seconds.observe(key, duration_ns / _NS_PER_S)


def _request(report: ScopeReport) -> tuple[Any, ...]:
    facts = report.attributes
    status = facts.get("status")
    known = status if isinstance(status, int) else 0
    if facts.get("ended") == "failed":
        known = max(known, _SERVER_ERROR)  # an exception after the status was sent: in mid-answer, or after it
    answered = facts.get("answered_ns")  # earlier than the end, when the application works on after its response
    took = answered if isinstance(answered, int) else report.duration_ns
    return str(facts.get("method") or ""), str(facts.get("route") or UNMATCHED), known, took


def _job(report: ScopeReport) -> tuple[Any, ...]:
    facts = report.attributes
    state = facts.get("state") or ("failed" if report.failed else "success")
    return str(facts.get("task") or report.name), str(facts.get("queue") or ""), str(state), report.duration_ns


def _matcher(patterns: Iterable[str]) -> Callable[[str], object] | None:
    """Return what tells whether one of the patterns fits a whole text; ``None`` without patterns."""
    found = [translate(re.sub(r"[\[\]?]", lambda one: f"[{one[0]}]", pattern)) for pattern in patterns]
    return re.compile("|".join(found)).match if found else None
