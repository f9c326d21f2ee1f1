"""From plans to the code that runs: compiled at start, swapped into the functions of the event types."""

from __future__ import annotations

import dis
import linecache
import types
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Protocol

import attrs

from e11y.clock import Clock, Ids
from e11y.context import CURRENT, values
from e11y.errors import ConfigError, Problem
from e11y.event import Event, Variant, function_of
from e11y.outcome import Outcome
from e11y.pipeline import entry as entries
from e11y.pipeline import writer as writing
from e11y.pipeline.placed import Placed
from e11y.pipeline.plan import Implementations, Plan, make_plan, read_schema
from e11y.pipeline.refusal import make_check, make_loosen, make_open
from e11y.pipeline.text import Shape, Writer
from e11y.record import EXTRAS, Entry, Layout
from e11y.routing import Routing
from e11y.severity import Severity
from e11y.steps import Drop


class Line(Protocol):
    """Where compiled code hands entries over: one severity class of the intake."""

    queue: Any
    gate: Any
    soft_limit: int

    @property
    def push(self) -> Callable[[Entry], None]:
        """Appends an entry of one slot."""
        ...

    @property
    def push_two(self) -> Callable[[tuple[Entry, None]], None]:
        """Appends an entry of two slots, and the padding behind it."""
        ...

    def push_long(self, entry: Entry, size: int) -> None:
        """Append an entry whose texts hold ``size`` bytes."""
        ...

    def pressed(self) -> bool:
        """Tell that the queue is long; return whether the event must be shed (then it is counted)."""
        ...


@attrs.frozen(eq=False)
class Wiring:
    """What compiled code is wired to: the parts of one runtime.

    Args:
        plugins: Where hooks are asked.
        routing: Which adapters there are.
        layouts: All layouts of the runtime; compiled code adds its own.
        line_of: Severity -> where its entries go.
        clock, ids: Time and chance.
        tracked, unrouted, withheld: Count one event; called without arguments.
        dropped: Counts a ``Drop``; returns the outcome.
        keep: Takes ``(reason, entry)`` of a dropped record that is to be a dead letter.
        fault: Takes the placed step and the exception.
        refuse: Takes schema, severity and problems of a call; returns the outcome or raises.
        resumes: Index of a buffered entry's layout -> what takes it through zones 4 and 5.
        scopes: What the scopes of this runtime share; those of another one hold nothing of it.
        resource: Constants of the process, for every record.
        retention_s: Default retention.
        buffers: Whether debug events wait in their scope.
        trigger: Lowest severity that makes a scope fail, or ``None``.
        originals: Whether some adapter receives original values.
        debug_checks: Whether steps are watched for changing what they only may read.
    """

    plugins: Implementations
    routing: Routing
    layouts: list[Layout]
    line_of: Callable[[Severity], Line]
    clock: Clock
    ids: Ids
    tracked: Callable[[], object]
    unrouted: Callable[[], object]
    withheld: Callable[[], object]
    dropped: Callable[[Drop], Outcome]
    keep: Callable[[str, Severity, Entry], None]
    fault: Callable[[Placed, BaseException], None]
    refuse: Callable[[Plan, Severity, list[Problem]], Outcome]
    resumes: dict[int, Callable[[Entry], Outcome]]
    scopes: object
    resource: Mapping[str, str]
    retention_s: float
    buffers: bool = True
    trigger: Severity | None = Severity.ERROR
    originals: bool = False
    debug_checks: bool = False


