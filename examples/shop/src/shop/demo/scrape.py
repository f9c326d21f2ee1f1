"""What the server shows to whoever scrapes it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import urllib3
from prometheus_client.parser import text_string_to_metric_families

REQUESTS = "slo_http_requests_total"

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


def plain(route: str) -> str:
    """Return the template of a route with ``<sku>``, as Flask and Django have it, written as ``{sku}``."""
    return _PARAMETER.sub(r"{\1}", route)


@dataclass(frozen=True, slots=True)
class Series:
    """One number of a page of metrics."""

    name: str
    labels: Mapping[str, str]
    value: float


def scrape(url: str) -> list[Series]:
    """Return what the shop at ``url`` shows at ``/metrics``."""
    page = urllib3.request("GET", f"{url}/metrics", timeout=30).data.decode("utf-8")
    return list(_parsed(page))


def ended(page: Sequence[Series]) -> float:
    """Return how many requests had ended."""
    return sum(one.value for one in page if one.name == REQUESTS)


def scrape_after(url: str, requests: float, patience_s: float = 30) -> list[Series]:
    """Return what is shown once ``requests`` requests have ended: some go on when the client has its answer."""
    deadline = time.monotonic() + patience_s
    while True:
        page = scrape(url)
        if ended(page) in (0, requests) or time.monotonic() > deadline:
            return page
        time.sleep(0.02)


def _parsed(page: str) -> Iterator[Series]:
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            yield Series(sample.name, sample.labels, sample.value)
