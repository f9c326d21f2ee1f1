"""Every objective of a document, with what it inherits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from e11y import ConfigError, E11yError
from e11y.units import seconds
from e11y_slo.document import Custom, Document
from e11y_slo.exported import EVENT_SECONDS, JOB_SECONDS, REQUEST_SECONDS, UNMATCHED
from e11y_slo.located import Located, read
from e11y_slo.located import Path as Place
from e11y_slo.objectives import (
    DEFAULTS,
    EVENT_DEFAULTS,
    JOB_DEFAULTS,
    Burn,
    Kind,
    Objective,
    merged,
    nested,
    objective,
)
from e11y_slo.schema import SCHEMA
from e11y_slo.selectors import Indicator, Match, Selector, all_requests, events, jobs, pattern_matches, requests
from e11y_slo.shape import problems

_APP_WIDE_JOBS = ("jobs", "celery", "sidekiq", "activejob")
_SHARED = ("window", "burn_rate_alerts")


def without_file(names: Iterable[str]) -> Document:
    """Return what holds without a file: defaults for the application, and for the objectives that events name."""
    customs = [{"name": name} for name in sorted(set(names))]
    return _Builder(Located("(no slo.yml)", {"version": 1, "custom_slos": customs}, {})).build()


def parse(text: str, file: str) -> Document:
    """Return what a text says.

    Raises:
        ConfigError: Something in it cannot be right; tells every problem.
    """
    located = read(text, file)
    found: list[E11yError] = list(problems(located, SCHEMA))
    if not found:
        builder = _Builder(located)
        document = builder.build()
        found.extend(builder.problems)
        if not found:
            return document
    raise together(found, f"{len(found)} problems in {file}")


def together(problems: Sequence[E11yError], told: str) -> E11yError:
    """Return one error that tells all of ``problems`` under a headline; a single one is returned as it is."""
    return problems[0] if len(problems) == 1 else ConfigError(told, problems=problems)


class _Builder:
    """Makes objectives of a document whose form is right."""

    def __init__(self, located: Located) -> None:
        self.located = located
        self.data: Mapping[str, Any] = located.data or {}
        self.problems: list[ConfigError] = []
        self._places: dict[str, Place] = {}
        given = nested(self.data.get("defaults") or {})
        shared = {key: given[key] for key in _SHARED if key in given}
        promised = {**shared, **{key: given[key] for key in ("availability",) if key in given}}
        self.defaults = merged(DEFAULTS, given)
        self.job_defaults = merged(DEFAULTS, JOB_DEFAULTS, shared)
        self.event_defaults = merged(DEFAULTS, EVENT_DEFAULTS, promised)

    def build(self) -> Document:
        data = self.data
        app_wide = data.get("app_wide") or {}
        excluded: list[tuple[Match, ...]] = []
        made = [
            *self._application(app_wide),
            *self._endpoints(data.get("endpoints") or [], excluded),
            *self._services(data.get("services") or {}),
            *self._customs(data.get("custom_slos") or []),
        ]
        aggregated = app_wide.get("aggregated_slo")
        if aggregated is not None and aggregated.get("enabled", True):
            self._check_aggregated(aggregated, made)
        else:
            aggregated = None
        return Document(
            self.located,
            tuple(made),
            tuple(excluded),
            tuple(
                Custom(
                    one["name"],
                    tuple(one.get("events") or ()),
                    ("custom_slos", at),
                    one.get("type") == "event_sequence",
                    _plain(one.get("group_by")),
                    _plain((one.get("latency") or {}).get("field")),
                )
                for at, one in enumerate(data.get("custom_slos") or [])
            ),
            aggregated,
            data.get("advanced") or {},
            (data.get("e11y_self_monitoring") or {}).get("enabled") is True,
            self.defaults,
            self.job_defaults,
            self._places,
        )

    def _application(self, app_wide: Mapping[str, Any]) -> Iterator[Objective]:
        make = partial(self._make, description="the whole application")
        block = app_wide.get("http", {})
        if _is_on(block):
            full = merged(self.defaults, nested(block))
            indicator = all_requests(full["availability"]["good"])
            durations = indicator.total[0].of(REQUEST_SECONDS)
            yield from make("http", "http", indicator, durations, full, ("app_wide", "http"))
        named = [key for key in _APP_WIDE_JOBS if key in app_wide]
        for key in named[1:]:
            self._complain(("app_wide", key), f"{key!r} means the same jobs as {named[0]!r}", "leave one of them out")
        key = named[0] if named else "jobs"
        block = app_wide.get(key, {})
        if _is_on(block):
            indicator = jobs(())
            full = merged(self.job_defaults, nested(block))
            single = bool(block.get("alert_on_single_failure"))
            durations = indicator.total[0].of(JOB_SECONDS)
            yield from make("jobs", "job", indicator, durations, full, ("app_wide", key), single_failure=single)
        block = app_wide.get("events")
        if block is not None and _is_on(block):
            full = merged(self.event_defaults, nested(block))
            indicator = events(())
            durations = indicator.total[0].of(EVENT_SECONDS)
            yield from make("events", "event", indicator, durations, full, ("app_wide", "events"))

    def _endpoints(
        self, endpoints: Iterable[Mapping[str, Any]], excluded: list[tuple[Match, ...]]
    ) -> Iterator[Objective]:
        for at, one in enumerate(endpoints):
            place: Place = ("endpoints", at)
            matches = pattern_matches(one["pattern"]) if "pattern" in one else (Match("route", "=", one["route"]),)
            if "method" in one and all(match.label != "method" for match in matches):
                matches = (Match("method", "=", one["method"]), *matches)
            if "slo" in one and one["slo"] is None:
                excluded.append(matches)
                continue
            full = merged(self.defaults, nested(one.get("slo") or {}))
            labels = {match.label: match.value for match in matches}
            shown = one.get("pattern") or f"{labels.get('method', '')} {one.get('route')}".strip()
            indicator = requests(matches, full["availability"]["good"])
            yield from self._make(
                one.get("name") or shown,
                "http",
                indicator,
                indicator.total[0].of(REQUEST_SECONDS),
                full,
                place,
                description=one.get("description", shown),
                labels={"route": shown.rpartition(" ")[2], "method": labels.get("method", "")},
            )

    def _services(self, services: Mapping[str, Any]) -> Iterator[Objective]:
        for service, table in services.items():
            default = nested(table.get("default") or {})
            for task, block in (table.get("jobs") or {}).items():
                if not _is_on(block):
                    continue
                single = {**(table.get("default") or {}), **(block or {})}.get("alert_on_single_failure", False)
                full = merged(self.job_defaults, default, nested(block or {}))
                indicator = jobs((Match("task", "=", task),))
                yield from self._make(
                    task,
                    "job",
                    indicator,
                    indicator.total[0].of(JOB_SECONDS),
                    full,
                    ("services", service, "jobs", task),
                    single_failure=single,
                    labels={"task": task},
                )

    def _customs(self, customs: Iterable[Mapping[str, Any]]) -> Iterator[Objective]:
        for at, one in enumerate(customs):
            if one.get("type") == "event_sequence":
                continue
            keys = ("target", "window", "latency", "throughput", "burn_rate_alerts")
            full = merged(self.event_defaults, nested({key: one[key] for key in keys if key in one}))
            indicator = events((Match("slo_name", "=", one["name"]),))
            yield from self._make(
                one["name"],
                "event",
                indicator,
                indicator.total[0].of(EVENT_SECONDS),
                full,
                ("custom_slos", at),
                metric_name=one.get("metric_name"),
                description=one.get("description", ""),
            )

    def _make(
        self,
        name: str,
        kind: Kind,
        indicator: Indicator,
        durations: Selector,
        full: Mapping[str, Any],
        place: Place,
        **more: Any,
    ) -> Iterator[Objective]:
        if name in self._places:
            first = self.located.where(self._places[name])
            what = f"two objectives are named {name!r}; the other one is at {first}"
            self._complain(place, what, "rename one of them")
        self._places[name] = place
        made = objective(name, kind, indicator, durations, full, **more)
        inside = (*place, "slo") if place[0] == "endpoints" else place
        above: list[Place] = [(*place[:2], "default")] if place[0] == "services" else []
        for burn in made.burns:
            said = [(*part, "burn_rate_alerts", burn.level) for part in (inside, *above, ("defaults",))]
            self._check_burn(made, burn, next((path for path in said if path in self.located.lines), place))
        yield made

    def _check_burn(self, made: Objective, burn: Burn, path: Place) -> None:
        told = f"the {burn.level} alert of {made.name!r}"
        off = f"or write  {burn.level}: {{enabled: false}}"
        if seconds(burn.alert_after) >= seconds(burn.window):
            what = f"{told} looks at {burn.alert_after} within {burn.window}"
            self._complain(path, what, "let alert_after be shorter than window, a twelfth of it for example")
        if seconds(burn.window) > seconds(made.window):
            what = f"{told} looks at {burn.window}, the objective only at {made.window}"
            self._complain(path, what, f"shorten its window, {off}")
        if burn.threshold * made.allowed >= 1:
            what = f"{told} can never fire: {burn.threshold:g} times {made.allowed:.4g} is no share"
            self._complain(path, what, f"lower its threshold, {off}")

    def _check_aggregated(self, table: Mapping[str, Any], made: Iterable[Objective]) -> None:
        place: Place = ("app_wide", "aggregated_slo")
        components = table.get("components") or []
        if not table.get("strategy"):
            self._complain(place, "'aggregated_slo' has no 'strategy'", "write  strategy: weighted_average, min or max")
        if not components:
            self._complain(place, "'aggregated_slo' has no 'components'", "list what it is made of under  components:")
            return
        known = {one.name for one in made if one.has_ratio}
        for at, one in enumerate(components):
            if "slo" in one and one["slo"] not in known:
                listed = ", ".join(sorted(known))
                self._complain(
                    (*place, "components", at), f"there is no objective {one['slo']!r}", f"use one of: {listed}"
                )
        names = [one["name"] for one in components]
        if len(set(names)) < len(names):
            self._complain(place, "two components have the same name", "rename one of them")
        total = sum(one.get("weight", 1 / len(components)) for one in components)
        if table.get("strategy") == "weighted_average" and abs(total - 1) > 1e-6:
            self._complain(place, f"the weights of the components add up to {total:g}", "let them add up to 1")

    def _complain(self, path: Place, what: str, fix: str) -> None:
        self.problems.append(ConfigError(what, where=self.located.where(path), fix=fix))


def _plain(name: str | None) -> str | None:
    """Return the name of a field without the colon of a Ruby symbol."""
    return name and name.removeprefix(":")


def _is_on(block: Mapping[str, Any] | None) -> bool:
    return block is not None and block.get("enabled", True) is not False


def endpoint_of(document: Document, method: str, route: str) -> Objective | None:
    """Return an objective with the defaults for a route that the file neither names nor excludes."""
    if route == UNMATCHED:
        return None
    labels = {"method": method, "route": route}
    named = [one.indicator.total[0].matches for one in document.objectives if one.kind == "http" and one.name != "http"]
    known = (*named, *document.excluded)
    if any(all(match.fits(labels) for match in matches if match.label in labels) for matches in known):
        return None
    indicator = requests(
        (Match("method", "=", method), Match("route", "=", route)), document.defaults["availability"]["good"]
    )
    durations = indicator.total[0].of(REQUEST_SECONDS)
    return objective(f"{method} {route}", "http", indicator, durations, document.defaults, labels=labels)


def task_of(document: Document, task: str) -> Objective | None:
    """Return an objective with the defaults for a task that the file does not name."""
    named = document.find(task)
    if named is not None and (named.kind == "job" or document.is_of_the_application(named)):
        return None
    indicator = jobs((Match("task", "=", task),))
    durations = indicator.total[0].of(JOB_SECONDS)
    return objective(task, "job", indicator, durations, document.job_defaults, labels={"task": task})
