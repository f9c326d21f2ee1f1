"""What filters may touch and what must not get past them: further keywords, originals, copies of records."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import attrs
import pytest

import e11y
from e11y import (
    PAYLOAD,
    Annotate,
    Capabilities,
    ConfigError,
    Enrich,
    Event,
    Filter,
    Observe,
    OpenEvent,
    Option,
    Outcome,
    PluginError,
    Record,
    Schema,
    hookimpl,
)
from e11y.adapters import MemoryAdapter
from e11y.pipeline.explain import describe

from .conftest import Bench, MakeBench

SECRET = "alice@example.com"


class Noted(OpenEvent):
    title: str = ""


class Closed(Event):
    title: str = ""


class StepNoted(OpenEvent, severity="debug"):
    title: str = ""


class Guard:
    """A security plugin made of one function per hook."""

    name = "guard"

    def __init__(self, answer: Callable[[Schema], Any], **others: Callable[[Schema], Any]) -> None:
        self.answer = answer
        self.others = others

    @hookimpl
    def e11y_filter(self, schema: Schema) -> Any:
        return self.answer(schema)

    @hookimpl
    def e11y_observe(self, schema: Schema) -> Any:
        return self.others["observe"](schema) if "observe" in self.others else None

    @hookimpl
    def e11y_annotate(self, schema: Schema) -> Any:
        return self.others["annotate"](schema) if "annotate" in self.others else None


MakeGuarded = Callable[..., Bench]


@pytest.fixture
def guarded(make_bench: MakeBench) -> MakeGuarded:
    def make(answer: Callable[[Schema], Any], others: dict[str, Any] | None = None, **arguments: Any) -> Bench:
        settings = {"trusted": ["guard"], **arguments.pop("settings", {})}
        return make_bench(settings, plugins=[Guard(answer, **(others or {}))], **arguments)

    return make


def upper(further: dict[str, Any]) -> dict[str, Any]:
    return {name: str(value).upper() for name, value in further.items() if name != "secret"}


def test_a_filter_changes_the_further_keywords_of_an_open_type(guarded: MakeGuarded) -> None:
    seen: list[Any] = []
    bench = guarded(
        lambda schema: Filter(open=upper), {"observe": lambda schema: Observe(seen.append, needs=(PAYLOAD,))}
    )
    Noted.track(title="a", note="b", secret=SECRET)
    assert bench.payload == {"title": "a", "note": "B"}
    assert [dict(one) for one in seen] == [{"title": "a", "note": "B"}]


def test_a_failing_filter_of_further_keywords_withholds_the_record(guarded: MakeGuarded) -> None:
    bench = guarded(lambda schema: Filter(open=lambda further: 1 / 0))  # type: ignore[arg-type,return-value]
    assert Noted.track(note=SECRET) is Outcome.FILTER_FAILED
    assert bench.records == ()


def test_buffered_further_keywords_are_filtered(guarded: MakeGuarded) -> None:
    bench = guarded(lambda schema: Filter(open=upper), {"annotate": lambda schema: Annotate(fn=lambda title: {"t": 1})})
    with e11y.scope("work") as scope:
        StepNoted.track(note="b", secret=SECRET)
        scope.fail()
    assert bench.payload == {"title": "", "note": "B"}


def test_deferred_further_keywords_cannot_be_read(guarded: MakeGuarded) -> None:
    bench = guarded(
        lambda schema: Filter(deferred=lambda payload: payload, defers_open=True),
        {"observe": lambda schema: Observe(lambda payload: None, needs=(PAYLOAD,))},
    )
    with pytest.raises(PluginError) as caught:
        bench.runtime.compile(Noted)
    assert str(caught.value) == (
        "plugin 'guard' reads 'further keywords' at the call, but 'guard' filters it later, on the preparer\n"
        "  where: e11y_observe(schema=Noted)\n"
        "  fix:   filter that field at the call, narrow its type, allow it explicitly, or do not read it"
    )


@pytest.mark.parametrize("step", [Filter(open=upper), Filter(deferred=upper, defers_open=True)])
def test_a_closed_type_has_no_further_keywords(guarded: MakeGuarded, step: Filter) -> None:
    bench = guarded(lambda schema: step)
    with pytest.raises(PluginError) as caught:
        bench.runtime.compile(Closed)
    assert str(caught.value) == (
        "plugin 'guard' filters further keywords, which the event does not take\n"
        "  where: e11y_filter(schema=Closed)\n"
        "  fix:   see schema.open"
    )


def test_explain_names_the_further_keywords(guarded: MakeGuarded) -> None:
    step = Filter({"title": str.upper}, open=upper, deferred=upper, defers=("title",), defers_open=True)
    compiler = guarded(lambda schema: step).runtime.compiler
    plan = compiler.plan(Noted)
    facts = describe(plan, compiler.shape(plan, ()))
    does = [step["does"] for zone in facts["zones"] for step in zone["steps"]]
    assert does == ["filters title, further keywords at the call; filters title, further keywords on the preparer"]


def test_debug_checks_watch_the_filter_of_further_keywords(guarded: MakeGuarded) -> None:
    def meddle(further: dict[str, Any]) -> dict[str, Any]:
        further["x"] = 1
        return further

    guarded(lambda schema: Filter(open=meddle), settings={"debug_checks": True})
    assert Noted.track(note=SECRET) is Outcome.FILTER_FAILED


@pytest.fixture
def two_views(guarded: MakeGuarded) -> tuple[Bench, MemoryAdapter, MemoryAdapter]:
    """A bench with an adapter that sees originals beside one that does not."""
    logs, vault = MemoryAdapter(), MemoryAdapter()
    vault.capabilities = Capabilities(audit=True, originals=True, wants_trail=True)
    bench = guarded(
        lambda schema: Filter(
            {"title": lambda value: "***"},
            open=upper if schema.open else None,
            deferred=lambda payload: {
                name: str(value).replace(SECRET.upper(), "***") for name, value in payload.items()
            },
            defers_open=schema.open,
        ),
        adapters={"logs": logs, "vault": vault},
        settings={"routes": {"default": ["logs", "vault"]}},
    )
    return bench, logs, vault


def test_original_further_keywords_reach_only_their_adapter(
    two_views: tuple[Bench, MemoryAdapter, MemoryAdapter],
) -> None:
    bench, logs, vault = two_views
    Noted.track(title=SECRET, note=SECRET, secret=SECRET)
    bench.runtime.flush(30)
    assert logs.records[0].payload == {"title": "***", "note": "***"}
    assert vault.records[0].payload == {"title": SECRET, "note": SECRET, "secret": SECRET}
    assert SECRET.encode() not in logs.records[0].encoded().lower()
    assert vault.records[0].encoded().count(SECRET.encode()) == 3


def test_a_flushed_trail_is_original_where_its_record_is(
    two_views: tuple[Bench, MemoryAdapter, MemoryAdapter],
) -> None:
    bench, logs, vault = two_views
    with e11y.scope("work"):
        StepNoted.track(title=SECRET, note=SECRET)
        Noted.at(severity="error").track(title="failed")
    bench.runtime.flush(30)
    (earlier,) = vault.records[-1].trail
    assert earlier.payload == {"title": SECRET, "note": SECRET}
    assert [record.payload["title"] for record in logs.records] == ["***", "***"]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_copy_of_a_record_holds_what_can_be_seen_and_no_original(
    two_views: tuple[Bench, MemoryAdapter, MemoryAdapter], copied: Callable[[Record], Record]
) -> None:
    bench, logs, _ = two_views
    with e11y.context(user_id="42"):
        Noted.track(title=SECRET, note=SECRET, secret=SECRET)
    bench.runtime.flush(30)
    (record,) = logs.records
    twin = copied(record)
    assert twin.encoded() == record.encoded()
    assert (twin.name, twin.severity, twin.event_type) == (record.name, record.severity, record.event_type)
    assert SECRET.encode() not in pickle.dumps(twin)
    assert SECRET.encode() not in pickle.dumps(record)


class Veiled(Option):
    plugin: ClassVar[str] = "veil"


@attrs.frozen
class Address:
    street: Annotated[str, Veiled]
    next: Address | None = None


class Delivered(Event):
    addresses: list[Address]


def test_a_schema_knows_the_structures_inside_its_types(bench: Bench) -> None:
    schema = guarded_schema(bench)
    assert list(schema.structures) == [Address]
    assert schema.structures[Address]["street"].marker(Veiled) is not None
    assert schema.structures[Address]["next"].type == Address | None


def guarded_schema(bench: Bench) -> Schema:
    from e11y.pipeline.plan import read_schema

    return read_schema(Delivered, 0.0)


def test_an_option_inside_a_structure_needs_its_plugin(bench: Bench) -> None:
    with pytest.raises(ConfigError) as caught:
        bench.runtime.compile(Delivered)
    assert str(caught.value) == (
        "option Veiled on field 'street' of Delivered needs plugin 'veil', which is not active\n"
        f"  where: class {__name__}.Delivered\n"
        '  fix:   add "veil" to [tool.e11y] plugins, or remove the option'
    )


def test_a_schema_says_whether_values_are_checked(bench: Bench) -> None:
    class Unchecked(Event, validation="never"):
        number: int

    class Half(Event, validation=e11y.sampled(0.5)):
        number: int

    plans = [bench.runtime.compiler.plan(kind) for kind in (Closed, Unchecked, Half)]
    assert [plan.schema.checked for plan in plans] == [True, False, False]


def test_a_body_that_fails_leaves_only_values_of_the_declared_types(bench: Bench) -> None:
    class Counted(Event):
        number: int
        names: list[str]

    with pytest.raises(ZeroDivisionError), Counted.timed(number=1, names=["a"]) as op:
        op.set(number=SECRET, names=[SECRET, 1])
        raise ZeroDivisionError
    assert bench.payload == {
        "number": "<str that must be an int, not a str>",
        "names": "<list that must be a str, not an int>",
    }


def test_context_is_filtered_before_it_is_cut(make_bench: MakeBench) -> None:
    class Strict:
        name = "strict"

        @hookimpl
        def e11y_filter_context(self, host: Any) -> Any:
            return lambda values: {key: value.replace(SECRET, "***") for key, value in values.items()}

    bench = make_bench({"trusted": ["strict"]}, plugins=[Strict()])
    with e11y.context(note="x" * 1020 + SECRET, longer="y" * 2000):
        Closed.track()
    assert bench.records[0].context == {"note": "x" * 1020 + "***", "longer": "y" * 1024}


class Enriched(Event):
    order_id: str


def test_a_field_that_an_enricher_could_not_add_is_shown_to_no_filter(make_bench: MakeBench) -> None:
    seen: list[object] = []

    class Region:
        name = "region"

        @hookimpl
        def e11y_enrich(self, schema: Schema) -> Enrich:
            return Enrich(lambda order_id: 1 / 0, needs=("order_id",), adds={"region": str})

        @hookimpl
        def e11y_filter(self, schema: Schema) -> Filter:
            return Filter({"region": seen.append})

    bench = make_bench({"trusted": ["region"]}, plugins=[Region()])
    Enriched.track(order_id="1")
    assert bench.payload == {"order_id": "1"}
    assert seen == []
