"""Limits as an application meets them: which ones hold for an event, and what becomes of what is above them."""

from __future__ import annotations

import logging
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from annotated_types import MinLen

import e11y
from e11y import ConfigError, Event, Filter, Outcome, Schema, hookimpl
from e11y_ratelimit import rate_limit

from .conftest import Bench, MakeBench

LIMITED = Outcome.RATE_LIMITED
PASSED = Outcome.ACCEPTED


class CartViewed(Event):
    user_id: str | None = None
    ip: str = "192.0.2.1"


class CartEmptied(Event):
    user_id: str | None = None


class CartStockCounted(Event):
    pass


class CartCheckoutFailed(Event):
    number: int = 0


class CartRefunded(Event, dead_letter=True):
    pass


@rate_limit(2, per="10s")
class CartShared(Event):
    user_id: str = "u-1"


@rate_limit(4, per="10s")
class CartSharedAgain(CartShared):
    pass


class CartSharedThrice(CartShared):
    pass


@rate_limit(False)
class CartSharedFreely(CartShared):
    pass


@rate_limit(3, per="10s")
@rate_limit(2, per="10s", key="user_id")
class CartSearched(Event):
    user_id: str


@rate_limit(1, per="10s", key="user_id")
class CartSearchedDeeply(CartSearched):
    pass


class CartMovedV2(Event):
    pass


class CartSealed(Event, audit=True):
    pass


def outcomes(event: type[Event], times: int, **fields: Any) -> list[Outcome]:
    track: Any = event.track
    return [track(**fields) for _ in range(times)]


def passed(event: type[Event], times: int, **fields: Any) -> int:
    return outcomes(event, times, **fields).count(PASSED)


def rule(match: str, limit: int, **more: Any) -> dict[str, Any]:
    return {"match": match, "limit": limit, "per": "10s", **more}


def by(key: str, limit: int, **more: Any) -> dict[str, Any]:
    return {"by": key, "limit": limit, "per": "10s", **more}


# Which limits hold


def test_without_settings_only_declared_limits_hold(make_bench: MakeBench) -> None:
    bench = make_bench()
    assert passed(CartViewed, 2_000) == 2_000
    assert outcomes(CartShared, 3) == [PASSED, PASSED, LIMITED]
    assert len(bench.records) == 2_002
    assert bench.dropped == {"rate_limited_event": 1}


def test_the_sixth_of_five_is_limited_until_time_has_passed(make_bench: MakeBench) -> None:
    bench = make_bench(events=[{"match": "cart.viewed", "limit": 5}])
    assert outcomes(CartViewed, 6) == [PASSED] * 5 + [LIMITED]
    assert passed(CartEmptied, 6) == 6
    bench.clock.advance(1.1)
    assert passed(CartViewed, 6) == 5
    assert bench.dropped == {"rate_limited_event": 2}


def test_a_hundred_a_minute_gains_one_or_two_in_a_second(make_bench: MakeBench) -> None:
    bench = make_bench(events=[{"match": "cart.viewed", "limit": 100, "per": "60s"}])
    assert passed(CartViewed, 500) == 100
    bench.clock.advance(1)
    assert passed(CartViewed, 500) == 1


def test_the_global_limit_counts_all_types_together(make_bench: MakeBench) -> None:
    bench = make_bench(limit=5, per="10s")
    assert passed(CartViewed, 3) == 3
    assert passed(CartEmptied, 3) == 2
    assert bench.dropped == {"rate_limited_global": 1}


def test_each_type_that_a_rule_matches_has_its_own_bucket(make_bench: MakeBench) -> None:
    make_bench(events=[rule("cart.*", 2)])
    assert (passed(CartViewed, 3), passed(CartEmptied, 3)) == (2, 2)


def test_a_shared_rule_is_one_bucket(make_bench: MakeBench) -> None:
    make_bench(events=[rule("cart.*", 3, shared=True)])
    assert (passed(CartViewed, 2), passed(CartEmptied, 2)) == (2, 1)


def test_the_most_specific_rule_counts_and_of_equals_the_first(make_bench: MakeBench) -> None:
    make_bench(
        events=[
            rule("*", 1),
            rule("cart.*", 2),
            rule("cart.viewed", 4),
            rule("cart.viewe*d", 5),
            rule("*.emptied", 6),
            rule("cart.emp*", 7),
            rule("c*.emptied", 8),
            rule("*c.emptied", 9),
        ]
    )
    assert (passed(CartViewed, 20), passed(CartEmptied, 20), passed(CartRefunded, 20)) == (4, 8, 2)


