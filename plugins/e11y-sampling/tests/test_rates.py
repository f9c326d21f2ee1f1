"""Which rate concerns an event: class, name, severity, default; and what a kept record says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from e11y import AuditEvent, ConfigError, Event, HighValueEvent, Outcome, Runtime
from e11y.adapter import Capabilities
from e11y.adapters import MemoryAdapter
from e11y_sampling import Sampling, sample, sample_when

Run = Callable[..., Any]


class RateInfo(Event):
    n: int


class RateSuccess(Event, severity="success"):
    n: int


class RateWarn(Event, severity="warn"):
    n: int


class RateDebug(Event, severity="debug"):
    n: int


class RateError(Event):
    n: int


class RateFatal(Event, severity="fatal"):
    n: int


@sample(rate=0.25)
class RateQuarter(Event):
    n: int


class RateQuarterChild(RateQuarter):
    pass


@sample(rate=0.5)
class RateHalfChild(RateQuarter):
    pass


@sample(False)
class RateFree(RateQuarter):
    pass


@sample(rate=0.0)
class RateNever(Event):
    n: int


@sample(rate=1)
class RateAlways(Event):
    n: int


@sample(rate=0.25)
class RateQuarterError(Event, severity="error"):
    n: int


class RateValuable(HighValueEvent):
    n: int


class RateVisitedV2(Event):
    n: int


SEVERITY = {"preset": "severity"}


@pytest.mark.parametrize(
    ("event_type", "table", "share"),
    [
        (RateInfo, {}, 1.0),
        (RateInfo, {"default_rate": 0.5}, 0.5),
        (RateInfo, {"default_rate": 0.0}, 0.0),
        (RateInfo, SEVERITY, 0.1),
        (RateSuccess, SEVERITY, 0.1),
        (RateWarn, SEVERITY, 0.5),
        (RateDebug, SEVERITY, 0.01),
        (RateError, SEVERITY, 1.0),
        (RateFatal, SEVERITY, 1.0),
        (RateInfo, {**SEVERITY, "severity": {"info": 0.3}}, 0.3),
        (RateInfo, {**SEVERITY, "severity": {"info": 0.0}}, 0.0),
        (RateInfo, {"severity": {"info": 0.3}, "names": {"rate.*": 0.7}}, 0.7),
        (RateInfo, {"names": {"rate.*": 0.7, "rate.i*": 0.2, "*.info": 0.4, "other": 0.9}}, 0.2),
        (RateInfo, {"names": {"*": 0.0, "rate.info": 1.0}}, 1.0),
        (RateVisitedV2, {"names": {"rate.visited": 0.3}}, 0.3),
        (RateVisitedV2, {"names": {"rate.visited": 0.3, "rate.visited.v2": 0.6}}, 0.6),
        # a fallback and a pattern lower no error
        (RateError, {"default_rate": 0.1, "names": {"rate.*": 0.1}}, 1.0),
        (RateFatal, {"default_rate": 0.0}, 1.0),
        (RateError, {"severity": {"error": 0.5}}, 0.5),
        (RateValuable, {**SEVERITY, "names": {"rate.*": 0.1}}, 1.0),
        # the class wins over every setting
        (RateQuarter, {"default_rate": 0.9, "names": {"rate.*": 0.7}, "severity": {"info": 0.3}}, 0.25),
        (RateQuarterChild, SEVERITY, 0.25),
        (RateHalfChild, SEVERITY, 0.5),
        (RateNever, {"default_rate": 1.0}, 0.0),
        (RateAlways, {"default_rate": 0.1}, 1.0),
        (RateQuarterError, SEVERITY, 0.25),
    ],
)
def test_the_nearest_rate_counts(run: Run, event_type: type[Event], table: dict[str, Any], share: float) -> None:
    bench = run(**table)
    outcomes = [event_type.track(n=n) for n in range(2000)]
    kept = len(bench.records)
    assert abs(kept - 2000 * share) <= 5 * (2000 * share * (1 - share)) ** 0.5
    assert [outcome is Outcome.ACCEPTED for outcome in outcomes].count(True) == kept
    assert set(outcomes) <= {Outcome.ACCEPTED, Outcome.SAMPLED_OUT}
    assert bench.rates == pytest.approx([share] * kept)
    assert bench.dropped == ({"sampled": 2000 - kept} if share < 1 else {})


def test_a_rate_of_one_leaves_no_step(run: Run) -> None:
    adapters = {"logs": MemoryAdapter()}
    bare = Runtime({"environment": "test", "plugins": []}, adapters=adapters, environ={}, event_types=())
    for event_type in (RateInfo, RateError, RateAlways, RateFree, RateValuable):
        assert run().source(event_type) == bare.compiler.source(event_type)
        assert run(default_rate=0.1).source(RateFree) == bare.compiler.source(RateFree)
    bare.shutdown()


def test_a_type_taken_out_says_nothing(run: Run) -> None:
    bench = run(default_rate=0.1)
    RateFree.track(n=1)
    assert "sample_rate" not in bench.records[0].metadata


class RateAdvisory(RateQuarter):
    pass


def test_without_the_plugin_everything_is_kept() -> None:
    memory = MemoryAdapter()
    with Runtime({"environment": "test", "plugins": []}, adapters={"logs": memory}, environ={}, event_types=()) as bare:
        for n in range(50):
            RateAdvisory.track(n=n)
        bare.flush(5)
    assert len(memory.records) == 50


@pytest.mark.parametrize(
    ("event_type", "severity", "share"),
    [
        (RateInfo, "debug", 0.01),
        (RateError, "info", 0.1),
        (RateDebug, "error", 1.0),
        (RateQuarter, "debug", 0.25),
        (RateQuarter, "fatal", 1.0),  # an event that became an error is not what the rate was meant for
        (RateNever, "error", 0.0),
        (RateQuarterError, "fatal", 0.25),
    ],
)
def test_the_severity_of_the_call_counts(run: Run, event_type: type[Event], severity: Any, share: float) -> None:
    bench = run(preset="severity")
    for n in range(2000):
        event_type.at(severity=severity).track(n=n)
    kept = len(bench.records)
    assert abs(kept - 2000 * share) <= 5 * (2000 * share * (1 - share)) ** 0.5
    assert bench.rates == pytest.approx([share] * kept)


@sample(rate=0.0001)
class RateRan(Event):
    n: int


def test_a_timed_block_that_fails_is_kept(run: Run) -> None:
    bench = run()
    for n in range(20):
        with pytest.raises(ZeroDivisionError), RateRan.timed(n=n):
            n / 0
    assert [str(record.severity) for record in bench.records] == ["error"] * 20


class AuditMemory(MemoryAdapter):
    def __init__(self) -> None:
        super().__init__()
        self.capabilities = Capabilities(audit=True)


class RateAudited(AuditEvent, adapters=["audit"]):
    n: int


def test_audit_events_are_kept(run: Run) -> None:
    audit = AuditMemory()
    settings = {"environment": "test", "plugins": ["sampling"], "sampling": {"default_rate": 0.0}}
    with Runtime(settings, adapters={"audit": audit}, environ={}, event_types=()) as runtime:
        for n in range(20):
            RateAudited.track(n=n)
        runtime.flush(5)
    assert [record.metadata["sample_rate"] for record in audit.records] == [1.0] * 20


@pytest.mark.parametrize("plugins", [["sampling"], []])
@pytest.mark.parametrize("decorator", [sample(rate=0.5), sample(rate=1.0), sample_when("n", over=1)])
def test_an_audit_event_has_neither_rate_nor_rule(decorator: Any, plugins: list[str]) -> None:
    @decorator
    class RateAuditedInPart(AuditEvent, adapters=["logs"]):
        n: int

    with pytest.raises(ConfigError) as caught:
        Runtime({"plugins": plugins}, environ={}, event_types=()).compile(RateAuditedInPart)
    assert str(caught.value) == (
        "option Sampling of RateAuditedInPart may cost events, and audit events must never be lost\n"
        f"  where: class {__name__}.{RateAuditedInPart.__qualname__}\n"
        "  fix:   remove the option, or switch it off on this class if a base class brings it: "
        "its decorator takes False"
    )


def test_an_audit_event_switches_off_what_it_inherits() -> None:
    @sample(rate=0.0)
    class RateSampledBase(Event):
        n: int

    @sample(False)
    class RateAuditedChild(RateSampledBase, audit=True, adapters=["audit"]):
        pass

    audit = AuditMemory()
    settings = {"environment": "test", "plugins": ["sampling"]}
    with Runtime(settings, adapters={"audit": audit}, environ={}, event_types=()) as runtime:
        RateAuditedChild.track(n=1)
        runtime.flush(5)
    assert len(audit.records) == 1


def test_chance_is_the_runtimes(run: Run) -> None:
    def kept(seed: int) -> list[int]:
        bench = run(seed=seed)
        for n in range(200):
            RateQuarter.track(n=n)
        return [record.payload["n"] for record in bench.records]

    assert kept(1) == kept(1)
    assert kept(1) != kept(2)


@pytest.mark.parametrize("rate", [-0.1, 1.1, float("nan"), True, "0.5", None])
def test_a_rate_is_a_number_from_0_to_1(rate: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        sample(rate=rate)
    assert str(caught.value) == (
        "the rate of @sample must be a number from 0 to 1\n"
        "  where: @sample(...)\n"
        "  fix:   write @sample(rate=0.1) to keep a tenth, or @sample(False) to take the type out of sampling"
    )


FORMS = "write @sample(rate=0.1) to keep a tenth, or @sample(False) to take the type out of sampling"


class RateUnsaid(Event):
    pass


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            0.5,
            "the rate of @sample has to be named\n  where: @sample(0.5)\n  fix:   write @sample(rate=0.5)",
        ),
        (1, "the rate of @sample has to be named\n  where: @sample(1)\n  fix:   write @sample(rate=1)"),
        (True, f"@sample takes a rate by name, or False\n  where: @sample(...)\n  fix:   {FORMS}"),
        (7, f"@sample takes a rate by name, or False\n  where: @sample(...)\n  fix:   {FORMS}"),
        (RateUnsaid, f"@sample without a rate\n  where: class {__name__}.RateUnsaid\n  fix:   {FORMS}"),
    ],
)
def test_sample_takes_a_named_rate_or_false(given: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        sample(given)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"default_rate": 1.5}, "setting 'default_rate' is refused: default_rate must be a number from 0 to 1"),
        ({"names": {"a": -1.0}}, "setting 'names' is refused: every rate of names must be a number from 0 to 1"),
        (
            {"names": {"[p]*": 0.5}},
            "setting 'names' is refused: the star is the only wildcard: "
            "no event has a question mark or a bracket in its name",
        ),
        (
            {"names": {"page.?": 0.5}},
            "setting 'names' is refused: the star is the only wildcard: "
            "no event has a question mark or a bracket in its name",
        ),
        ({"severity": {"info": 2.0}}, "setting 'severity.info' is refused: info must be a number from 0 to 1"),
        ({"parent_rate": 0.0}, "setting 'parent_rate' is refused: parent_rate must be more than 0"),
        ({"error_spike": {"window": "0s"}}, "setting 'error_spike.window' is refused: window_s must be more than 0"),
        ({"load": {"window": "0s"}}, "setting 'load.window' is refused: window_s must be more than 0"),
        ({"preset": "severty"}, "setting 'preset' must be one of 'severity', did you mean 'severity'?"),
        (
            {"load": {"levels": [{"above": 9.0, "rate": 0.5}, {"above": 5.0, "rate": 0.1}]}},
            "setting 'load.levels' is refused: levels must go up in `above` and down in `rate`",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(run: Run, table: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        run(**table)
    assert str(caught.value).splitlines()[0] == says


def test_rates_and_rules_merge_with_those_of_the_base() -> None:
    @sample_when("n", over=5)
    @sample(rate=0.2)
    class RateMergedBase(Event):
        n: int

    @sample_when("n", under=1)
    class RateMergedChild(RateMergedBase):
        pass

    from e11y import declaration

    merged = declaration.options(RateMergedChild)[Sampling]
    assert (merged.rate, [rule.words for rule in merged.rules]) == (0.2, ["n < 1", "n > 5"])
