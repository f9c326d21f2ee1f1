"""What an event type says about its own retirement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Never, TypeVar

import attrs

from e11y import ConfigError, Option, option

T = TypeVar("T", bound=type)


@attrs.frozen(eq=False)
class Deprecated(Option):
    """The option that ``@deprecated`` attaches. It stays with its class: a newer version does not inherit it.

    Args:
        since: Release or date, for people.
        enforce_after: Last day on which events of the type are wanted; ``None``: it is never refused.
        message: What else to say.
        use: Name of the event type to track instead.
    """

    plugin: ClassVar[str] = "versioning"
    advisory: ClassVar[bool] = True
    inherited: ClassVar[bool] = False

    since: str = ""
    enforce_after: date | None = None
    message: str = ""
    use: str = ""

    def is_over(self, time_ns: int) -> bool:
        """Return whether the last day has passed, in UTC, at a time in nanoseconds since 1970."""
        return self.enforce_after is not None and datetime.fromtimestamp(time_ns / 1e9, UTC).date() > self.enforce_after

    @property
    def words(self) -> str:
        """The retirement in words, without a full stop."""
        parts = ["deprecated" + (f" since {self.since}" if self.since else "")]
        if self.enforce_after is not None:
            parts.append(f"wanted until {self.enforce_after.isoformat()}")
        if self.use:
            parts.append(f"use {self.use}")
        if self.message:
            parts.append(self.message)
        return "; ".join(parts)


def deprecated(
    *unnamed: Never,
    since: str = "",
    enforce_after: str | date | None = None,
    message: str = "",
    use: type[Any] | str = "",
) -> Callable[[T], T]:
    """Return a decorator that says that an event type is no longer to be used.

        @deprecated(since="2.4", enforce_after="2026-06-30", use="OrderPaidV2")
        class OrderPaid(Event): ...

    Each start warns of it once. Its events are delivered as before, unless ``[tool.e11y.versioning]`` says
    ``on_deprecated = "refuse"`` and the process starts after ``enforce_after``.

    Args:
        unnamed: Nothing; every argument is named.
        since: Release or date, for people.
        enforce_after: Last day on which its events are wanted, as a date or ``"2026-06-30"``; it ends with UTC's.
        message: What else to say.
        use: Event type to track instead, or its name.

    Raises:
        ConfigError: ``enforce_after`` is no date, or the parentheses or a name is missing.
    """
    if unnamed:
        raise _misused(unnamed[0])
    name = use if isinstance(use, str) else use.__name__
    return option(Deprecated(since, _day(enforce_after), message, name))


def _misused(given: object) -> ConfigError:
    fix = 'write @deprecated(), or name what it says: @deprecated(since="2.4", message="...", use="OrderPaidV2")'
    if isinstance(given, type):
        where = f"class {given.__module__}.{given.__qualname__}"
        return ConfigError("@deprecated without parentheses", where=where, fix=fix)
    return ConfigError("@deprecated takes named arguments only", where="@deprecated(...)", fix=fix)


def _day(value: Any) -> date | None:
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ConfigError(
            "enforce_after is no date", where="@deprecated(...)", fix='write enforce_after="2026-06-30"'
        ) from None
