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
    """

    name: str
    events: tuple[str, ...]
    place: Place
    planned: bool


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

    def find(self, name: str) -> Objective | None:
        """Return the objective of that name."""
        return next((one for one in self.objectives if one.name == name), None)
