"""A request: everything that one fresh process needs to know."""

from __future__ import annotations

from pathlib import Path

import attrs

Values = dict[str, float]
"""What one process measured, by name of the quantity."""


@attrs.frozen
class Request:
    """One measurement of one case.

    Args:
        measure: Name of the measure.
        case: Name of the case.
        seed: Decides the order in which the process walks what it interleaves.
        quick: Measure shorter; good enough to see that everything runs.
        directory: An empty directory for files.
    """

    measure: str
    case: str
    seed: int
    quick: bool
    directory: Path
