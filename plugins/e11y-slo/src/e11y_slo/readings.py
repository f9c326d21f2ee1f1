"""What a running service, or the Prometheus that scrapes it, tells about objectives."""

from __future__ import annotations

import json
import math
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
from prometheus_client.parser import text_string_to_metric_families

from e11y import ConfigError
from e11y_slo.exported import CATALOGUE
from e11y_slo.objectives import Objective
from e11y_slo.selectors import Selector

_TIMEOUT_S = 30.0


@attrs.frozen
class Reading:
    """One series."""

    metric: str
    labels: Mapping[str, str]
    value: float


@attrs.frozen
class Status:
    """How an objective stands.

    Args:
        slo: Its name.
        target: Share that must go well.
        window: What was looked at: its window, or ``process`` when only a page of metrics was read.
        total, bad: How much counted, and how much of it went wrong.
        good_ratio: Share that went well; ``None`` without traffic.
        budget_left: Share of the budget that is left; negative when more than all of it is spent.
        burn_rate: Speed at which it is spent, 1 just spends all of it; over the window of the fast alert.
    """

    slo: str
    target: float
    window: str
    total: float
    bad: float
    good_ratio: float | None
    budget_left: float | None
    burn_rate: float | None


class Source:
    """A page of metrics, a file that holds one, or a Prometheus.

    Args:
        place: URL or path.

    Raises:
        ConfigError: Nothing can be read there.
    """

    def __init__(self, place: str) -> None:
        self.place = place
        self._base = place.rstrip("/")
        self._page: list[Reading] | None = None
        with self._reading():
            if not (place.startswith(("http://", "https://")) and self._answers_as_prometheus()):
                self._page = list(_parsed(self._text()))

    def readings(self) -> list[Reading]:
        """Return every series of objectives, as it stands now."""
        if self._page is not None:
            return self._page
        names = "|".join(one.name for one in CATALOGUE if one.kind == "counter")
        return self._query(f'{{__name__=~"{names}"}}')

    def status(self, one: Objective) -> Status:
        """Return how an objective stands."""
        if self._page is not None:
            total, bad = (_sum(self._page, selectors) for selectors in (one.indicator.total, one.indicator.bad))
            found = _status(one, "process", total, bad)
            return attrs.evolve(found, burn_rate=None if not total else _share(bad / total, one))
        total, bad = (self._number(one.indicator.expression(part, "increase", one.window)) for part in ("total", "bad"))
        found = _status(one, one.window, total, bad)
        if not one.burns:
            return found
        ratio = self._query(one.indicator.error_ratio(one.burns[0].window))
        return attrs.evolve(found, burn_rate=_share(ratio[0].value, one) if ratio else None)

    def _number(self, expression: str) -> float:
        found = self._query(expression)
        return found[0].value if found else 0.0

    def _query(self, expression: str) -> list[Reading]:
        query = urllib.parse.urlencode({"query": expression})
        with self._reading():
            found = self._json(f"/api/v1/query?{query}")["data"]["result"]
        return [
            Reading(
                one["metric"].get("__name__", ""),
                {label: value for label, value in one["metric"].items() if label != "__name__"},
                float(one["value"][1]),
            )
            for one in found
        ]

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"no metrics can be read from {self.place!r}: {type(error).__name__}",
                where="e11y slo",
                fix="name the URL of a Prometheus or of what it scrapes, or a file with its answer in the text format",
            ) from None

    def _answers_as_prometheus(self) -> bool:
        try:
            return bool(self._json("/api/v1/status/buildinfo")["status"] == "success")
        except (urllib.error.HTTPError, ValueError, KeyError, TypeError):
            return False

    def _json(self, path: str) -> Any:
        with urllib.request.urlopen(self._base + path, timeout=_TIMEOUT_S) as answer:
            return json.load(answer)

    def _text(self) -> str:
        if not self.place.startswith(("http://", "https://")):
            return Path(self.place).read_text("utf-8")
        with urllib.request.urlopen(self.place, timeout=_TIMEOUT_S) as answer:
            found: bytes = answer.read()
        return found.decode("utf-8")


def _parsed(text: str) -> Iterable[Reading]:
    names = {one.name for one in CATALOGUE}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in names:
                yield Reading(sample.name, sample.labels, sample.value)


def _sum(readings: Iterable[Reading], selectors: Iterable[Selector]) -> float:
    chosen = tuple(selectors)
    return sum(one.value for one in readings if any(each.fits(one.metric, one.labels) for each in chosen))


def _status(one: Objective, window: str, total: float, bad: float) -> Status:
    if not total:
        return Status(one.name, one.target, window, 0.0, 0.0, None, None, None)
    ratio = bad / total
    return Status(one.name, one.target, window, total, bad, 1 - ratio, 1 - _share(ratio, one), None)


def _share(ratio: float, one: Objective) -> float:
    """Return an error ratio in parts of what is allowed."""
    if one.allowed:
        return ratio / one.allowed
    return math.inf if ratio else 0.0
