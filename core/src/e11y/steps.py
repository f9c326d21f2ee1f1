"""Steps: what a plugin answers with for one event type.

A hook is called once per event type, at start. The step it answers with names the values its
function reads (``needs``); the compiler passes exactly those, positionally, for every event. What a
step may change follows from its class, so a step cannot leave its zone.

Every step takes ``doc``, a few words on what it does for this very type, without payload values:
``e11y explain`` shows them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, Literal

import attrs

from e11y.sentinel import REMOVE
from e11y.signature import parameters

if TYPE_CHECKING:
    from e11y.severity import Severity


class Need:
    """Names a value of the event that is not a payload field. Use the constants of this module."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


class META:
    """What the pipeline knows about the event besides its fields.

    Ids are integers; names and severities are text; ``time_ns`` is nanoseconds since 1970. An event outside
    of every trace gets a ``trace_id`` of its own when a step reads it; ``context_trace_id`` makes none and
    is 0 there, which costs half a microsecond less. ``sampled`` is what the caller of a trace decided: 1, 0,
    or -1 for nobody.
    """

    name: Final = Need("META.name")
    severity: Final = Need("META.severity")
    version: Final = Need("META.version")
    time_ns: Final = Need("META.time_ns")
    trace_id: Final = Need("META.trace_id")
    context_trace_id: Final = Need("META.context_trace_id")
    span_id: Final = Need("META.span_id")
    sampled: Final = Need("META.sampled")


CONTEXT: Final = Need("CONTEXT")
"""The context values as a read-only mapping."""

PAYLOAD: Final = Need("PAYLOAD")
"""The whole payload as a read-only mapping. Costs about ten times a named field: name fields instead."""

Needs = tuple[str | Need, ...]


def _needs_of(fn: Callable[..., Any]) -> Needs:
    names = []
    for parameter in parameters(fn):
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            raise TypeError(
                f"{fn!r} takes {parameter.kind.description} {parameter.name!r}; "
                "name the values it reads as plain parameters, or pass needs=(...)"
            )
        names.append(parameter.name)
    return tuple(names)


def _fill_needs(instance: Any) -> None:
    if instance.needs is None and instance.fn is not None:
        object.__setattr__(instance, "needs", _needs_of(instance.fn))


@attrs.frozen(eq=False)
class Enrich:
    """Zone 1: adds fields to the payload.

    Args:
        fn: Called with the values of ``needs``. Returns the value of the one added field, or a tuple
            with one value per entry of ``adds`` in their order.
        needs: Field names, ``META.*``, ``CONTEXT`` or ``PAYLOAD``. Left out: the parameter names.
        adds: Field name -> type. They become fields of the schema that filters and later steps see.
    """

    fn: Callable[..., Any]
    needs: Needs | None = attrs.field(default=None, kw_only=True)
    adds: Mapping[str, Any] = attrs.field(kw_only=True)
    doc: str = attrs.field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        _fill_needs(self)


@attrs.frozen(eq=False)
class Filter:
    """Zone 2: the last touch of the payload.

    Args:
        fields: Field name -> function that gets the value and returns the new one, or ``REMOVE``.
        lazy: As ``fields``, for what takes its time. Runs on the preparer, before ``deferred``, unless a later
            step reads the field: then at the call.
        open: Gets the further keywords of an open event type as one dict and returns a new one to go
            on with. Not for closed event types.
        deferred: Slow work that must not sit on the caller. Runs on the preparer thread before
            anything is encoded; gets the payload as a new dict and returns the payload to deliver.
        defers: Names of the fields that ``deferred`` may change. No later step can read them.
        defers_open: Whether ``deferred`` may change the further keywords too. No later step can then
            read ``PAYLOAD``.
        signs: Gets the untouched payload (read-only) before any filter ran and returns metadata,
            for example a signature.
    """

    fields: Mapping[str, Callable[[Any], Any]] = attrs.field(factory=dict)
    lazy: Mapping[str, Callable[[Any], Any]] = attrs.field(factory=dict, kw_only=True)
    open: Callable[[dict[str, Any]], dict[str, Any]] | None = attrs.field(default=None, kw_only=True)
    deferred: Callable[[dict[str, Any]], dict[str, Any]] | None = attrs.field(default=None, kw_only=True)
    defers: tuple[str, ...] = attrs.field(default=(), kw_only=True)
    defers_open: bool = attrs.field(default=False, kw_only=True)
    signs: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = attrs.field(default=None, kw_only=True)
    doc: str = attrs.field(default="", kw_only=True)