class Compiler:
    """Compiles event types for one runtime.

    Args:
        wiring: The runtime's parts.
        generation: Number of the runtime in this process. It becomes part of the names that the code
            reads, so that a thread caught in the middle of a swap still sees its own runtime.
    """

    def __init__(self, wiring: Wiring, generation: int) -> None:
        self._wiring = wiring
        self._generation = generation
        self._plans: dict[type[Event], Plan] = {}
        self._codes: dict[tuple[type[Event], Variant], types.CodeType] = {}

    def plan(self, event_type: type[Event]) -> Plan:
        """Return the plan of an event type, made once.

        Raises:
            ConfigError: The type, or what plugins make of it, cannot work.
        """
        found = self._plans.get(event_type)
        if found is None:
            schema = read_schema(event_type, self._wiring.retention_s)
            found = make_plan(schema, self._wiring.plugins)
            if self._wiring.debug_checks:
                from e11y.pipeline.watch import watched  # noqa: PLC0415 - only when asked for

                found = watched(found)
            self._plans[event_type] = found
        return found

    def compile(self, event_type: type[Event], variant: Variant = ()) -> None:
        """Compile one function and put its code in place.

        Raises:
            ConfigError: The type cannot work.
        """
        function = function_of(event_type, variant)
        code = self._codes.get((event_type, variant))
        if code is None:
            plan = self.plan(event_type)
            shape = self.shape(plan, variant)
            text, names = writing.write(plan, shape, lambda writer: self._names(writer, plan, shape))
            code = put_in_place(function, text, _title(event_type, variant), names, self._generation)
            self._codes[event_type, variant] = code
        function.__code__ = code

    def source(self, event_type: type[Event], variant: Variant = ()) -> str:
        """Return the generated source of one function."""
        plan = self.plan(event_type)
        return writing.write(plan, self.shape(plan, variant), lambda writer: {})[0]

    def shape(self, plan: Plan, variant: Variant) -> Shape:
        """Return what a variant fixes: ``()`` or ``(severity, adapters, partial)``."""
        severity, explicit, partial = variant or (None, None, False)
        severity = severity or plan.schema.severity
        wiring = self._wiring
        return Shape(
            severity=severity,
            adapters=wiring.routing.resolve(plan.schema, severity, explicit, plan.routed),
            late=bool(variant),
            loose=partial,
            buffers=wiring.buffers and severity is Severity.DEBUG and not plan.schema.audit,
            triggers=wiring.trigger is not None and severity >= wiring.trigger,
            keeps_originals=wiring.originals,
        )

    def _names(self, writer: Writer, plan: Plan, shape: Shape) -> dict[str, Any]:
        wiring = self._wiring
        line = wiring.line_of(shape.severity)

        def refuse(problems: list[Problem]) -> Outcome:
            return wiring.refuse(plan, shape.severity, problems)

        names: dict[str, Any] = {
            "_tracked": wiring.tracked,
            "_unrouted": wiring.unrouted,
            "_withheld": wiring.withheld,
            "_dropped": wiring.dropped,
            "_keep": lambda drop, entry: wiring.keep(drop.reason, shape.severity, entry),
            "_fault": wiring.fault,
            "_check": make_check(plan, refuse),
            "_opened": make_open(refuse),
            "_loosened": make_loosen(plan, fitting=shape.loose and plan.schema.checked),
            "_current": CURRENT.get,
            "_context": _context,
            "_now": wiring.clock.time_ns,
            "_random": wiring.ids.random.random,
            "_new_trace": wiring.ids.trace_id,
            "_new_span": wiring.ids.span_id,
            "_routes": lambda chosen: wiring.routing.claimed(chosen, shape.severity, plan.schema),
            "_buffers": wiring.scopes,
            "_gate": line.gate,
            "_queue": line.queue,
            "_soft": line.soft_limit,
            "_push": line.push,
            "_push_two": line.push_two,
            "_push_long": line.push_long,
            "_pressed": line.pressed,
        }
        names["_index"] = self._layout(writer, plan, shape, entries.final_extras(writer)).index
        if shape.buffers or plan.samplers:
            held = self._layout(writer, plan, shape, entries.buffered_extras(writer))
            names["_held_index"] = held.index
            if shape.buffers:
                self._make_resume(writer, plan, shape, names, held)
        return names

    def _make_resume(self, writer: Writer, plan: Plan, shape: Shape, names: dict[str, Any], held: Layout) -> None:
        """Prepare the second half of the way for entries that wait in a scope, when it is not constant."""
        if not writing.needs_resume(plan) and shape.adapters and not plan.samplers:
            return
        text, own = writing.write_resume(plan, shape, lambda _: names)
        code = _compiled(text, f"{_title(plan.schema.event_type, ())} resume")
        prove_bound(code, set(own))
        self._wiring.resumes[held.index] = types.FunctionType(code, own, "resume")

    def _layout(self, writer: Writer, plan: Plan, shape: Shape, extras: list[str]) -> Layout:
        schema = plan.schema
        start = EXTRAS + len(extras)
        metadata: dict[str, Any] = {}
        name = schema.name
        for placed in plan.annotators:
            metadata.update(placed.step.constants)
            name = placed.step.name or name
        if schema.audit:
            metadata["audit"] = True
        originals = {
            column.removeprefix("_original_"): start + len(writer.fields) + position
            for position, column in enumerate(entries.original_names(writer))
        }
        if shape.keeps_originals:
            originals.update({field: start + writer.fields.index(field) for field in writer.pending - set(originals)})
        restored = {
            field: check.restore
            for field, check in plan.checks.items()
            if check.restore is not None and writer.plain and field not in writer.changed
        }
        layout = Layout(
            index=len(self._wiring.layouts),
            name=name,
            severity=shape.severity,
            version=schema.version,
            event_type=schema.qualified_name,
            names=writer.fields,
            restores=restored,
            extras=tuple(_EXTRA_NAMES[extra] for extra in extras),
            metadata=metadata,
            adapters=shape.adapters,
            retention_ns=int(schema.retention_s * 1_000_000_000),
            originals=originals,
            deferred=tuple(placed.step.deferred for placed in plan.deferred),
            overhead_bytes=_ENTRY_BYTES + _COLUMN_BYTES * len(writer.fields),
            resource=self._wiring.resource,
        )
        self._wiring.layouts.append(layout)
        return layout


