"""Steps of plugins: what they are given, what they may change, what happens when they fail."""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import attrs
import pytest

import e11y
from e11y import (
    CONTEXT,
    META,
    MISSING,
    PAYLOAD,
    REMOVE,
    Annotate,
    AuditEvent,
    ConfigError,
    Drop,
    Enrich,
    Event,
    Fault,
    Filter,
    Host,
    Observe,
    Option,
    Outcome,
    PluginError,
    Record,
    Route,
    Sample,
    Schema,
    hookimpl,
    option,
    option_off,
)
from e11y.adapter import Capabilities
from e11y.adapters import MemoryAdapter
from e11y.pipeline.compiler import prove_bound

from .conftest import Bench, MakeBench

STEPS = ("enrich", "filter", "observe", "sample", "annotate", "route")


class Plugin:
    """A plugin made of functions: ``Plugin(observe=lambda schema: Observe(...))``."""

    def __init__(self, name: str = "probe", **answers: Callable[[Schema], Any]) -> None:
        self.name = name
        self.answers = answers

    def _answer(self, hook: str, schema: Schema) -> Any:
        return self.answers[hook](schema) if hook in self.answers else None

    @hookimpl
    def e11y_enrich(self, schema: Schema) -> Any:
        return self._answer("enrich", schema)

    @hookimpl
    def e11y_filter(self, schema: Schema) -> Any:
        return self._answer("filter", schema)

    @hookimpl
    def e11y_observe(self, schema: Schema) -> Any:
        return self._answer("observe", schema)

    @hookimpl
    def e11y_sample(self, schema: Schema) -> Any:
        return self._answer("sample", schema)

    @hookimpl
    def e11y_annotate(self, schema: Schema) -> Any:
        return self._answer("annotate", schema)

    @hookimpl
    def e11y_route(self, schema: Schema) -> Any:
        return self._answer("route", schema)


class OrderPaid(Event):
    order_id: str
    amount: float = 1.0
    email: str | None = None
    key: UUID | None = None


class StepTaken(Event, severity="debug"):
    number: int


class KeyRotated(AuditEvent):
    key: str


class Told(list[Fault]):
    """Keeps every fault that is told."""

    __call__ = list.append


Run = Callable[..., Bench]


@pytest.fixture
def run(make_bench: MakeBench) -> Run:
    def make(*plugins: Plugin, settings: dict[str, Any] | None = None, **arguments: Any) -> Bench:
        trusted = {"trusted": [plugin.name for plugin in plugins], **(settings or {})}
        bench = make_bench(trusted, plugins=plugins, **arguments)
        bench.runtime.faults._tell = Told()  # from the start: the preparer tells once a second
        return bench

    return make


def faults(bench: Bench) -> list[tuple[str, str, str]]:
    """Return source, operation and kind of every fault so far."""
    told = bench.runtime.faults._tell
    assert isinstance(told, Told)
    bench.runtime.faults.tell(final=True)
    return [(fault.source, fault.operation, fault.kind) for fault in told for _ in range(fault.count)]


def test_an_enricher_adds_fields(run: Run) -> None:
    bench = run(
        Plugin(
            enrich=lambda schema: Enrich(
                lambda order_id, key: (order_id[:1], str(key)),
                needs=("order_id", "key"),
                adds={"region": str, "k": str},
            )
        )
    )
    OrderPaid.track(order_id="eu-1", key=UUID(int=1))
    assert bench.payload["region"] == "e"
    assert bench.payload["k"] == str(UUID(int=1))
    with pytest.raises(e11y.InvalidEvent):
        OrderPaid.track(order_id="1", region="eu")  # type: ignore[call-arg]


def test_names_of_parameters_are_needs(run: Run) -> None:
    seen: list[Any] = []
    bench = run(Plugin(observe=lambda schema: Observe(lambda amount, order_id: seen.append((amount, order_id)))))
    OrderPaid.track(order_id="1", amount=2.0)
    assert seen == [(2.0, "1")]
    assert bench.records


