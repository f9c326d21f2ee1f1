"""What a limit is, and which values it takes."""

from __future__ import annotations

from typing import Any, Literal, get_args

import attrs

from e11y.units import duration

Algorithm = Literal["token_bucket", "sliding_window"]
OnExcess = Literal["drop", "sample", "dead_letter"]
ALGORITHMS: tuple[str, ...] = get_args(Algorithm)
ON_EXCESS: tuple[str, ...] = get_args(OnExcess)


def positive(instance: object, attribute: attrs.Attribute[Any], value: float | None) -> None:
    """Refuse zero and less."""
    del instance, attribute
    if value is not None and value <= 0:
        raise ValueError("must be more than 0")


def share(instance: object, attribute: attrs.Attribute[Any], value: float) -> None:
    """Refuse what is no share of a whole."""
    del instance, attribute
    if not 0 < value <= 1:
        raise ValueError("must be more than 0 and at most 1")


@attrs.frozen(kw_only=True)
class Limit:
    """So many events in so much time.

    Args:
        limit: Events.
        per_s: Seconds; written ``per = "1s"``.
        algorithm: ``token_bucket`` or ``sliding_window``; left out, the plugin's ``algorithm`` counts.
        on_excess: What becomes of the events above the limit: ``drop``, ``sample`` (a share of them is kept) or
            ``dead_letter``. Those of severity error or fatal, and of types with ``dead_letter=True``, always
            become dead letters instead of being dropped.
        keep: Share of the surplus that ``sample`` keeps.
    """

    limit: int = attrs.field(validator=positive)
    per_s: float = duration("1s", validator=positive)
    algorithm: Algorithm | None = None
    on_excess: OnExcess = "drop"
    keep: float = attrs.field(default=0.1, validator=share)