@attrs.frozen(eq=False)
class Observe:
    """Zone 3: sees every accepted event once, before anything is dropped. Its result is ignored.

    Args:
        fn: Called with the values of ``needs``.
        needs: Field names, ``META.*``, ``CONTEXT`` or ``PAYLOAD``. Left out: the parameter names.
        at_least: Lowest severity of the events to see, ``None`` for all; those below it pay nothing. A call may
            have another severity than its type: ``at(severity=...)``, or a ``timed`` body that fails.
    """

    fn: Callable[..., object]
    needs: Needs | None = None
    doc: str = attrs.field(default="", kw_only=True)
    at_least: Severity | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        _fill_needs(self)


@attrs.frozen(eq=False)
class Drop:
    """Answer of a sampler: do not deliver. Made once per reason, never per event.

    Args:
        reason: A short constant, for example ``"rate_limit"``; the ledger counts by it.
        dead_letter: Keep the record as a dead letter instead of losing it.
        outcome: ``"SAMPLED_OUT"`` or ``"RATE_LIMITED"``: what ``track()`` returns.
    """

    reason: str
    dead_letter: bool = attrs.field(default=False, kw_only=True)
    outcome: Literal["SAMPLED_OUT", "RATE_LIMITED"] = attrs.field(default="SAMPLED_OUT", kw_only=True)


@attrs.frozen(eq=False)
class Sample:
    """Zone 3: keeps an event or drops it.

    ``fn`` returns a weight (1.0 keeps and stands for itself, 10.0 keeps and stands for ten), or a
    ``Drop``. The product of all weights is ``1 / sample_rate``.
    """

    fn: Callable[..., float | Drop]
    needs: Needs | None = None
    doc: str = attrs.field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        _fill_needs(self)


@attrs.frozen(eq=False)
class Annotate:
    """Zone 4: adds metadata.

    Args:
        constants: Metadata that is the same for every event of the type; costs nothing per event.
        fn: Returns more metadata for one event, from the values of ``needs``.
        name: The name to deliver the event under, when it differs.
    """

    constants: Mapping[str, Any] = attrs.field(factory=dict)
    fn: Callable[..., Mapping[str, Any]] | None = attrs.field(default=None, kw_only=True)
    needs: Needs | None = attrs.field(default=None, kw_only=True)
    name: str | None = attrs.field(default=None, kw_only=True)
    doc: str = attrs.field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        _fill_needs(self)


@attrs.frozen(eq=False)
class Route:
    """Zone 5: chooses adapters. ``fn`` returns names of configured adapters; an empty tuple has no opinion."""

    fn: Callable[..., tuple[str, ...]]
    needs: Needs | None = None
    doc: str = attrs.field(default="", kw_only=True)

    def __attrs_post_init__(self) -> None:
        _fill_needs(self)


Step = Enrich | Filter | Observe | Sample | Annotate | Route

_NEED_ONLY_A_FUNCTION = (Observe, Sample, Annotate, Route)


def step_of(answer: Any, kind: type[Any]) -> Any:
    """Return the step that a hook's answer stands for.

    A plain function stands for the step of its hook, with its parameter names as ``needs``; any other
    answer is returned as it is, whether it fits or not.

    Args:
        answer: What the hook answered.
        kind: The step class of the hook.
    """
    plain = callable(answer) and not isinstance(answer, (type, *Step.__args__))
    if not plain or kind not in _NEED_ONLY_A_FUNCTION:
        return answer
    function: Any = answer
    return kind(fn=function)


__all__ = [
    "CONTEXT",
    "META",
    "PAYLOAD",
    "REMOVE",
    "Annotate",
    "Drop",
    "Enrich",
    "Filter",
    "Need",
    "Needs",
    "Observe",
    "Route",
    "Sample",
    "Step",
]