_EXTRA_NAMES = {
    "_span": "span_id",
    "_metadata": "metadata",
    "_open": "open",
    "_unfiltered": "unfiltered",
    "_weight": "weight",
    "_route": "route",
}
_ENTRY_BYTES = 120
_COLUMN_BYTES = 40
_KEPT_GENERATIONS = 2


@lru_cache(maxsize=256)
def _context(snapshot: tuple[Any, ...]) -> Mapping[str, Any]:
    return types.MappingProxyType(values(snapshot))


def _compiled(text: str, title: str) -> types.CodeType:
    """Return the code of one function; tracebacks show the text that was compiled last under its title."""
    filename = f"<e11y {title}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    return _code(text, filename)


@lru_cache(maxsize=4096)
def _code(text: str, filename: str) -> types.CodeType:
    """Compile one function; the same text is compiled once per process."""
    module = compile(text, filename, "exec", dont_inherit=True)
    return next(constant for constant in module.co_consts if isinstance(constant, types.CodeType))


def put_in_place(
    function: types.FunctionType, text: str, title: str, names: Mapping[str, Any], generation: int
) -> types.CodeType:
    """Compile ``text`` for ``function``, hand it its names, and return the code, which is not swapped in yet.

    Raises:
        ConfigError: The code reads a name that nothing binds.
    """
    suffix = f"·{generation}"
    code = _renamed(_compiled(text, title), names, suffix)
    prove_bound(code, {name + suffix for name in names})
    _forget(function.__globals__, generation)
    function.__globals__.update({name + suffix: value for name, value in names.items()})
    return code


def _renamed(code: types.CodeType, names: Mapping[str, Any], suffix: str) -> types.CodeType:
    """Return ``code`` with a suffix on the global names it reads."""
    return code.replace(co_names=tuple(name + suffix if name in names else name for name in code.co_names))


def _forget(space: dict[str, Any], generation: int) -> None:
    """Drop the names of runtimes that no thread can still be in the middle of. Others may be at it too."""
    for name in [name for name in list(space) if "·" in name]:
        if int(name.rpartition("·")[2]) <= generation - _KEPT_GENERATIONS:
            space.pop(name, None)


def prove_bound(code: types.CodeType, names: set[str]) -> None:
    """Check that the code reads no global outside ``names`` and no local that is never written.

    Raises:
        ConfigError: It does: a bug of the compiler, caught at start instead of in a step's guard.
    """
    known = set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + 2])
    read: set[str] = set()
    for instruction in dis.get_instructions(code):
        parts = instruction.argval if isinstance(instruction.argval, tuple) else (instruction.argval,)
        if instruction.opname.startswith("LOAD_GLOBAL"):
            read.update(part for part in parts if part not in names)
        elif "STORE_FAST" in instruction.opname:
            known.update(str(part) for part in parts)
    for instruction in dis.get_instructions(code):
        parts = instruction.argval if isinstance(instruction.argval, tuple) else (instruction.argval,)
        if instruction.opname.startswith("LOAD_FAST"):
            read.update(part for part in parts if part not in known)
    if read:
        raise ConfigError(
            f"generated code reads {', '.join(sorted(map(str, read)))}, which nothing binds",
            where=code.co_filename,
            fix="report this as a bug of e11y-core",
        )


def _title(event_type: type[Event], variant: Variant) -> str:
    if not variant:
        return f"{event_type.__module__}.{event_type.__qualname__}"
    severity, adapters, partial = variant
    return f"{event_type.__module__}.{event_type.__qualname__} at({severity}, {adapters}, {partial})"


__all__ = ["Compiler", "Line", "Wiring", "prove_bound", "put_in_place"]