def test_a_step_reads_meta_context_and_payload(run: Run) -> None:
    seen: list[Any] = []
    needs = (
        META.name,
        META.severity,
        META.version,
        META.time_ns,
        META.trace_id,
        META.span_id,
        META.sampled,
        CONTEXT,
        PAYLOAD,
    )
    bench = run(Plugin(observe=lambda schema: Observe(lambda *values: seen.append(values), needs=needs)))
    with e11y.context(user="u"):
        OrderPaid.track(order_id="1")
    (name, severity, version, time_ns, trace_id, span_id, sampled, context, payload) = seen[0]
    record = bench.records[0]
    assert (name, severity, version, sampled) == ("order.paid", "success", 1, -1)
    assert (time_ns, f"{trace_id:032x}", f"{span_id:016x}") == (record.time_ns, record.trace_id, record.span_id)
    assert context == {"user": "u"}
    assert payload == {"order_id": "1", "amount": 1.0, "email": None, "key": None}
    with pytest.raises(TypeError):
        payload["order_id"] = "2"


def test_reading_the_trace_of_the_context_makes_none(run: Run) -> None:
    seen: list[int] = []
    run(Plugin(observe=lambda schema: Observe(seen.append, needs=(META.context_trace_id,))))
    OrderPaid.track(order_id="1")
    with e11y.scope("work") as work:
        OrderPaid.track(order_id="2")
    OrderPaid.at(trace_id="0" * 31 + "7").track(order_id="3")
    assert seen == [0, int(work.trace_id, 16), 7]


def test_an_observer_may_see_severe_events_only(run: Run) -> None:
    seen: list[tuple[str, int]] = []
    observe = Observe(
        lambda name, span_id: seen.append((name, span_id)),
        needs=(META.name, META.span_id),
        at_least=e11y.Severity.ERROR,
    )
    bench = run(Plugin(observe=lambda schema: observe))
    OrderPaid.track(order_id="1")
    assert seen == []
    assert "_new_span" not in bench.runtime.compiler.source(OrderPaid)
    OrderPaid.at(severity="warn").track(order_id="2")
    OrderPaid.at(severity="error").track(order_id="3")
    with pytest.raises(ZeroDivisionError), OrderPaid.timed(order_id="4"):
        1 / 0  # noqa: B018
    *_, third, fourth = bench.records
    assert seen == [("order.paid", third.span), ("order.paid", fourth.span)]


def test_a_filter_replaces_and_removes(run: Run) -> None:
    bench = run(
        Plugin(filter=lambda schema: Filter({"order_id": lambda value: "***", "email": lambda value: REMOVE})),
        Plugin(
            "second",
            filter=lambda schema: Filter({"order_id": lambda value: value + "!", "email": lambda value: 1 / 0}),
        ),
    )
    OrderPaid.track(order_id="1", email="a@b.c")
    assert bench.payload == {"order_id": "***!", "amount": 1.0, "key": None}


def test_a_removed_field_is_none_for_later_steps(run: Run) -> None:
    seen: list[Any] = []
    run(
        Plugin(
            filter=lambda schema: Filter({"email": lambda value: REMOVE}),
            observe=lambda schema: Observe(lambda email: seen.append(email)),
        )
    )
    OrderPaid.track(order_id="1", email="a@b.c")
    assert seen == [None]


def test_a_filter_signs_the_untouched_payload(run: Run) -> None:
    def sign(payload: Mapping[str, Any]) -> dict[str, Any]:
        return {"signed": sorted(map(str, payload.values()))}

    bench = run(
        Plugin("audit", filter=lambda schema: Filter(signs=sign)),
        Plugin("pii", filter=lambda schema: Filter({"email": lambda value: "***"})),
    )
    OrderPaid.track(order_id="1", email="a@b.c")
    assert "a@b.c" in bench.records[0].metadata["signed"]
    assert bench.payload["email"] == "***"


