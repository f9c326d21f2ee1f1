"""The decorators ``@counter``, ``@histogram`` and ``@gauge``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import ClassVar, Self, TypeVar

import attrs

from e11y import ConfigError, Option, option
from e11y_metrics.definition import Across, Definition, Tag, Value, define

T = TypeVar("T", bound=type)


@attrs.frozen(eq=False)
class Metrics(Option):
    """The metrics of one event type; attached by the decorators.

    Args:
        definitions: Those of the class itself before those of its bases.
    """

    plugin: ClassVar[str] = "metrics"

    definitions: tuple[Definition, ...]

    def merged(self, inherited: Option) -> Self:
        """Return the metrics of both; of the same name the child's counts.

        Raises:
            ConfigError: One class declares two metrics of the same name.
        """
        earlier = inherited.definitions if isinstance(inherited, Metrics) else ()
        own = {definition.name: definition for definition in self.definitions}
        for definition in earlier:
            same = own.get(definition.name)
            if same is not None and same is not definition and same.owner == definition.owner:
                raise ConfigError(
                    f"{definition.owner} declares the metric {definition.name!r} twice",
                    where=f"{definition.place} and {same.place}",
                    fix="leave one of them out, or rename it",
                )
        return attrs.evolve(self, definitions=(*self.definitions, *(one for one in earlier if one.name not in own)))


def counter(
    name: str,
    *,
    tags: Sequence[str | Tag] = (),
    value: Value | None = None,
    help: str | None = None,  # noqa: A002 - the word of the exposition format
) -> Callable[[T], T]:
    """Return a class decorator that counts the events of a type, before anything is dropped.

        @counter("orders_paid_total", tags=["currency"])
        @counter("revenue_total", value="amount", tags=["currency"])
        class OrderPaid(Event): ...

    It is inherited; a child that declares a metric of the same name replaces it.

    Args:
        name: Ends in ``_total``. Event types that name the same metric add to it together.
        tags: Labels: fields, ``severity``, ``event_name``, ``version``, ``context.<key>``, or :func:`tag`.
        value: What an event adds, instead of 1: a field, or a function whose parameters name fields. Not negative.
        help: One line for people.

    Raises:
        ConfigError: An argument does not fit.
    """
    return _attaching(define("counter", name, tags=tags, value=value, help=help, place=_place()))


def histogram(
    name: str,
    *,
    value: Value,
    tags: Sequence[str | Tag] = (),
    buckets: Sequence[float] | None = None,
    help: str | None = None,  # noqa: A002
) -> Callable[[T], T]:
    """Return a class decorator that puts a value of each event into buckets, before anything is dropped.

        @histogram("payment_seconds", value=lambda duration_ms: duration_ms / 1000, buckets=(0.1, 0.5, 1, 5))
        class PaymentDone(Event): ...

    A value that is absent or no finite number is left out and counted by the ledger; so is a negative one, unless
    some bound is negative (such a histogram has no sum and no count: OpenMetrics 1.0).

    Args:
        name: Durations end in ``_seconds``.
        value: A field, or a function whose parameters name fields; it runs later, on another thread. A field that
            is a timedelta is taken in seconds.
        tags: As for :func:`counter`.
        buckets: Upper bounds, ascending; the one for all the rest is added. Left out, ``buckets`` of the settings
            for this name, else 0.001 to 10 (seconds).
        help: One line for people.

    Raises:
        ConfigError: An argument does not fit.
    """
    return _attaching(
        define("histogram", name, tags=tags, value=value, buckets=buckets, help=help, place=_place()),
    )


def gauge(
    name: str,
    *,
    value: Value,
    tags: Sequence[str | Tag] = (),
    help: str | None = None,  # noqa: A002
    across: Across = "latest",
) -> Callable[[T], T]:
    """Return a class decorator that shows the value of the last event.

        @gauge("queue_jobs", value="waiting", tags=["queue"])
        class QueueMeasured(Event): ...

    Args:
        name: Of the metric.
        value: As for :func:`histogram`; infinities and NaN are taken too.
        tags: As for :func:`counter`.
        help: One line for people.
        across: What several processes show together: the ``latest`` value, the ``sum``, ``max`` or ``min`` of the
            processes that live.

    Raises:
        ConfigError: An argument does not fit.
    """
    return _attaching(define("gauge", name, tags=tags, value=value, help=help, across=across, place=_place()))


def _attaching(definition: Definition) -> Callable[[T], T]:
    def attach(event_type: T) -> T:
        owned = attrs.evolve(definition, owner=f"{event_type.__module__}.{event_type.__qualname__}")
        return option(Metrics((owned,)))(event_type)

    return attach


def _place() -> str:
    """Return module and line of the decorator's caller."""
    frame = sys._getframe(2)
    return f"{frame.f_globals.get('__name__', '?')}, line {frame.f_lineno}"
