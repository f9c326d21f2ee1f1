"""A document fitted to a service that runs: a rule never names a series that nobody exports."""

from __future__ import annotations

import attrs

from e11y import ConfigError, E11yError
from e11y_slo.builder import endpoint_of, task_of, together
from e11y_slo.document import Document
from e11y_slo.exported import JOBS, REQUESTS
from e11y_slo.objectives import Objective
from e11y_slo.readings import Source

_BY_ITSELF = ("http", "jobs")
"""Objectives that hold although no file asks for them."""


def as_it_runs(document: Document, source: Source) -> Document:
    """Return a document with the routes and tasks that a service serves, those that it does not name included.

    Raises:
        ConfigError: An objective looks at series that the service does not have.
    """
    readings = source.readings()
    parts = () if document.aggregated is None else document.aggregated["components"]
    needed = {part.get("slo") for part in parts}
    kept: list[Objective] = []
    problems: list[E11yError] = []
    for one in document.objectives:
        if any(each.fits(found.metric, found.labels) for each in one.indicator.total for found in readings):
            kept.append(one)
        elif one.name not in _BY_ITSELF or one.name in needed:
            problems.append(
                ConfigError(
                    f"the objective {one.name!r} looks at series that are not there: {one.indicator.total[0]}",
                    where=source.place,
                    fix="name a route, a task or an event as it is counted, or let it happen once before you ask",
                )
            )
    routes = {(one.labels["method"], one.labels["route"]) for one in readings if one.metric == REQUESTS.name}
    tasks = {one.labels["task"] for one in readings if one.metric == JOBS.name}
    found = [
        *(endpoint_of(document, method, route) for method, route in sorted(routes)),
        *(task_of(document, task) for task in sorted(tasks)),
    ]
    added = [one for one in found if one is not None]
    names = {one.name for one in kept}
    for one in added:
        if one.name in names:
            problems.append(_taken(one, document, source))
        names.add(one.name)
    if problems:
        raise together(problems, f"{len(problems)} objectives do not fit {source.place}")
    return attrs.evolve(document, objectives=(*kept, *added))


def _taken(one: Objective, document: Document, source: Source) -> ConfigError:
    what = "task" if one.kind == "job" else "route"
    return ConfigError(
        f"the {what} {one.name!r} has the name of another objective",
        where=f"{document.place_of(one.name)}; {source.place}",
        fix="rename that objective",
    )