def test_only_the_star_is_special(make_bench: MakeBench) -> None:
    make_bench(events=[rule("cart.viewe.", 1), rule("cart|viewed", 1), rule("cart", 1), rule("viewed", 1)])
    assert passed(CartViewed, 3) == 3


@pytest.mark.parametrize("pattern", ["cart.moved", "cart.moved.v2", "cart.mov*", "*.v2"])
def test_a_rule_names_an_event_with_or_without_its_version(make_bench: MakeBench, pattern: str) -> None:
    make_bench(events=[rule(pattern, 1)])
    assert passed(CartMovedV2, 3) == 1


def test_a_declared_limit_counts_instead_of_a_rule(make_bench: MakeBench) -> None:
    make_bench(events=[rule("cart.shared", 9)])
    assert passed(CartShared, 20) == 2


def test_limits_are_inherited_and_the_child_wins(make_bench: MakeBench) -> None:
    make_bench()
    assert (passed(CartSharedAgain, 9), passed(CartSharedThrice, 9), passed(CartShared, 9)) == (4, 2, 2)


def test_a_type_that_opts_out_is_not_limited_at_all(make_bench: MakeBench) -> None:
    bench = make_bench(limit=1, events=[rule("*", 1)], keys=[by("user_id", 1)])
    assert passed(CartSharedFreely, 50) == 50
    assert passed(CartViewed, 5) == 1
    assert "_step" not in bench.runtime.compiler.source(CartSharedFreely)


# Per key


def test_each_value_of_a_field_has_the_limit_for_itself(make_bench: MakeBench) -> None:
    bench = make_bench(keys=[by("user_id", 2)])
    assert passed(CartViewed, 3, user_id="u-1") == 2
    assert passed(CartViewed, 3, user_id="u-2") == 2
    assert passed(CartViewed, 5, user_id=None) == 5
    assert bench.dropped == {"rate_limited_key": 2}


def test_all_types_count_together_for_a_key(make_bench: MakeBench) -> None:
    make_bench(keys=[by("user_id", 3)])
    assert (passed(CartViewed, 2, user_id="u-1"), passed(CartEmptied, 2, user_id="u-1")) == (2, 1)


def test_the_same_value_of_two_keys_is_two_buckets(make_bench: MakeBench) -> None:
    make_bench(keys=[by("user_id", 2), by("ip", 2)])
    assert passed(CartViewed, 2, user_id="5", ip="6") == 2
    assert passed(CartViewed, 2, user_id="6", ip="5") == 2
    assert passed(CartViewed, 1, user_id="5", ip="7") == 0


def test_a_key_is_looked_for_in_the_context_where_the_type_has_no_such_field(make_bench: MakeBench) -> None:
    make_bench(keys=[by("tenant", 2)])
    with e11y.context(tenant="a"):
        assert passed(CartViewed, 3) == 2
    with e11y.context(tenant="b"):
        assert passed(CartViewed, 3) == 2
    assert passed(CartViewed, 3) == 3


def test_a_key_rule_may_be_for_some_events_only(make_bench: MakeBench) -> None:
    make_bench(keys=[by("user_id", 1, match="*.emptied")])
    assert (passed(CartViewed, 3, user_id="u"), passed(CartEmptied, 3, user_id="u")) == (3, 1)


def test_declared_limits_by_key_stand_beside_the_one_without(make_bench: MakeBench) -> None:
    make_bench()
    assert passed(CartSearched, 3, user_id="u-1") == 2
    assert passed(CartSearched, 3, user_id="u-2") == 1
    assert passed(CartSearchedDeeply, 3, user_id="u-1") == 1
    assert passed(CartSearchedDeeply, 3, user_id="u-2") == 1
    assert passed(CartSearchedDeeply, 3, user_id="u-3") == 1
    assert passed(CartSearchedDeeply, 3, user_id="u-4") == 0


def test_keys_are_forgotten_when_there_are_too_many(make_bench: MakeBench) -> None:
    bench = make_bench(keys=[by("user_id", 1, max_keys=10)])
    for number in range(1_000):
        assert passed(CartViewed, 2, user_id=f"u-{number}") == 1
    assert passed(CartViewed, 1, user_id="u-999") == 0
    assert passed(CartViewed, 1, user_id="u-0") == 1
    bench.clock.advance(1)
    assert bench.records
    counts = bench.runtime.ledger.snapshot().plugins
    assert 985 <= counts["ratelimit.keys_forgotten"] <= 995


