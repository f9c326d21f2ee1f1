"""What every plugin with steps promises, as a test class that its author inherits.

    class CustomerSeen(Event):
        customer_id: str

    class TestRegion(StepContract):
        @pytest.fixture
        def plugin(self, host):
            return RegionPlugin(RegionSettings(), host)

        @pytest.fixture
        def event_types(self):
            return [CustomerSeen]

Give event types that make each step of the plugin do all that it can: a sampler that drops, a filter
that masks.
"""

from __future__ import annotations

import copy
import logging
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

import pluggy
import pytest

from e11y.errors import ConfigError
from e11y.steps import Annotate, Drop, Enrich, Filter, Route, Sample
from e11y.testing.deadline import call_within, error_of
from e11y.testing.samples import CANARY, bare_schema
from e11y.testing.standalone_host import StandaloneHost
from e11y.testing.step_calls import STEPS, Answer, Call, ask, check_hooks, leaks, payloads, results

Values = Mapping[str, Any]


class StepContract:
    """Inherit it in a class whose name starts with ``Test``.

    Class attributes:
        patience_s: How long a single call may take before it counts as hanging.
    """

    patience_s: ClassVar[float] = 5.0

    @pytest.fixture
    def plugin(self) -> object:
        """Return the plugin, made as core makes it."""
        raise self._missing("plugin", "YourPlugin(settings, host)")

    @pytest.fixture
    def event_types(self) -> Sequence[type[Any]]:
        """Return event types that concern the plugin."""
        raise self._missing("event_types", "[YourEvent, AnotherEvent]")

    def _missing(self, name: str, example: str) -> ConfigError:
        return ConfigError(
            f"fixture {name!r} is missing",
            where=f"class {type(self).__qualname__}",
            fix=f"add a pytest fixture {name!r} that returns  {example}",
        )

    @pytest.fixture
    def values(self) -> Values:
        """Return field name -> value, for fields whose type does not say what the plugin expects."""
        return {}

    @pytest.fixture
    def host(self) -> StandaloneHost:
        """Return what the plugin may be made with."""
        return StandaloneHost()

    @pytest.fixture
    def answers(self, plugin: object, event_types: Sequence[type[Any]]) -> list[Answer]:
        """Return what each hook answers about each event type."""
        from e11y.pipeline.plan import read_schema  # noqa: PLC0415 - heavy, and only needed here

        return ask(plugin, [read_schema(event_type, 0.0) for event_type in event_types])

    def test_implements_hooks_that_exist(self, plugin: object) -> None:
        try:
            check_hooks(plugin)
        except pluggy.PluginValidationError as error:
            pytest.fail(str(error))

    def test_answers_with_the_step_of_its_hook(self, answers: list[Answer]) -> None:
        for answer in answers:
            wanted = " or ".join(kind.__name__ for kind in STEPS[answer.hook])
            got = type(answer.error or answer.step).__name__
            verb = "raised" if answer.error else "answered"
            fits = answer.error is None and (answer.step is None or answer.fits)
            assert fits, f"{answer.hook} {verb} {got} for {answer.schema.name}; answer with {wanted} or None"
        assert any(answer.step is not None for answer in answers), (
            "no event type concerns the plugin; add one that does"
        )

    def test_needs_what_the_event_has(self, answers: list[Answer]) -> None:
        for answer in answers:
            assert not answer.missing, f"{answer.hook} needs {answer.missing} of {answer.schema.name}"

    def test_leaves_events_alone_that_lack_its_fields(self, plugin: object) -> None:
        for answer in ask(plugin, [bare_schema()]):
            kind = type(answer.error).__name__
            assert answer.error is None, f"{answer.hook} raised {kind} for an event without fields; answer None"
            assert not answer.missing, f"{answer.hook} needs {answer.missing} of an event without fields; answer None"

    def test_adds_one_value_for_each_name(self, answers: list[Answer], values: Values) -> None:
        for call in _calls(answers, Enrich):
            adds = call.answer.step.adds
            for result in results(call, values):
                if len(adds) == 1:
                    right = not isinstance(result, tuple) or tuple in _origins(adds)
                    assert right, f"{call.title} returned a tuple for one name; return the value itself"
                else:
                    right = isinstance(result, tuple) and len(result) == len(adds)
                    assert right, f"{call.title} did not return a tuple of {len(adds)} values"

    def test_takes_every_value_of_its_fields(self, answers: list[Answer], values: Values) -> None:
        for call in _calls(answers):
            for payload in payloads(call.answer.schema, values):
                error = error_of(call.result, payload)
                assert error is None, f"{call.title} raised {type(error).__name__}"

    def test_leaves_payload_values_as_they_were(self, answers: list[Answer], values: Values) -> None:
        for call in _calls(answers):
            for payload in payloads(call.answer.schema, values):
                before = copy.deepcopy(payload)
                error_of(call.result, payload)
                assert payload == before, f"{call.title} changed a value of the payload in place; return a new one"

    def test_works_after_an_error(self, answers: list[Answer], values: Values) -> None:
        for call in _calls(answers):
            before = call_within(self.patience_s, _count, call, values)
            try:
                call_within(self.patience_s, error_of, call.fn, *[_Hostile() for _ in call.needs])
            except (SystemExit, KeyboardInterrupt) as error:
                pytest.fail(f"{call.title} raised {type(error).__name__}, which would end the application")
            after = call_within(self.patience_s, _count, call, values)
            assert after == before, f"{call.title} does not work any more after one call with a wrong value"

    def test_works_on_another_thread(self, answers: list[Answer], values: Values) -> None:
        for call in _calls(answers):
            here = _count(call, values)
            there = call_within(self.patience_s, _count, call, values)
            assert there == here, f"{call.title} raised on another thread"

    def test_filters_so_that_the_value_is_gone(self, answers: list[Answer], values: Values) -> None:
        for call in _calls(answers, Filter):
            full, untouched = (payloads(call.answer.schema, values)[0] for _ in range(2))
            shown: dict[str, Any] = {}
            with suppress(Exception):  # that it raises has a test of its own
                shown.update(call.filtered(full))
            for name, value in shown.items():
                assert not leaks(untouched[name], value), f"{call.title} let the value of {name!r} through"

    def test_weighs_at_least_one(self, answers: list[Answer], values: Values) -> None:
        for call in _calls(answers, Sample):
            for result in results(call, values):
                assert isinstance(result, Drop) or _is_weight(result), (
                    f"{call.title} returned {type(result).__name__}; return a weight of 1.0 or more, or a Drop"
                )

    def test_makes_each_drop_once(self, answers: list[Answer], values: Values) -> None:
        for call in _calls(answers, Sample):
            drops: dict[str, set[Drop]] = defaultdict(set)
            for result in results(call, values, times=500):
                if isinstance(result, Drop):
                    drops[result.reason].add(result)
            for reason, made in drops.items():
                assert len(made) == 1, f"{call.title} made {len(made)} Drops of reason {reason!r}; make it once"

    def test_annotates_with_json(self, answers: list[Answer], values: Values) -> None:
        for answer in answers:
            if isinstance(answer.step, Annotate):
                assert _is_json_object(answer.step.constants), f"the constants of {answer.hook} are not JSON"
        signing = [call for call in _calls(answers, Filter) if call.part == "the signature"]
        for call in (*_calls(answers, Annotate), *signing):
            for result in results(call, values):
                assert _is_json_object(result), f"{call.title} did not return a mapping from text to JSON values"

    def test_routes_to_names(self, answers: list[Answer], values: Values) -> None:
        chosen: list[tuple[str, object]] = [
            (answer.hook, answer.step) for answer in answers if isinstance(answer.step, tuple)
        ]
        for call in _calls(answers, Route):
            chosen.extend((call.title, result) for result in results(call, values))
        for title, names in chosen:
            right = isinstance(names, tuple) and all(isinstance(name, str) and name for name in names)
            assert right, f"{title} did not return a tuple of adapter names"

    def test_keeps_payload_values_to_itself(
        self,
        plugin: object,
        host: StandaloneHost,
        answers: list[Answer],
        values: Values,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level(logging.DEBUG)
        for call in _calls(answers):
            list(results(call, values))
        texts = {"its repr": repr(plugin), "a log line": caplog.text, "a counter's name": repr(list(host.counts))}
        texts["the repr of a step"] = repr([answer.step for answer in answers])
        assert [where for where, text in texts.items() if CANARY in text] == [], "a payload value was shown"


class _Hostile:
    """Looks like nothing that a step may expect."""

    def _refuse(self, *_: object) -> Any:
        raise RuntimeError("a hostile value")

    __str__ = __repr__ = __len__ = __iter__ = __bool__ = __eq__ = __lt__ = __gt__ = __getitem__ = _refuse
    __hash__ = None  # type: ignore[assignment]


def _calls(answers: Sequence[Answer], kind: type[Any] = object) -> list[Call]:
    return [call for answer in answers if isinstance(answer.step, kind) for call in answer.calls()]


def _count(call: Call, values: Values) -> int:
    """Return how many calls succeed."""
    return len(list(results(call, values)))


def _is_weight(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 1 <= value < math.inf


def _origins(adds: Mapping[str, Any]) -> list[Any]:
    return [getattr(kind, "__origin__", kind) for kind in adds.values()]


def _is_json_object(value: object) -> bool:
    return isinstance(value, Mapping) and _is_json(value)


def _is_json(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _is_json(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return all(_is_json(item) for item in value)
    return value is None or isinstance(value, (str, int, float))
