"""What an event type says about its own sampling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal, Self, TypeVar, overload

import attrs

from e11y import ConfigError, Option, option, option_off
from e11y_sampling.rules import Limit, Rule, is_limit, is_rate

T = TypeVar("T", bound=type)


@attrs.frozen(eq=False)
class Sampling(Option):
    """The option that ``@sample`` and ``@sample_when`` attach; core refuses it on audit types.

    Args:
        rate: Share of the events to keep; ``None``: the settings decide.
        rules: Value rules, in the order in which they are asked.
    """

    plugin: ClassVar[str] = "sampling"
    advisory: ClassVar[bool] = True
    lossy: ClassVar[bool] = True

    rate: float | None = None
    rules: tuple[Rule, ...] = ()

    def merged(self, inherited: Any) -> Self:
        """Return the option with the rate of the child, and the rules of both, the child's first."""
        rate = inherited.rate if self.rate is None else self.rate
        more = tuple(rule for rule in inherited.rules if rule not in self.rules)  # by identity: a diamond
        return type(self)(rate, self.rules + more)


@overload
def sample(enabled: Literal[False], /) -> Callable[[T], T]: ...


@overload
def sample(*, rate: float) -> Callable[[T], T]: ...


def sample(enabled: bool | None = None, /, *, rate: float | None = None) -> Callable[[T], T]:
    """Return a decorator that sets the rate of an event type.

        @sample(rate=0.1)
        class PageViewed(Event): ...

    Args:
        enabled: ``False`` takes the type out of sampling: no rate, no rule and no load concerns it.
        rate: Share of the events to keep. 0.0: never; 1.0: always, whatever a trace or the load says.

    Raises:
        ConfigError: ``rate`` is no number from 0 to 1, or not named.
    """
    if enabled is False and rate is None:
        return option_off(Sampling)
    if enabled is not None:
        raise _misused(enabled)
    if not is_rate(rate):
        raise ConfigError("the rate of @sample must be a number from 0 to 1", where="@sample(...)", fix=_FORMS)
    return option(Sampling(float(rate)))


_FORMS = "write @sample(rate=0.1) to keep a tenth, or @sample(False) to take the type out of sampling"


def _misused(given: Any) -> ConfigError:
    """Return what is wrong with an argument that is not ``False``."""
    if isinstance(given, type):
        where = f"class {given.__module__}.{given.__qualname__}"
        return ConfigError("@sample without a rate", where=where, fix=_FORMS)
    if is_rate(given):
        return ConfigError(
            "the rate of @sample has to be named", where=f"@sample({given})", fix=f"write @sample(rate={given})"
        )
    return ConfigError("@sample takes a rate by name, or False", where="@sample(...)", fix=_FORMS)


def sample_when(
    field: str,
    *,
    over: Limit | None = None,
    at_least: Limit | None = None,
    under: Limit | None = None,
    at_most: Limit | None = None,
    equals: Any = None,
    one_of: tuple[Any, ...] = (),
    rate: float = 1.0,
) -> Callable[[T], T]:
    """Return a decorator that rates events by the value of a field.

        @sample_when("amount", over=1000)
        @sample_when("plan", one_of=("gold", "platinum"), rate=0.5)
        @sample(rate=0.01)
        class OrderPaid(Event): ...

    All comparisons of one rule must hold; rules are asked from the top, and the first that holds decides. Values
    are compared as they are: ``"5"`` is no number, ``True`` is no number. What is absent, ``None``, not a number
    or of another kind holds no rule.

    Args:
        field: Name of a field that security leaves as it is; ``"customer.plan"`` looks into it.
        over: It must be more than this number, date, time or duration.
        at_least: It must be this or more.
        under: It must be less than this.
        at_most: It must be this or less.
        equals: The value that it must be; no ``None``.
        one_of: Values of which it must be one.
        rate: Share of the events to keep when the rule holds.

    Raises:
        ConfigError: Nothing is compared, or something that cannot be.
    """
    where = f"@sample_when({field!r}, ...)"
    limits = {"over": over, "at_least": at_least, "under": under, "at_most": at_most}
    given = {name: limit for name, limit in limits.items() if limit is not None}
    wrong = [name for name, limit in given.items() if not is_limit(limit)]
    if wrong:
        raise ConfigError(
            f"{wrong[0]} must be a number, a date, a time or a duration",
            where=where,
            fix="compare texts and truth values with equals= or one_of=",
        )
    if not is_rate(rate):
        raise ConfigError("rate must be a number from 0 to 1", where=where, fix="write rate=1.0 to keep all of them")
    if not isinstance(one_of, tuple):
        raise ConfigError("one_of must be a tuple", where=where, fix='write one_of=("gold", "platinum")')
    options = one_of if equals is None else (*one_of, equals)
    if not given and not options:
        raise ConfigError("a value rule compares nothing", where=where, fix="add over=, under=, equals=, ...")
    return option(Sampling(rules=(Rule(field, tuple(given.items()), options, float(rate)),)))
