"""Which series an objective looks at, for PromQL and for a page of metrics alike."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Literal

import attrs

from e11y_slo.exported import EVENTS, JOBS, REQUESTS, UNKNOWN, UNMATCHED, Exported


def quoted(text: str) -> str:
    """Return text as PromQL writes it: escaped as in Go, and JSON's escapes are a part of these."""
    return json.dumps(text, ensure_ascii=False)


@attrs.frozen
class Match:
    """A condition on one label."""

    label: str
    op: Literal["=", "!=", "=~", "!~"]
    value: str

    def __str__(self) -> str:
        return f"{self.label}{self.op}{quoted(self.value)}"

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Return whether a series with these labels is meant."""
        value = labels.get(self.label, "")
        same = value == self.value if self.op in ("=", "!=") else re.fullmatch(self.value, value) is not None
        return same is (self.op in ("=", "=~"))


@attrs.frozen
class Selector:
    """Series of one metric.

    Args:
        metric: Its name.
        matches: All of them must fit.
    """

    metric: str
    matches: tuple[Match, ...] = ()

    def __str__(self) -> str:
        return self.metric + (f"{{{','.join(map(str, self.matches))}}}" if self.matches else "")

    def fits(self, metric: str, labels: Mapping[str, str]) -> bool:
        """Return whether a series is meant."""
        return metric == self.metric and all(match.fits(labels) for match in self.matches)

    def of(self, metric: Exported) -> Selector:
        """Return the same conditions on another metric, as far as it has the labels."""
        return Selector(metric.name, tuple(match for match in self.matches if match.label in metric.labels))


@attrs.frozen
class Indicator:
    """What is counted for one objective. The selectors of one kind never overlap.

    Args:
        total: Everything that counts.
        bad: What of it went wrong.
    """

    total: tuple[Selector, ...]
    bad: tuple[Selector, ...]

    def expression(self, part: Literal["total", "bad"], function: Literal["rate", "increase"], window: str) -> str:
        """Return PromQL for a sum; that of ``bad`` is 0, not nothing, as long as there is a total."""
        found = _sum(getattr(self, part), function, window)
        if part == "total":
            return found
        return f"({found} or 0 * {_sum(self.total, function, window)})"

    def error_ratio(self, window: str) -> str:
        """Return PromQL for the share that went wrong; nothing where there was no traffic."""
        total = self.expression("total", "rate", window)
        return f"{self.expression('bad', 'rate', window)} / ({total} > 0)"


def _sum(selectors: Sequence[Selector], function: str, window: str) -> str:
    return f"sum({' or '.join(f'{function}({selector}[{window}])' for selector in selectors)})"


def requests(matches: tuple[Match, ...], good: Sequence[str]) -> Indicator:
    """Return the indicator of requests: bad is every status that is not good, a client that left counts nowhere."""
    known = Match("status", "!=", UNKNOWN)
    bad = Match("status", "!~", "|".join((*good, UNKNOWN)))
    return Indicator((Selector(REQUESTS.name, (*matches, known)),), (Selector(REQUESTS.name, (*matches, bad)),))


def all_requests(good: Sequence[str]) -> Indicator:
    """Return the indicator of the whole application.

    A path without a route is nobody's endpoint: a scanner that asks for a thousand of them spends no budget. The
    server's own errors do, wherever they happen.
    """
    routed = requests((Match("route", "!=", UNMATCHED),), good)
    broken = Selector(REQUESTS.name, (Match("route", "=", UNMATCHED), Match("status", "=", "5xx")))
    return Indicator((*routed.total, broken), (*routed.bad, broken))


def jobs(matches: tuple[Match, ...]) -> Indicator:
    """Return the indicator of background jobs."""
    return Indicator(
        (Selector(JOBS.name, matches),), (Selector(JOBS.name, (*matches, Match("status", "=", "failed"))),)
    )


def events(matches: tuple[Match, ...]) -> Indicator:
    """Return the indicator of events."""
    return Indicator(
        (Selector(EVENTS.name, matches),), (Selector(EVENTS.name, (*matches, Match("slo_status", "=", "failure"))),)
    )


def pattern_matches(pattern: str) -> tuple[Match, ...]:
    """Return what a pattern such as ``POST /orders/:id`` says about method and route.

    ``:name`` stands for one part of the path, whatever a template calls it, and ``*`` for any rest.
    """
    first, _, rest = pattern.strip().partition(" ")
    method, path = (first, rest.strip()) if rest and first.isupper() else ("", pattern.strip())
    found = () if not method else (Match("method", "=", method),)
    parts = re.split(r"((?<=/):\w+(?=/|$)|\*)", path)
    if len(parts) == 1:
        return (*found, Match("route", "=", path))
    wild = "".join(".*" if part == "*" else "[^/]+" if at % 2 else re.escape(part) for at, part in enumerate(parts))
    return (*found, Match("route", "=~", wild))
