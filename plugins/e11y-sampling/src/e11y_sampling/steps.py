"""The step of one event type, as small as its rates allow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from e11y import META, Drop, Sample, Severity
from e11y_sampling.dials import Dial
from e11y_sampling.odds import MASK, SAMPLED, SPREAD
from e11y_sampling.policy import Policy, Rate

Answer = float | Drop
Rules = tuple[tuple[Callable[[Any], bool], int, Dial], ...]
"""Test, position of the field among those that are read, and the dial of the rule's rate."""


def make_step(
    policy: Policy, dial_of: Callable[[Rate], Dial], random: Callable[[], float], *, by_trace: bool
) -> Sample | None:
    """Return the step of an event type, ``None`` when every event is kept.

    Args:
        policy: Its rates.
        dial_of: Returns the dial of a rate.
        random: Returns a random number from 0 to below 1.
        by_trace: Whether the trace id decides where there is one.
    """
    shares = {rate.share for rate in policy.all_rates}
    if all(dial_of(rate).fixed for rate in policy.all_rates):
        if shares == {1.0}:
            return None
        if shares == {0.0}:
            return Sample(_never, needs=(), doc=policy.words)
    dials = {severity: dial_of(rate) for severity, rate in policy.rates.items()}
    rules = tuple((one.test, policy.fields.index(one.rule.field), dial_of(one.rate)) for one in policy.rules)
    make = _TRACED[min(len(rules), 2)] if by_trace else _RANDOM[min(len(rules), 2)]
    needs = (META.severity, *((META.context_trace_id, META.sampled) if by_trace else ()), *policy.fields)
    return Sample(make(policy.schema.severity, dials, rules, random), needs=needs, doc=policy.words)


# One closure for each case: what a type does not need costs it nothing.


def _never() -> Answer:
    return SAMPLED


def _random(
    usual: Severity, dials: Mapping[Severity, Dial], rules: Rules, random: Callable[[], float]
) -> Callable[..., Answer]:
    del rules
    dial = dials[usual]

    def decide(severity: Severity) -> Answer:
        odds = (dial if severity is usual else dials[severity]).odds
        return odds.weight if random() < odds.share else SAMPLED

    return decide


def _random_by_rule(
    usual: Severity, dials: Mapping[Severity, Dial], rules: Rules, random: Callable[[], float]
) -> Callable[..., Answer]:
    dial = dials[usual]
    ((test, _, ruled),) = rules

    def decide(severity: Severity, value: Any) -> Answer:
        odds = (ruled if test(value) else dial if severity is usual else dials[severity]).odds
        return odds.weight if random() < odds.share else SAMPLED

    return decide


def _random_by_rules(
    usual: Severity, dials: Mapping[Severity, Dial], rules: Rules, random: Callable[[], float]
) -> Callable[..., Answer]:
    dial = dials[usual]

    def decide(severity: Severity, *values: Any) -> Answer:
        for test, position, ruled in rules:
            if test(values[position]):
                odds = ruled.odds
                break
        else:
            odds = dial.odds if severity is usual else dials[severity].odds
        return odds.weight if random() < odds.share else SAMPLED

    return decide


def _traced(
    usual: Severity, dials: Mapping[Severity, Dial], rules: Rules, random: Callable[[], float]
) -> Callable[..., Answer]:
    del rules
    dial = dials[usual]

    def decide(severity: Severity, trace_id: int, sampled: int) -> Answer:
        odds = dial.odds if severity is usual else dials[severity].odds
        if sampled >= 0:
            odds = odds.yes if sampled else odds.no
        if (trace_id * SPREAD & MASK) < odds.bound if trace_id else random() < odds.share:
            return odds.weight
        return odds.drop

    return decide


def _traced_by_rule(
    usual: Severity, dials: Mapping[Severity, Dial], rules: Rules, random: Callable[[], float]
) -> Callable[..., Answer]:
    dial = dials[usual]
    ((test, _, ruled),) = rules

    def decide(severity: Severity, trace_id: int, sampled: int, value: Any) -> Answer:
        odds = (ruled if test(value) else dial if severity is usual else dials[severity]).odds
        if sampled >= 0:
            odds = odds.yes if sampled else odds.no
        if (trace_id * SPREAD & MASK) < odds.bound if trace_id else random() < odds.share:
            return odds.weight
        return odds.drop

    return decide


def _traced_by_rules(
    usual: Severity, dials: Mapping[Severity, Dial], rules: Rules, random: Callable[[], float]
) -> Callable[..., Answer]:
    dial = dials[usual]

    def decide(severity: Severity, trace_id: int, sampled: int, *values: Any) -> Answer:
        for test, position, ruled in rules:
            if test(values[position]):
                odds = ruled.odds
                break
        else:
            odds = dial.odds if severity is usual else dials[severity].odds
        if sampled >= 0:
            odds = odds.yes if sampled else odds.no
        if (trace_id * SPREAD & MASK) < odds.bound if trace_id else random() < odds.share:
            return odds.weight
        return odds.drop

    return decide


_RANDOM = (_random, _random_by_rule, _random_by_rules)
_TRACED = (_traced, _traced_by_rule, _traced_by_rules)