def test_a_deferred_filter_runs_before_anything_is_encoded(run: Run) -> None:
    ran: list[int] = []

    def scan(payload: dict[str, Any]) -> dict[str, Any]:
        ran.append(1)
        return {**payload, "email": "scanned"}

    def answer(schema: Schema) -> Filter | None:
        return Filter(deferred=scan, defers=("email",)) if "email" in schema.fields else None

    bench = run(Plugin(filter=answer))
    with e11y.scope("silent"):
        OrderPaid.at(severity="debug").track(order_id="1", email="a@b.c")
    assert bench.records == ()
    assert ran == []  # what a success throws away is never scanned
    OrderPaid.track(order_id="1", email="a@b.c")
    assert b"a@b.c" not in bench.records[0].encoded()
    assert bench.payload["email"] == "scanned"


def test_a_failing_deferred_filter_withholds_the_record(run: Run) -> None:
    def answer(schema: Schema) -> Filter:
        return Filter(deferred=lambda payload: {}[payload["order_id"]], defers=("email",))

    bench = run(Plugin(filter=answer))
    assert OrderPaid.track(order_id="1", email="a@b.c") is Outcome.ACCEPTED
    assert bench.records == ()
    assert bench.runtime.ledger.check().filter_failed == 1


@pytest.mark.parametrize("broken", ["fields", "signs"])
def test_a_failing_filter_withholds_the_record(run: Run, broken: str) -> None:
    def explode(value: Any) -> Any:
        raise ValueError(f"secret {value}")

    step = Filter({"email": explode}) if broken == "fields" else Filter(signs=explode)
    bench = run(Plugin(filter=lambda schema: step))
    assert OrderPaid.track(order_id="1", email="a@b.c") is Outcome.FILTER_FAILED
    assert faults(bench) == [("probe", "e11y_filter step", "ValueError")]
    assert bench.records == ()
    assert bench.runtime.ledger.check().filter_failed == 1


def test_a_failing_step_is_isolated_and_the_event_goes_on(run: Run) -> None:
    def explode(order_id: str) -> Any:
        raise ValueError(f"secret {order_id}")

    bench = run(
        Plugin(
            enrich=lambda schema: Enrich(explode, adds={"region": str}),
            observe=lambda schema: Observe(explode),
            sample=lambda schema: Sample(explode),
            annotate=lambda schema: Annotate(fn=explode),
            route=lambda schema: Route(explode),
        )
    )
    assert OrderPaid.track(order_id="1") is Outcome.ACCEPTED
    assert bench.payload == {"order_id": "1", "amount": 1.0, "email": None, "key": None}
    hooks = ["e11y_enrich", "e11y_observe", "e11y_sample", "e11y_annotate", "e11y_route"]
    assert [fault[1] for fault in faults(bench)] == [f"{hook} step" for hook in hooks]


TOO_SMALL = Drop("too_small")
LIMITED = Drop("rate_limit", outcome="RATE_LIMITED", dead_letter=True)


def test_samplers_drop_and_weigh(run: Run) -> None:
    bench = run(
        Plugin("limit", sample=lambda schema: Sample(lambda amount: LIMITED if amount > 100 else 1.0)),
        Plugin("sample", sample=lambda schema: Sample(lambda amount: TOO_SMALL if amount < 1 else 4.0)),
    )
    assert OrderPaid.track(order_id="1", amount=0.5) is Outcome.SAMPLED_OUT
    assert OrderPaid.track(order_id="1", amount=500.0) is Outcome.RATE_LIMITED
    assert OrderPaid.track(order_id="1", amount=5.0) is Outcome.ACCEPTED
    assert bench.records[0].metadata["sample_rate"] == 0.25
    assert bench.runtime.ledger.check().dropped == {"too_small": 1, "rate_limit": 1}