def test_idle_keys_are_forgotten_without_being_missed(make_bench: MakeBench) -> None:
    bench = make_bench(keys=[by("user_id", 1)])
    for _ in range(4):
        assert passed(CartViewed, 2, user_id="u-1") == 1
        bench.clock.advance(10)
        assert bench.records
    assert "ratelimit.keys_forgotten" not in bench.runtime.ledger.snapshot().plugins


class Masking:
    """Changes ``ip`` in zone 2."""

    name = "masking"

    def __init__(self, change: Any) -> None:
        self.change = change

    @hookimpl
    def e11y_filter(self, schema: Schema) -> Filter | None:
        return Filter({"ip": self.change}) if "ip" in schema.fields else None


def test_a_hashed_value_is_a_key_and_a_masked_one_is_none(
    make_bench: MakeBench, caplog: pytest.LogCaptureFixture
) -> None:
    trusted = {"trusted": ["masking"]}
    make_bench(top=trusted, plugins=(Masking(lambda ip: f"hashed_{hash(ip)}"),), keys=[by("ip", 1)])
    assert (passed(CartViewed, 3, ip="192.0.2.1"), passed(CartViewed, 3, ip="192.0.2.2")) == (1, 1)
    bench = make_bench(top=trusted, plugins=(Masking(lambda _: "[FILTERED]"),), keys=[by("ip", 1)])
    assert passed(CartViewed, 3) == 3
    bench.clock.advance(1)
    assert bench.records
    assert bench.runtime.ledger.snapshot().plugins == {"ratelimit.keys_masked": 3}
    (first, second) = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert (
        first.getMessage()
        == second.getMessage()
        == (
            "ratelimit: cart.viewed is limited by 'ip', which a filter may change; a hash is as good a key as the value, "
            "but events whose value is masked are not limited by it"
        )
    )


def test_a_key_must_be_of_a_type_that_can_be_counted_by(make_bench: MakeBench) -> None:
    make_bench(keys=[by("tags", 1)])

    class CartTagged(Event):
        tags: list[str]

    class CartTaggedWell(Event):
        tags: Literal["a"] | int | UUID | None

    class CartTaggedApart(Event):
        tags: Annotated[str, MinLen(1)] | None = None

    with pytest.raises(ConfigError) as caught:
        CartTagged.track(tags=[])
    assert str(caught.value) == (
        "rate limit by 'tags': the values of this field of CartTagged cannot be counted by\n"
        f"  where: class {__name__}.test_a_key_must_be_of_a_type_that_can_be_counted_by.<locals>.CartTagged\n"
        "  fix:   limit by a field that holds text, a number, a UUID, a date or an enum"
    )
    assert [passed(CartTaggedWell, 2, tags=value) for value in ("a", 5, UUID(int=1), None)] == [1, 1, 1, 2]
    assert [passed(CartTaggedApart, 2, tags=value) for value in ("b", "c")] == [1, 1]


# The narrowest first


def test_what_a_broad_limit_refuses_uses_up_nothing_narrower(make_bench: MakeBench) -> None:
    bench = make_bench(limit=10, per="10s", events=[rule("cart.*", 6)], keys=[by("user_id", 4)])
    assert passed(CartEmptied, 5) == 5
    assert passed(CartViewed, 9, user_id="u-1") == 4
    assert passed(CartViewed, 9, user_id="u-2") == 1
    assert bench.dropped == {"rate_limited_key": 5, "rate_limited_global": 8}
    bench.clock.advance(1)
    assert passed(CartViewed, 1, user_id="u-2") == 1
    assert bench.dropped == {"rate_limited_key": 5, "rate_limited_global": 8}


def test_what_a_narrow_limit_refuses_uses_up_nothing_broader(make_bench: MakeBench) -> None:
    make_bench(limit=10, per="10s", keys=[by("user_id", 1)])
    assert passed(CartViewed, 500, user_id="u-1") == 1
    assert passed(CartViewed, 20) == 9


@pytest.mark.parametrize("algorithm", ["token_bucket", "sliding_window"])
def test_refunds_are_exact_in_both_algorithms(make_bench: MakeBench, algorithm: str) -> None:
    bench = make_bench(limit=1, per="1s", algorithm=algorithm, events=[rule("cart.viewed", 5)])
    for _ in range(5):
        assert passed(CartViewed, 50) == 1
        bench.clock.advance(1.03)
    assert passed(CartViewed, 50) == (1 if algorithm == "token_bucket" else 0)
    reason = "rate_limited_global" if algorithm == "token_bucket" else "rate_limited_event"
    before = bench.dropped[reason]
    assert passed(CartViewed, 1) == 0
    assert bench.dropped[reason] == before + 1


