"""One sound plugin, and for each promise of the contract one that breaks exactly it.

This file is run by ``test_step_contract.py``; pytest does not collect it by itself.
"""

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pluggy
import pytest

from e11y.event import Event
from e11y.schema import Schema
from e11y.steps import CONTEXT, META, PAYLOAD, REMOVE, Annotate, Drop, Enrich, Filter, Observe, Route, Sample
from e11y.testing.standalone_host import StandaloneHost
from e11y.testing.step_contract import StepContract

hookimpl = pluggy.HookimplMarker("e11y")

FREE = Drop("free of charge")


class CartPaid(Event):
    customer: str
    amount: int
    note: str | None = None
    items: list[str]
    address: dict[str, str]


class Sound:
    """Implements every hook that is asked per event type."""

    def __init__(self, host: StandaloneHost) -> None:
        self.host = host

    @hookimpl
    def e11y_enrich(self, schema: Schema) -> Any:
        if "customer" in schema.fields:
            return Enrich(self.enrich, needs=("customer", "note"), adds={"region": str, "segment": str})
        return None

    def enrich(self, customer: str, note: str | None) -> Any:
        return customer[:2].upper(), "a" if note is None else "b"

    @hookimpl
    def e11y_filter(self, schema: Schema) -> Any:
        if "customer" in schema.fields and "items" in schema.fields:
            return Filter(
                {"customer": self.mask, "amount": lambda amount: REMOVE},
                deferred=self.scan,
                defers=("items",),
                signs=self.sign,
            )
        return None

    def mask(self, customer: Any) -> Any:
        return f"{customer[:3]}*** {len(customer)}"

    def scan(self, payload: dict[str, Any]) -> dict[str, Any]:
        return {**payload, "items": ["***" for _ in payload["items"]]}

    def sign(self, payload: Mapping[str, Any]) -> Any:
        return {"signature": f"of {len(payload)} fields"}

    @hookimpl
    def e11y_observe(self, schema: Schema) -> Any:
        return Observe(self.observe, needs=(META.severity, CONTEXT))

    def observe(self, severity: str, context: Mapping[str, Any]) -> Any:
        self.host.count(severity)

    @hookimpl
    def e11y_sample(self, schema: Schema) -> Any:
        return Sample(self.sample, needs=("note",)) if "note" in schema.fields else None

    def sample(self, note: str | None) -> Any:
        return FREE if note is None else 2.0

    @hookimpl
    def e11y_annotate(self, schema: Schema) -> Any:
        return Annotate({"v": schema.version}, fn=self.annotate, needs=(META.name,))

    def annotate(self, name: str) -> Any:
        return {"tags": [name, None, 1.5], "more": {"deep": True}}

    @hookimpl
    def e11y_route(self, schema: Schema) -> Any:
        return Route(self.route, needs=(PAYLOAD,))

    def route(self, payload: Mapping[str, Any]) -> Any:
        return ("archive",) if "amount" in payload else ()


class Contract(StepContract):
    """The contract for ``Subject``; ``breaks`` names the one test that must fail."""

    Subject: ClassVar[type[Any]]
    breaks: ClassVar[str]

    @pytest.fixture
    def plugin(self, host: StandaloneHost) -> object:
        return self.Subject(host)

    @pytest.fixture
    def event_types(self) -> Sequence[type[Any]]:
        return [CartPaid]


class TestSound(Contract):
    Subject = Sound
    breaks = ""


class TestConstantRoute(Contract):
    breaks = ""

    class Subject(Sound):
        @hookimpl
        def e11y_route(self, schema: Schema) -> Any:
            return ("archive", "logs")


class TestMisspellsAHook(Contract):
    breaks = "test_implements_hooks_that_exist"

    class Subject(Sound):
        @hookimpl
        def e11y_enrch(self, schema: Schema) -> None:
            return None


class TestAnswersWithAStepOfAnotherZone(Contract):
    breaks = "test_answers_with_the_step_of_its_hook"

    class Subject(Sound):
        @hookimpl
        def e11y_annotate(self, schema: Schema) -> Any:
            return Observe(self.observe, needs=(META.severity, CONTEXT))


class TestFailsWhenAsked(Contract):
    breaks = "test_answers_with_the_step_of_its_hook"

    class Subject(Sound):
        @hookimpl
        def e11y_observe(self, schema: Schema) -> Any:
            if "items" in schema.fields:
                raise RuntimeError("broken")


class TestConcernsNothing(Contract):
    breaks = "test_answers_with_the_step_of_its_hook"

    class Subject:
        def __init__(self, host: StandaloneHost) -> None:
            """Take no notice."""

        @hookimpl
        def e11y_observe(self, schema: Schema) -> Any:
            return None


class TestNeedsWhatIsNotThere(Contract):
    breaks = "test_needs_what_the_event_has"

    class Subject(Sound):
        @hookimpl
        def e11y_observe(self, schema: Schema) -> Any:
            return Observe(self.observe, needs=("custmer", CONTEXT)) if schema.fields else None


class TestTakesFieldsForGranted(Contract):
    breaks = "test_leaves_events_alone_that_lack_its_fields"

    class Subject(Sound):
        @hookimpl
        def e11y_sample(self, schema: Schema) -> Any:
            return Sample(self.sample, needs=("note",))


class TestReadsTheSchemaBlindly(Contract):
    breaks = "test_leaves_events_alone_that_lack_its_fields"

    class Subject(Sound):
        @hookimpl
        def e11y_observe(self, schema: Schema) -> Any:
            return Observe(len, needs=(schema.fields["customer"].name,))