def test_audit_types_are_never_sampled(run: Run) -> None:
    bench = run(Plugin(sample=lambda schema: Sample(lambda: TOO_SMALL)))
    assert KeyRotated.track(key="k") is Outcome.ACCEPTED
    assert bench.records[0].metadata["audit"] is True


@attrs.frozen(eq=False)
class Cap(Option):
    plugin = "probe"
    lossy = True


class Capped(Event):
    number: int


def test_an_option_that_may_cost_events_is_refused_on_audit_types(run: Run) -> None:
    run(Plugin())

    @option(Cap())
    class CappedKeyRotated(Event, audit=True):
        key: str

    with pytest.raises(ConfigError) as caught:
        CappedKeyRotated.track(key="k")
    assert str(caught.value) == (
        "option Cap of CappedKeyRotated may cost events, and audit events must never be lost\n"
        f"  where: class {__name__}.test_an_option_that_may_cost_events_is_refused_on_audit_types"
        ".<locals>.CappedKeyRotated\n"
        "  fix:   remove the option, or switch it off on this class if a base class brings it: "
        "its decorator takes False"
    )


def test_an_audit_type_may_switch_off_what_its_base_class_brings(run: Run) -> None:
    run(Plugin())
    option(Cap())(Capped)

    @option_off(Cap)
    class CappedLoginSeen(Capped, audit=True):
        pass

    assert Capped.track(number=1)
    assert CappedLoginSeen.track(number=1)


class Letters:
    """Keeps dead letters."""

    def __init__(self) -> None:
        self.kept: list[tuple[Record, str, str]] = []

    @hookimpl
    def e11y_dead_letter(self, record: Record, adapter: str, reason: str) -> bool:
        self.kept.append((record, adapter, reason))
        return True


def test_dropped_and_invalid_events_become_dead_letters_without_forbidden_values(make_bench: MakeBench) -> None:
    letters = Letters()
    plugin = Plugin(
        filter=lambda schema: Filter(deferred=lambda payload: {**payload, "email": "***"}, defers=("email",)),
        sample=lambda schema: Sample(lambda amount: LIMITED if amount > 100 else 1.0),
    )
    bench = make_bench({"trusted": ["probe"], "on_invalid": "report"}, plugins=[plugin, letters])
    OrderPaid.track(order_id="1", amount=500.0, email="a@b.c")
    OrderPaid.track(order_id=5, email="a@b.c")  # type: ignore[arg-type]
    assert bench.records == ()
    (dropped, _, reason), (invalid, _, why) = sorted(letters.kept, key=lambda kept: kept[2], reverse=True)
    assert reason == "rate_limit"
    assert dropped.payload["email"] == "***"
    assert why.startswith("invalid")
    assert invalid.payload == {"problems": {"order_id": "must be a str, not an int"}}
    assert invalid.metadata == {"withheld": True}
    assert bench.runtime.ledger.check().letters_kept == 2


def test_a_runtime_without_a_single_event_takes_records_to_replay(make_bench: MakeBench) -> None:
    hosts: list[Host] = []

    class Replaying:
        @hookimpl
        def e11y_started(self, host: Host) -> None:
            hosts.append(host)

    bench = make_bench(plugins=[Replaying()])
    record = Record.of("order.paid", {"order_id": "1"})
    receipt = hosts[0].submit([record], "logs")
    assert receipt.wait(30)
    assert receipt.delivered == bench.memory.records == (record,)
    with pytest.raises(ConfigError, match="^adapter 'log' is not configured, did you mean 'logs'"):
        hosts[0].submit([record], "log")
    bench.runtime.shutdown()
    late = hosts[0].submit([record], "logs")
    assert (late.taken, late.wait(0)) == (0, True)


