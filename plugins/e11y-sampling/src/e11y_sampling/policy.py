"""Which rate concerns an event, and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import attrs

from e11y import OFF, ConfigError, Schema, Severity
from e11y.errors import nearest
from e11y.options import own_options
from e11y_sampling.options import Sampling
from e11y_sampling.rules import Rule, Test
from e11y_sampling.settings import PRESET_RATES, SamplingSettings

TABLE = "[tool.e11y.sampling]"


@attrs.frozen
class Rate:
    """A rate and where it comes from.

    Args:
        share: Of the events to keep.
        source: For people, for example ``@sample on OrderPaid``.
        critical: Whether the decision of a trace's caller does not concern it.
        firm: Whether the load does not lower it.
    """

    share: float
    source: str
    critical: bool = False
    firm: bool = False

    @property
    def heeds_parent(self) -> bool:
        """Whether the decision of a trace's caller concerns it: what is always kept, or is critical, it does not."""
        return not self.critical and self.share < 1.0


@attrs.frozen(eq=False)
class Ruled:
    """A value rule with its rate."""

    rule: Rule
    rate: Rate
    test: Test


@attrs.frozen(eq=False)
class Policy:
    """All rates of one event type.

    Args:
        schema: Of the event type.
        rules: In the order in which they are asked.
        rates: Severity of the call -> rate when no rule holds.
    """

    schema: Schema
    rules: tuple[Ruled, ...]
    rates: Mapping[Severity, Rate]

    @property
    def rate(self) -> Rate:
        """The rate of an ordinary call that holds no rule."""
        return self.rates[self.schema.severity]

    @property
    def all_rates(self) -> tuple[Rate, ...]:
        """Every rate that may concern an event of the type."""
        return (*(ruled.rate for ruled in self.rules), *self.rates.values())

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that rules read, each once."""
        return tuple(dict.fromkeys(ruled.rule.field for ruled in self.rules))

    @property
    def words(self) -> str:
        """The rates as ``e11y explain`` shows them."""
        told = [f"{ruled.rate.share:g} when {ruled.rule.words}" for ruled in self.rules]
        told.append(f"{self.rate.share:g} by {self.rate.source}")
        others: dict[str, list[str]] = {}
        for severity, rate in self.rates.items():
            if rate != self.rate:
                others.setdefault(f"{rate.share:g} by {rate.source}", []).append(severity)
        told.extend(f"{words} for calls at {', '.join(severities)}" for words, severities in others.items())
        return "; ".join(told)

    def choose(self, severity: Severity, value_of: Callable[[str], Any]) -> Rate:
        """Return the rate of an event; ``value_of`` returns the value of a field."""
        for ruled in self.rules:
            if ruled.test(value_of(ruled.rule.field)):
                return ruled.rate
        return self.rates[severity]


def policy_of(schema: Schema, settings: SamplingSettings) -> Policy | None:
    """Return the rates of an event type, ``None`` when it is taken out of sampling.

    Raises:
        ConfigError: A value rule cannot work.
    """
    option: Any = schema.option(Sampling)
    if option is OFF:
        return None
    if schema.audit:
        kept = Rate(1.0, "the rule that audit events are kept", critical=True, firm=True)
        return Policy(schema, (), MappingProxyType(dict.fromkeys(Severity, kept)))
    rules = tuple(_ruled(schema, rule) for rule in (option.rules if option else ()))
    rates = {severity: _rate(schema, severity, option and option.rate, settings) for severity in Severity}
    return Policy(schema, rules, MappingProxyType(rates))


def _rate(schema: Schema, severity: Severity, own: float | None, settings: SamplingSettings) -> Rate:
    """Return the rate of a severity: class, then names, then severities, then the default.

    A call that makes an error of an event that usually is none counts more than the class's rate, as the
    rate was meant for the usual; but never means never.
    """
    critical = severity >= Severity.ERROR
    became_critical = critical and schema.severity < Severity.ERROR
    if own is not None and (own == 0.0 or not became_critical):
        return Rate(own, f"@sample on {_declarer(schema)}", critical=critical, firm=own == 1.0 or critical)
    by_severity: float | None = getattr(settings.severity, severity.value)
    if critical:
        source = "the rule that errors are kept" if by_severity is None else f"{TABLE} severity.{severity.value}"
        return Rate(1.0 if by_severity is None else by_severity, source, critical=True, firm=True)
    if schema.dead_letter:
        return Rate(1.0, "the rule that dead_letter events are kept", critical=True, firm=True)
    pattern = _most_specific(settings.names, schema)
    if pattern is not None:
        share = settings.names[pattern]
        return Rate(share, f"{TABLE} names {pattern!r}", firm=share == 1.0)
    if by_severity is not None:
        return Rate(by_severity, f"{TABLE} severity.{severity.value}")
    if settings.preset is not None:
        return Rate(PRESET_RATES[severity.value], f"{TABLE} preset {settings.preset!r} for {severity.value}")
    return Rate(settings.default_rate, f"{TABLE} default_rate")


def _most_specific(patterns: Mapping[str, float], schema: Schema) -> str | None:
    """Return the pattern that fits with most letters of its own, a name without ``*`` before all.

    Of equal ones it is the first by alphabet. The same language as the limits of e11y-ratelimit.
    """
    names = {schema.name, schema.base_name}
    fitting = [pattern for pattern in patterns if any(_fits(pattern, name) for name in names)]
    return min(fitting, key=lambda pattern: ("*" in pattern, -len(pattern.replace("*", "")), pattern), default=None)


def _fits(pattern: str, name: str) -> bool:
    """Return whether ``pattern`` fits all of ``name``; ``*`` stands for any characters, the rest for itself."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL) is not None


def _declarer(schema: Schema) -> str:
    """Return the name of the class whose ``@sample`` sets the rate."""
    for event_type in schema.event_type.__mro__:
        option = own_options(event_type).get(Sampling)
        if isinstance(option, Sampling) and option.rate is not None:
            return event_type.__name__
    return schema.event_type.__name__


def _ruled(schema: Schema, rule: Rule) -> Ruled:
    field = schema.fields.get(rule.field)
    where = f"class {schema.qualified_name}"
    said = f"@sample_when({rule.path!r}, ...)"
    if field is None:
        raise ConfigError(
            f"{said} reads field {rule.field!r}, which {schema.event_type.__name__} does not have"
            f"{nearest(rule.field, schema.fields)}",
            where=where,
            fix="name one of the declared fields",
        )
    if field.filtered:
        raise ConfigError(
            f"{said} reads field {rule.field!r}, which a filter of the security zone changes before it is read",
            where=where,
            fix=f"allow {rule.field!r} there, compare another field, or give the rule a field of its own",
        )
    if not rule.can_hold(field.type):
        raise ConfigError(
            f"{said} can never hold: no value of that field compares with what the rule names",
            where=where,
            fix="compare with a value of the field's own type",
        )
    return Ruled(rule, Rate(rule.rate, f"@sample_when: {rule.words}", critical=True, firm=True), rule.test())