class TestAddsTooLittle(Contract):
    breaks = "test_adds_one_value_for_each_name"

    class Subject(Sound):
        def enrich(self, customer: str, note: str | None) -> Any:
            return ("eu", "a") if note else ("eu",)


class TestAddsATupleForOneName(Contract):
    breaks = "test_adds_one_value_for_each_name"

    class Subject(Sound):
        @hookimpl
        def e11y_enrich(self, schema: Schema) -> Any:
            if "customer" in schema.fields:
                return Enrich(self.enrich, needs=("customer", "note"), adds={"region": str})
            return None


class TestExpectsANote(Contract):
    breaks = "test_takes_every_value_of_its_fields"

    class Subject(Sound):
        def sample(self, note: str | None) -> Any:
            assert note is not None
            return 1.0 if note.strip() else FREE


class TestChangesTheAddress(Contract):
    breaks = "test_leaves_payload_values_as_they_were"

    class Subject(Sound):
        def route(self, payload: Mapping[str, Any]) -> Any:
            payload["address"].clear()
            return ()


class TestScansInPlace(Contract):
    breaks = "test_leaves_payload_values_as_they_were"

    class Subject(Sound):
        def scan(self, payload: dict[str, Any]) -> dict[str, Any]:
            payload["items"][:] = ["***" for _ in payload["items"]]
            return payload


class TestKeepsTheLockAfterAnError(Contract):
    breaks = "test_works_after_an_error"
    patience_s = 2.0

    class Subject(Sound):
        def __init__(self, host: StandaloneHost) -> None:
            super().__init__(host)
            self.lock = threading.Lock()

        def enrich(self, customer: str, note: str | None) -> Any:
            self.lock.acquire()
            added = super().enrich(customer, note)
            self.lock.release()
            return added


class TestGivesUpAfterAnError(Contract):
    breaks = "test_works_after_an_error"

    class Subject(Sound):
        broken = False

        def mask(self, customer: Any) -> Any:
            if self.broken:
                raise RuntimeError("broken before")
            self.broken = not isinstance(customer, str)
            return super().mask(customer)


class TestEndsTheApplication(Contract):
    breaks = "test_works_after_an_error"

    class Subject(Sound):
        def mask(self, customer: Any) -> Any:
            if not isinstance(customer, str):
                raise SystemExit
            return super().mask(customer)


class TestRemembersItsThread(Contract):
    breaks = "test_works_on_another_thread"

    class Subject(Sound):
        def __init__(self, host: StandaloneHost) -> None:
            super().__init__(host)
            self.local = threading.local()
            self.local.regions = {}

        def enrich(self, customer: str, note: str | None) -> Any:
            return self.local.regions.get(customer, "eu"), "a"


class TestLetsTheValueThrough(Contract):
    breaks = "test_filters_so_that_the_value_is_gone"

    class Subject(Sound):
        def mask(self, customer: Any) -> Any:
            return f"*** was {customer}"


class TestScansNothing(Contract):
    breaks = "test_filters_so_that_the_value_is_gone"

    class Subject(Sound):
        def scan(self, payload: dict[str, Any]) -> dict[str, Any]:
            return dict(payload)


class TestWeighsAHalf(Contract):
    breaks = "test_weighs_at_least_one"

    class Subject(Sound):
        def sample(self, note: str | None) -> Any:
            return 0.5 if note else FREE


class TestKeepsWithTrue(Contract):
    breaks = "test_weighs_at_least_one"

    class Subject(Sound):
        def sample(self, note: str | None) -> Any:
            return note is not None or FREE


class TestMakesADropPerEvent(Contract):
    breaks = "test_makes_each_drop_once"

    class Subject(Sound):
        def sample(self, note: str | None) -> Any:
            return Drop("free of charge")


class TestAnnotatesWithASet(Contract):
    breaks = "test_annotates_with_json"

    class Subject(Sound):
        def annotate(self, name: str) -> Any:
            return {"tags": {name}}


class TestAnnotatesWithAConstantObject(Contract):
    breaks = "test_annotates_with_json"

    class Subject(Sound):
        @hookimpl
        def e11y_annotate(self, schema: Schema) -> Any:
            return Annotate({"type": schema.event_type})


class TestSignsWithBytes(Contract):
    breaks = "test_annotates_with_json"

    class Subject(Sound):
        def sign(self, payload: Mapping[str, Any]) -> Any:
            return {"signature": b"1234"}


class TestRoutesToOneText(Contract):
    breaks = "test_routes_to_names"

    class Subject(Sound):
        def route(self, payload: Mapping[str, Any]) -> Any:
            return "archive"


class TestRoutesToNumbers(Contract):
    breaks = "test_routes_to_names"

    class Subject(Sound):
        @hookimpl
        def e11y_route(self, schema: Schema) -> Any:
            return (1, 2)


class TestLogsTheCustomer(Contract):
    breaks = "test_keeps_payload_values_to_itself"

    class Subject(Sound):
        def enrich(self, customer: str, note: str | None) -> Any:
            logging.getLogger("loud").info("enriching %s", customer)
            return super().enrich(customer, note)


class TestCountsByCustomer(Contract):
    breaks = "test_keeps_payload_values_to_itself"

    class Subject(Sound):
        def enrich(self, customer: str, note: str | None) -> Any:
            self.host.count(f"customer {customer}")
            return super().enrich(customer, note)