def test_metadata_is_added_and_the_name_replaced(run: Run) -> None:
    bench = run(
        Plugin(
            annotate=lambda schema: (
                Annotate(
                    {"v": 2}, fn=lambda key: {"key": str(key)}, name="renamed" if schema.name == "order.paid" else None
                )
                if "key" in schema.fields
                else None
            )
        )
    )
    OrderPaid.track(order_id="1", key=UUID(int=7))
    record = bench.records[0]
    assert record.name == "renamed"
    assert record.metadata["v"] == 2
    assert record.metadata["key"] == str(UUID(int=7))
    assert {"retention_until", "v", "key"} == set(record.metadata)


def test_zones_4_and_5_also_hold_for_flushed_debug_events(run: Run) -> None:
    class Detail(Event, severity="debug"):
        key: UUID
        optional: UUID | None = None

    seen: list[int] = []
    bench = run(
        Plugin(
            observe=lambda schema: Observe(lambda: seen.append(1)),
            sample=lambda schema: Sample(lambda: TOO_SMALL),
            annotate=lambda schema: Annotate(fn=lambda key, optional: {"k": repr(key), "o": optional}),
            route=lambda schema: Route(lambda key: ("logs",)),
        )
    )
    with e11y.scope("work") as scope:
        assert Detail.track(key=UUID(int=1)) is Outcome.BUFFERED
        scope.fail()
    assert seen == [1]
    assert bench.records[0].metadata["k"] == repr(UUID(int=1))
    assert bench.records[0].metadata["o"] is None
    assert bench.records[0].payload["key"] == UUID(int=1)
    assert Detail.track(key=UUID(int=1)) is Outcome.SAMPLED_OUT


def test_routing_plugins_choose_adapters(make_bench: MakeBench) -> None:
    logs, archive = MemoryAdapter(), MemoryAdapter()
    plugin = Plugin(route=lambda schema: Route(lambda amount: ("archive", "unknown") if amount > 10 else ()))
    constant = Plugin("constant", route=lambda schema: ("archive",) if schema.severity == "error" else None)
    bench = make_bench(
        {"trusted": ["probe", "constant"]}, plugins=[plugin, constant], adapters={"logs": logs, "archive": archive}
    )
    OrderPaid.track(order_id="1", amount=1.0)
    OrderPaid.track(order_id="2", amount=50.0)
    bench.runtime.flush(30)
    assert [[record.payload["order_id"] for record in one.records] for one in (logs, archive)] == [["1"], ["2"]]
    bench.runtime.ledger.check()


def test_originals_reach_only_their_adapter(make_bench: MakeBench) -> None:
    logs, secret = MemoryAdapter(), MemoryAdapter()
    secret.capabilities = Capabilities(audit=True, originals=True)
    plugin = Plugin(
        "pii",
        filter=lambda schema: Filter(
            {"email": lambda value: REMOVE},
            deferred=lambda payload: {**payload, "order_id": "***"},
            defers=("order_id",),
        ),
    )
    bench = make_bench(
        {"routes": {"default": ["logs", "secret"]}, "trusted": ["pii"]},
        plugins=[plugin],
        adapters={"logs": logs, "secret": secret},
    )
    OrderPaid.track(order_id="1", email="a@b.c")
    bench.runtime.flush(30)
    assert logs.records[0].payload == {"order_id": "***", "amount": 1.0, "key": None}
    assert secret.records[0].payload == {"order_id": "1", "amount": 1.0, "key": None, "email": "a@b.c"}
    assert b"a@b.c" in secret.records[0].encoded()
    assert b"a@b.c" not in logs.records[0].encoded()