# What becomes of the surplus


def test_the_surplus_of_errors_and_of_important_types_becomes_dead_letters(make_bench: MakeBench) -> None:
    bench = make_bench(events=[rule("cart.*", 1)])
    assert [passed(event, 3) for event in (CartViewed, CartCheckoutFailed, CartRefunded)] == [1, 1, 1]
    assert len(bench.records) == 3
    reason = "rate_limited_event"
    assert sorted(bench.letters) == [("cart.checkout.failed", reason)] * 2 + [("cart.refunded", reason)] * 2
    assert bench.dropped == {reason: 6}
    assert bench.runtime.ledger.check().letters_kept == 4


@pytest.mark.parametrize(("severity", "letters"), [("warn", 0), ("error", 2), ("fatal", 2)])
def test_the_severity_of_the_call_decides(make_bench: MakeBench, severity: Any, letters: int) -> None:
    bench = make_bench(limit=1)
    outcomes = [CartViewed.at(severity=severity).track() for _ in range(3)]
    assert outcomes == [PASSED, LIMITED, LIMITED]
    assert len(bench.records) == 1
    assert len(bench.letters) == letters


def test_any_surplus_may_be_kept_as_dead_letters(make_bench: MakeBench) -> None:
    bench = make_bench(events=[rule("cart.viewed", 1, on_excess="dead_letter")])
    assert passed(CartViewed, 3) == 1
    assert len(bench.records) == 1
    assert bench.letters == [("cart.viewed", "rate_limited_event")] * 2


def test_a_share_of_the_surplus_may_be_kept_and_stands_for_the_rest(make_bench: MakeBench) -> None:
    bench = make_bench(events=[rule("cart.viewed", 1_000, on_excess="sample", keep=0.1)])
    assert passed(CartViewed, 10_000) == pytest.approx(1_900, abs=100)
    rates = [record.metadata["sample_rate"] for record in bench.records]
    assert rates.count(1.0) == 1_000
    assert sum(1 / rate for rate in rates) == pytest.approx(10_000, abs=1_000)
    assert bench.dropped == {"rate_limited_event": 10_000 - len(rates)}


def test_what_is_kept_above_a_narrow_limit_still_counts_for_a_broad_one(make_bench: MakeBench) -> None:
    make_bench(limit=3, per="10s", events=[rule("cart.viewed", 1, on_excess="sample", keep=1.0)])
    assert passed(CartViewed, 50) == 3


# Audit, scopes, explain


def test_audit_types_are_never_limited(make_bench: MakeBench) -> None:
    bench = make_bench(limit=1, events=[rule("*", 1)])
    assert passed(CartSealed, 100) == 100
    assert len(bench.records) == 100


def test_a_limit_on_an_audit_type_is_refused(make_bench: MakeBench) -> None:
    make_bench()

    @rate_limit(10)
    class CartSealedTwice(Event, audit=True):
        pass

    with pytest.raises(ConfigError) as caught:
        CartSealedTwice.track()
    assert str(caught.value) == (
        "option RateLimit of CartSealedTwice may cost events, and audit events must never be lost\n"
        f"  where: class {__name__}.test_a_limit_on_an_audit_type_is_refused.<locals>.CartSealedTwice\n"
        "  fix:   remove the option, or switch it off on this class if a base class brings it: "
        "its decorator takes False"
    )


def test_the_debug_trail_of_a_scope_is_not_limited(make_bench: MakeBench) -> None:
    bench = make_bench(limit=3)
    step = CartViewed.at(severity="debug")
    with e11y.scope("checkout"):
        for _ in range(10):
            assert step.track() is Outcome.BUFFERED
        CartCheckoutFailed.track()
    assert [record.severity for record in bench.records] == ["debug"] * 10 + ["error"]


def test_explain_shows_the_step(make_bench: MakeBench) -> None:
    from e11y.pipeline.explain import describe

    bench: Bench = make_bench(keys=[by("user_id", 5)])
    compiler = bench.runtime.compiler
    plan = compiler.plan(CartEmptied)
    (routing,) = [zone for zone in describe(plan, compiler.shape(plan, ()))["zones"] if zone["zone"] == "routing"]
    assert routing["steps"] == [
        {
            "plugin": "ratelimit",
            "hook": "e11y_sample",
            "does": "keeps or drops by META.severity, user_id: 5 per 10s by user_id over all",
        }
    ]
