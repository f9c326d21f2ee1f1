"""The table ``[tool.e11y.slo]``."""

from __future__ import annotations

from typing import Any

import attrs


def _positive(instance: object, attribute: attrs.Attribute[Any], value: float) -> None:
    del instance, attribute
    if value <= 0:
        raise ValueError("must be more than 0")


def _statuses(instance: object, attribute: attrs.Attribute[Any], value: tuple[int, ...]) -> None:
    del instance, attribute
    if any(not 100 <= status <= 599 for status in value):
        raise ValueError("must hold statuses between 100 and 599, for example [404]")


@attrs.frozen(kw_only=True, eq=False)
class SloSettings:
    """Table ``[tool.e11y.slo]``.

    Args:
        http: Count requests.
        jobs: Count background jobs.
        ignore_statuses: Statuses of responses that are not counted.
        ignore_routes: Routes whose requests are not counted; ``*`` stands for anything.
        ignore_tasks: Tasks that are not counted; ``*`` stands for anything.
        limit: Values per label; every further one is ``[OTHER]``.
        file: Where the objectives stand; left out: ``slo.yml`` in ``config``, ``config/e11y`` or the working
            directory.
        strict: Refuse the start when an event type neither has ``@slo`` nor opts out, or when an event that the
            file names cannot be found; otherwise that is only told.
    """

    http: bool = True
    jobs: bool = True
    ignore_statuses: tuple[int, ...] = attrs.field(default=(), validator=_statuses)
    ignore_routes: tuple[str, ...] = ()
    ignore_tasks: tuple[str, ...] = ()
    limit: int = attrs.field(default=1_000, validator=_positive)
    file: str | None = None
    strict: bool = False