def test_debug_checks_catch_deep_mutation(run: Run) -> None:
    class Tagged(Event):
        tags: list[str]
        facts: dict[str, int]

    def meddle(tags: list[str], facts: dict[str, int]) -> None:
        tags.append("x")
        facts["x"] = 1

    bench = run(Plugin(observe=lambda schema: Observe(meddle)), settings={"debug_checks": True})
    Tagged.track(tags=["a"], facts={"a": 1})
    assert faults(bench) == [("probe", "e11y_observe step", "PluginError")]
    assert bench.payload["tags"] == ["a"]


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"observe": lambda schema: Sample(lambda: 1.0)},
        "plugin 'probe' answered e11y_observe with Sample; a step of another zone\n"
        "  where: e11y_observe(schema=OrderPaid)\n"
        "  fix:   answer with Observe or None",
    ),
    (
        {"route": lambda schema: "logs"},
        "plugin 'probe' answered e11y_route with str\n"
        "  where: e11y_route(schema=OrderPaid)\n"
        "  fix:   answer with Route, a tuple of adapter names or None",
    ),
    (
        {"observe": lambda schema: 1 / 0},
        "plugin 'probe' failed in e11y_observe: ZeroDivisionError\n"
        "  where: e11y_observe(schema=OrderPaid)\n"
        "  fix:   report it to the author of 'probe', or leave the plugin out of [tool.e11y] plugins",
    ),
    (
        {"observe": lambda schema: Observe(lambda amuont: None)},
        "plugin 'probe' needs field 'amuont', which the event does not have, did you mean 'amount'?\n"
        "  where: e11y_observe(schema=OrderPaid)\n"
        "  fix:   answer None when 'amuont' is not in schema.fields",
    ),
    (
        {"enrich": lambda schema: Enrich(lambda: 1, adds={"amount": int})},
        "plugin 'probe' adds field 'amount', which the event already has\n"
        "  where: e11y_enrich(schema=OrderPaid)\n"
        "  fix:   add another name",
    ),
    (
        {
            "filter": lambda schema: Filter(deferred=lambda payload: payload, defers=("email",)),
            "observe": lambda schema: Observe(lambda email: None, doc="counts by email"),
        },
        "plugin 'probe' reads 'email' at the call, but 'probe' filters it later, on the preparer\n"
        "  where: e11y_observe(schema=OrderPaid): counts by email\n"
        "  fix:   filter that field at the call, narrow its type, allow it explicitly, or do not read it",
    ),
    (
        {
            "filter": lambda schema: Filter(deferred=lambda payload: payload, defers=("email",)),
            "annotate": lambda schema: Annotate(fn=lambda payload: {}, needs=(PAYLOAD,)),
        },
        "plugin 'probe' reads 'email' at the call, but 'probe' filters it later, on the preparer\n"
        "  where: e11y_annotate(schema=OrderPaid)\n"
        "  fix:   filter that field at the call, narrow its type, allow it explicitly, or do not read it",
    ),
]


@pytest.mark.parametrize(("answers", "message"), WRONG)
def test_a_wrong_answer_is_told_at_start(run: Run, answers: dict[str, Any], message: str) -> None:
    bench = run(Plugin(**answers))
    with pytest.raises(PluginError) as caught:
        bench.runtime.compile(OrderPaid)
    assert str(caught.value) == message


def test_a_configuration_error_of_a_plugin_passes_through(run: Run) -> None:
    def refuse(schema: Schema) -> Any:
        raise ConfigError("no", fix="other")

    bench = run(Plugin(observe=refuse))
    with pytest.raises(ConfigError, match="^no\n  fix:   other$"):
        bench.runtime.compile(OrderPaid)


def test_a_step_without_plain_parameters_is_refused_where_it_is_made() -> None:
    with pytest.raises(TypeError, match="name the values it reads as plain parameters, or pass needs="):
        Observe(lambda *values: None)


def test_an_unconcerned_plugin_leaves_no_code(run: Run) -> None:
    bare = run().runtime.compiler.source(OrderPaid)
    concerned = Plugin(observe=lambda schema: Observe(lambda number: None) if "number" in schema.fields else None)
    runtime = run(*(Plugin(f"p{number}", **concerned.answers) for number in range(5))).runtime
    assert runtime.compiler.source(OrderPaid) == bare
    assert runtime.compiler.source(StepTaken) != run().runtime.compiler.source(StepTaken)


