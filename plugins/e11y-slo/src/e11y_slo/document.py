"""What ``slo.yml`` says, ready to use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from e11y_slo.located import Located
from e11y_slo.located import Path as Place
from e11y_slo.objectives import Objective
from e11y_slo.selectors import Match


@attrs.frozen(eq=False)
class Custom:
    """An objective about events, as the file has it.

    Args:
        name: Of the objective.
        events: Names of events or classes.
        place: Where it stands in the file.
        planned: Whether it is of a kind that is not built.
        group_by: Field that ``@slo`` must group by; ``None``: the file does not say.
        latency_field: Field that ``@slo`` must take durations from; ``None``: the file does not say.
    """

    name: str
    events: tuple[str, ...]
    place: Place
    planned: bool
    group_by: str | None = None
    latency_field: str | None = None


@attrs.frozen(eq=False)
class Document:
    """What one file says; without a file, what holds then.

    Args:
        located: The file; an empty one stands for none.
        objectives: All of them, in the order of the file, those of the whole application first.
        excluded: Conditions of endpoints that are left out on purpose.
        customs: The objectives about events.
        aggregated: The table of the aggregated objective; ``None``: there is none.
        advanced: The table ``advanced``.
        watches_itself: Whether the library's own numbers are watched.
        defaults: Complete block for endpoints that the file does not name.
        job_defaults: The same for tasks.
        places: Where each objective stands in the file, by its name.
    """

    located: Located
    objectives: tuple[Objective, ...]
    excluded: tuple[tuple[Match, ...], ...]
    customs: tuple[Custom, ...]
    aggregated: Mapping[str, Any] | None
    advanced: Mapping[str, Any]
    watches_itself: bool
    defaults: Mapping[str, Any]
    job_defaults: Mapping[str, Any]
    places: Mapping[str, Place]

    def find(self, name: str) -> Objective | None:
        """Return the objective of that name."""
        return next((one for one in self.objectives if one.name == name), None)

    def place_of(self, name: str) -> str:
        """Return file and line of an objective."""
        return self.located.where(self.places.get(name, ()))

    def is_of_the_application(self, one: Objective) -> bool:
        """Return whether an objective is one of those with fixed names, such as ``http``."""
        return self.places[one.name][0] == "app_wide"
