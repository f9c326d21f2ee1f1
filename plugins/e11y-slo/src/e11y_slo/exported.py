"""The series that the plugin exports: the one list behind counting, rules, dashboard and documentation."""

from __future__ import annotations

from typing import Final, Literal

import attrs


@attrs.frozen
class Exported:
    """One metric.

    Args:
        name: As people ask for it.
        kind: ``counter`` or ``histogram``.
        help: One line for people.
        labels: Constant; none is ever absent.
        buckets: Upper bounds of a histogram in seconds.
    """

    name: str
    kind: Literal["counter", "histogram"]
    help: str
    labels: tuple[str, ...]
    buckets: tuple[float, ...] = ()


_HTTP_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_JOB_BUCKETS = (0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0)
_EVENT_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)

REQUESTS: Final = Exported(
    "slo_http_requests_total",
    "counter",
    "HTTP requests by the class of their status; unknown: the client left before there was one.",
    ("method", "route", "status"),
)
REQUEST_SECONDS: Final = Exported(
    "slo_http_request_duration_seconds",
    "histogram",
    "Time from the arrival of a request to the end of its response.",
    ("method", "route"),
    _HTTP_BUCKETS,
)
# Not `job`: Prometheus itself labels every series with the job that scraped it.
JOBS: Final = Exported(
    "slo_background_jobs_total",
    "counter",
    "Background jobs that ended, success or failed; a retry is no end.",
    ("task", "queue", "status"),
)
JOB_SECONDS: Final = Exported(
    "slo_background_job_duration_seconds",
    "histogram",
    "Run time of the background jobs that succeeded.",
    ("task", "queue"),
    _JOB_BUCKETS,
)
EVENTS: Final = Exported(
    "slo_event_result_total",
    "counter",
    "Events that count toward an objective, success or failure.",
    ("slo_name", "slo_status", "event_name", "group"),
)
EVENT_SECONDS: Final = Exported(
    "slo_event_duration_seconds",
    "histogram",
    "Durations that these events tell.",
    ("slo_name", "event_name", "group"),
    _EVENT_BUCKETS,
)

CATALOGUE: Final = (REQUESTS, REQUEST_SECONDS, JOBS, JOB_SECONDS, EVENTS, EVENT_SECONDS)

UNMATCHED: Final = "unmatched"
"""The route of every request that no route was found for."""

UNKNOWN: Final = "unknown"
"""The status of a request that ended without one."""

OTHER: Final = "[OTHER]"
"""Stands for every label value above the limit."""