def test_the_generated_source_is_seen_in_tracebacks(run: Run) -> None:
    class Trap:
        def __len__(self) -> int:
            raise AssertionError

    bench = run()
    OrderPaid.track(order_id="1")
    code = OrderPaid.track.__code__  # type: ignore[attr-defined]
    assert inspect.getsource(code) == bench.runtime.compiler.source(OrderPaid)
    frame = traceback.FrameSummary(code.co_filename, 2, "track")
    assert frame.line == "_number = _tracked()"


def test_generated_code_reads_only_what_is_bound() -> None:
    module = compile(
        "def track(*_args, **_unknown):\n    if _args:\n        x = 1\n    return _missing, y, x\n", "<t>", "exec"
    )
    code = module.co_consts[0]
    with pytest.raises(ConfigError) as caught:
        prove_bound(code, {"y"})
    assert str(caught.value) == (
        "generated code reads _missing, which nothing binds\n  where: <t>\n  fix:   report this as a bug of e11y-core"
    )


def test_a_missing_value_has_no_state() -> None:
    assert repr(MISSING) == "MISSING"
    assert repr(REMOVE) == "REMOVE"
    assert repr(META.trace_id) == "META.trace_id"


def test_later_hooks_know_which_fields_a_filter_may_change(make_bench: MakeBench) -> None:
    seen: dict[str, list[str]] = {}

    def note(hook: str, schema: Schema) -> None:
        seen[hook] = [name for name, field in schema.fields.items() if field.filtered]

    plugin = Plugin(
        enrich=lambda schema: note("enrich", schema),
        filter=lambda schema: Filter({"order_id": str.upper}, deferred=dict, defers=("note",)),
        observe=lambda schema: note("observe", schema),
        sample=lambda schema: note("sample", schema),
    )

    class OrderNoted(Event):
        order_id: str
        note: str
        amount: float

    bench = make_bench({"trusted": ["probe"]}, plugins=[plugin])
    OrderNoted.track(order_id="a", note="b", amount=1.0)

    assert bench.payload == {"order_id": "A", "note": "b", "amount": 1.0}
    assert seen == {"enrich": [], "observe": ["order_id", "note"], "sample": ["order_id", "note"]}


def test_a_plain_function_reads_what_its_parameters_name(make_bench: MakeBench) -> None:
    seen: list[object] = []
    plugin = Plugin(
        observe=lambda schema: lambda order_id, amount: seen.append((order_id, amount)),
        sample=lambda schema: lambda amount: 2.0,
        annotate=lambda schema: lambda order_id: {"shard": order_id[0]},
        route=lambda schema: lambda amount: ("logs",) if amount < 5 else (),
    )

    class OrderWeighed(Event):
        order_id: str
        amount: float

    bench = make_bench({"trusted": ["probe"]}, plugins=[plugin])
    OrderWeighed.track(order_id="a1", amount=1.5)

    (record,) = bench.records
    assert seen == [("a1", 1.5)]
    assert {key: record.metadata[key] for key in ("sample_rate", "shard")} == {"sample_rate": 0.5, "shard": "a"}


@pytest.mark.parametrize("hook", ["enrich", "filter"])
def test_a_function_alone_says_too_little_for_zones_that_change_the_payload(make_bench: MakeBench, hook: str) -> None:
    class OrderChanged(Event):
        order_id: str

    make_bench({"trusted": ["probe"]}, plugins=[Plugin(**{hook: lambda schema: lambda order_id: order_id})])
    with pytest.raises(PluginError) as caught:
        OrderChanged.track(order_id="a")
    assert str(caught.value) == (
        f"plugin 'probe' answered e11y_{hook} with function\n"
        f"  where: e11y_{hook}(schema=OrderChanged)\n"
        f"  fix:   answer with {hook.capitalize()} or None"
    )
