"""The decorator ``@rate_limit``: a limit that an event type declares about itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal, Self, TypeVar

import attrs

from e11y import ConfigError, Option, option, option_off
from e11y.errors import nearest
from e11y.units import DURATION_FORMS, seconds
from e11y_ratelimit.limit import ALGORITHMS, ON_EXCESS, Algorithm, Limit, OnExcess

T = TypeVar("T", bound=type)


@attrs.frozen(eq=False)
class RateLimit(Option):
    """Limits of one event type; attached by :func:`rate_limit`.

    Args:
        limits: Key -> limit; ``None`` stands for the limit on the type as a whole.
    """

    plugin: ClassVar[str] = "ratelimit"
    lossy: ClassVar[bool] = True

    limits: Mapping[str | None, Limit]

    def merged(self, inherited: Option) -> Self:
        """Return the limits of both; for the same key the child's counts."""
        earlier = inherited.limits if isinstance(inherited, RateLimit) else {}
        return attrs.evolve(self, limits={**earlier, **self.limits})


def rate_limit(
    limit: int | Literal[False],
    *,
    per: str = "1s",
    key: str | None = None,
    on_excess: OnExcess = "drop",
    keep: float = 0.1,
    algorithm: Algorithm | None = None,
) -> Callable[[T], T]:
    """Return a class decorator that limits how many events of a type pass.

        @rate_limit(1000, per="1m")
        @rate_limit(10, per="1m", key="user_id")
        class SearchDone(Event): ...

    The decorator may stand several times, once without a key and once for each key. A type's own limit counts
    instead of those that settings give by name. A child class inherits it and may declare another one.

    Args:
        limit: Events, at least 1. ``False``: the type is not limited at all, not even by the global limit.
        per: Duration, for example ``"1s"``, ``"5m"``.
        key: Name of a payload field, or of a context value where the type has no such field: every value of
            it gets the limit for itself.
        on_excess: ``"drop"``, ``"sample"`` or ``"dead_letter"``.
        keep: Share of the surplus that ``"sample"`` keeps, more than 0 and at most 1.
        algorithm: ``"token_bucket"`` or ``"sliding_window"``; left out, the setting ``algorithm`` counts.

    Raises:
        ConfigError: An argument does not fit.
    """
    if limit is False:
        return option_off(RateLimit)
    frame = sys._getframe(1)
    problem = _problem(limit, per, key, on_excess, keep, algorithm)
    if problem is not None:
        what, fix = problem
        raise ConfigError(
            f"@rate_limit: {what}", where=f"{frame.f_globals.get('__name__', '?')}, line {frame.f_lineno}", fix=fix
        )
    declared = Limit(limit=limit, per_s=seconds(per), algorithm=algorithm, on_excess=on_excess, keep=keep)
    return option(RateLimit({key: declared}))


def _problem(limit: Any, per: Any, key: Any, on_excess: Any, keep: Any, algorithm: Any) -> tuple[str, str] | None:
    """Return what is wrong with the arguments and how to fix it; callers without a type checker pass anything."""
    if type(limit) is not int or limit < 1:
        shown = limit if type(limit) is int else type(limit).__name__
        return f"limit must be an int of 1 or more, not {shown}", "write @rate_limit(100), or @rate_limit(False)"
    if not _is_duration(per):
        return f"per must be a duration of more than 0: {DURATION_FORMS}", 'write per="1s"'
    if key is not None and not (isinstance(key, str) and key.isidentifier()):
        return "key must be the name of a field or of a context value", 'write key="user_id"'
    for name, value, known in (
        ("on_excess", on_excess, ON_EXCESS),
        ("algorithm", algorithm or ALGORITHMS[0], ALGORITHMS),
    ):
        if value not in known:
            near = nearest(value, known) if isinstance(value, str) else ""
            return f"{name} is unknown{near}", f"write {name} as one of: {', '.join(known)}"
    if isinstance(keep, bool) or not isinstance(keep, (int, float)) or not 0 < keep <= 1:
        return "keep must be a number of more than 0 and at most 1", "write keep=0.1"
    return None


def _is_duration(text: Any) -> bool:
    try:
        return isinstance(text, str) and seconds(text) > 0
    except ValueError:
        return False
