"""The calls that core would make to the functions of a plugin's steps."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Any, Final, get_args

import attrs
import pluggy

from e11y import hookspecs
from e11y.schema import Schema
from e11y.steps import CONTEXT, META, PAYLOAD, Annotate, Enrich, Filter, Need, Needs, Observe, Route, Sample, step_of
from e11y.testing.samples import CANARY, value_of

Payload = dict[str, Any]

STEPS: Final[Mapping[str, tuple[type[Any], ...]]] = MappingProxyType(
    {
        "e11y_enrich": (Enrich,),
        "e11y_filter": (Filter,),
        "e11y_observe": (Observe,),
        "e11y_sample": (Sample,),
        "e11y_annotate": (Annotate,),
        "e11y_route": (Route, tuple),
    }
)
"""What each hook that is asked per event type may answer with, in the order core asks."""

_META: Final[Mapping[Need, Any]] = MappingProxyType(
    {
        META.name: "kit.sample",
        META.severity: "info",
        META.version: 1,
        META.time_ns: 1_769_860_800_000_000_000,
        META.trace_id: 0x4BF92F3577B34DA6A3CE929D0E0E4736,
        META.context_trace_id: 0x4BF92F3577B34DA6A3CE929D0E0E4736,
        META.span_id: 1,
        META.sampled: 1,
    }
)


@attrs.frozen(eq=False)
class Answer:
    """What a hook answered for one event type.

    Args:
        hook: Its name.
        schema: With the fields that the plugin's own enricher adds.
        step: The answer.
        error: What was raised instead.
    """

    hook: str
    schema: Schema
    step: Any = None
    error: Exception | None = None

    @property
    def fits(self) -> bool:
        """Whether the answer is of a class that the hook may answer with."""
        return isinstance(self.step, STEPS[self.hook])

    @property
    def needs(self) -> Needs:
        """Everything the step wants to read or change."""
        if isinstance(self.step, Filter):
            return (*self.step.fields, *self.step.lazy, *self.step.defers)
        return (getattr(self.step, "needs", None) or ()) if self.fits else ()

    @property
    def missing(self) -> list[object]:
        """What the step needs and the event type does not have."""
        known = (*_META, CONTEXT, PAYLOAD, *self.schema.fields)
        return [need for need in self.needs if need not in known]

    def calls(self) -> Iterator[Call]:
        """Yield the functions of the step, unless it needs what is not there."""
        if not self.fits or self.missing:
            return
        step = self.step
        if isinstance(step, Filter):
            for name, function in (*step.fields.items(), *step.lazy.items()):
                yield Call(self, f"the filter of {name!r}", function, (name,))
            if step.deferred is not None:
                deferred = step.deferred
                yield Call(self, "the deferred filter", lambda payload: deferred(dict(payload)), (PAYLOAD,))
            if step.signs is not None:
                yield Call(self, "the signature", step.signs, (PAYLOAD,))
        elif not isinstance(step, tuple) and step.fn is not None:
            yield Call(self, "the step", step.fn, step.needs)


@attrs.frozen(eq=False)
class Call:
    """One function of a step, with what it is to be called with."""

    answer: Answer
    part: str
    fn: Callable[..., Any]
    needs: Needs

    @property
    def title(self) -> str:
        """For messages."""
        return f"{self.part} of {self.answer.hook} for {self.answer.schema.name}"

    def arguments(self, payload: Payload) -> list[Any]:
        """Return the arguments as the compiled function would pass them."""
        return [self._argument(need, payload) for need in self.needs]

    def _argument(self, need: str | Need, payload: Payload) -> Any:
        if isinstance(need, str):
            return payload[need]
        if need is PAYLOAD:
            return MappingProxyType(payload)
        if need is CONTEXT:
            return MappingProxyType({"user_id": "u-1", "request_id": "r-1"})
        return _META[need]

    def result(self, payload: Payload) -> Any:
        """Return what the function returns for one payload, or raise what it raises."""
        return self.fn(*self.arguments(payload))

    def filtered(self, payload: Payload) -> Mapping[str, Any]:
        """Return what a filter lets through: field name -> value; nothing for what is no filter, or not the last."""
        if self.fn is self.answer.step.signs:
            return {}
        result = self.result(payload)
        if self.needs == (PAYLOAD,):
            return {name: result.get(name) for name in self.answer.step.defers}
        return {str(name): result for name in self.needs if name not in self.answer.step.defers}


def ask(plugin: object, schemas: Sequence[Schema]) -> list[Answer]:
    """Ask each hook of ``plugin`` about each event type, in the order core does."""
    implementations = _implementations(plugin)
    answers = []
    for schema in schemas:
        grown = schema
        for hook in STEPS:
            if hook in implementations:
                answer = _asked(hook, implementations[hook], grown)
                if isinstance(answer.step, Enrich):
                    grown = grown.with_added(answer.step.adds)
                elif isinstance(answer.step, Filter):
                    grown = grown.with_filtered(name for name in grown.fields if name in answer.needs)
                answers.append(answer)
    return answers


def check_hooks(plugin: object) -> None:
    """Check that every function marked with ``@hookimpl`` is a hook with arguments that exist.

    Raises:
        pluggy.PluginValidationError: One is not.
    """
    _register(plugin).check_pending()


def _register(plugin: object) -> pluggy.PluginManager:
    manager = pluggy.PluginManager("e11y")
    manager.add_hookspecs(hookspecs)
    manager.register(plugin, name="under test")
    return manager


def _implementations(plugin: object) -> dict[str, Callable[..., Any]]:
    callers = _register(plugin).get_hookcallers(plugin) or []
    return {caller.name: caller.get_hookimpls()[0].function for caller in callers if caller.get_hookimpls()}


def _asked(hook: str, implementation: Callable[..., Any], schema: Schema) -> Answer:
    try:
        return Answer(hook, schema, step_of(implementation(schema=schema), STEPS[hook][0]))
    except Exception as error:  # noqa: BLE001 - the contract judges it
        return Answer(hook, schema, error=error)


def payloads(schema: Schema, values: Mapping[str, Any]) -> list[Payload]:
    """Return new payloads that fit ``schema``: one full of canaries, one as empty as the types allow.

    Args:
        schema: Of the event type.
        values: Field name -> value, where the field's type does not say enough.
    """
    full: Payload = {}
    sparse: Payload = {}
    for name, field in schema.fields.items():
        full[name] = copy.deepcopy(values[name]) if name in values else value_of(field.type)
        if type(None) in get_args(field.type):
            sparse[name] = None
        elif field.type is str and not field.markers and not field.nested and name not in values:
            sparse[name] = ""
        else:
            sparse[name] = copy.deepcopy(full[name])
    return [full, sparse]


def results(call: Call, values: Mapping[str, Any], *, times: int = 1) -> Iterator[Any]:
    """Yield what ``call`` returns for each payload."""
    for _ in range(times):
        for payload in payloads(call.answer.schema, values):
            with suppress(Exception):  # that it raises has a test of its own
                yield call.result(payload)


def leaks(value: object, shown: object) -> bool:
    """Return whether a field's ``value`` can be read in ``shown``."""
    secret = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else CANARY
    return len(secret) > _SHORT and secret in repr(shown)


_SHORT = 5
"""A text this short may stand in another by chance."""
