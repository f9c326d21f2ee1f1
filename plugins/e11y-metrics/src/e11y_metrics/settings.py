"""The table ``[tool.e11y.metrics]``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from e11y.units import duration
from e11y_metrics.definition import buckets_problem


def _positive(instance: object, attribute: attrs.Attribute[Any], value: float) -> None:
    del instance, attribute
    if value <= 0:
        raise ValueError("must be more than 0")


def _ascending(instance: object, attribute: attrs.Attribute[Any], value: Mapping[str, tuple[float, ...]]) -> None:
    del instance, attribute
    for bounds in value.values():
        problem = buckets_problem(bounds)
        if problem is not None:
            raise ValueError(problem[0])


@attrs.frozen(kw_only=True, eq=False)
class MetricsSettings:
    """Table ``[tool.e11y.metrics]``.

    Args:
        limit: Values per label of a metric; every further one is ``[OTHER]``.
        max_series: Combinations of label values per metric; in every further one all labels are ``[OTHER]``.
        deny: Names that must not be labels, beside the built-in list.
        relabel: Label -> ``status_class``, ``path_template`` or ``package.module:function``, for every metric.
        buckets: Histogram -> bounds, where its definition names none.
        exemplars: Remember the trace of the last event of each bucket, for OpenMetrics.
        directory: Where the processes of a service leave their numbers for each other; left out: each process
            shows its own.
        interval_s: How often a process does so; written ``interval = "2s"``.
    """

    limit: int = attrs.field(default=1_000, validator=_positive)
    max_series: int = attrs.field(default=10_000, validator=_positive)
    deny: tuple[str, ...] = ()
    relabel: Mapping[str, str] = attrs.field(factory=dict)
    buckets: Mapping[str, tuple[float, ...]] = attrs.field(factory=dict, validator=_ascending)
    exemplars: bool = True
    directory: str | None = None
    interval_s: float = duration("2s", validator=_positive)
