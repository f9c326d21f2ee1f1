"""Writes the function of one event type as Python source.

Absent features leave no code behind. Names that the code reads besides fields start with an underscore,
which no field may, and are handed over in a dict of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import attrs

from e11y.checks.containers import sized
from e11y.outcome import Outcome
from e11y.pipeline.plan import Placed, Plan
from e11y.pipeline.refusal import stored
from e11y.severity import Severity
from e11y.steps import CONTEXT, META, MISSING, PAYLOAD, REMOVE, Drop, Need

LONG_TEXT = 400
"""From so many bytes of text on, an entry takes more than one slot of the intake."""


@attrs.frozen(eq=False)
class Shape:
    """What one compiled function fixes beside the plan.

    Args:
        severity: Of its events.
        adapters: Names when they do not depend on the event.
        late: Whether it takes ``_time_ns``, ``_trace`` and ``_metadata`` (a variant made by ``at`` or ``timed``).
        loose: Whether checks are skipped (validation ``never``, or a body that failed half-way).
        buffers: Whether debug events wait in the scope.
        triggers: Whether the event makes its scope fail.
        keeps_originals: Whether some adapter receives values as they were before zone 2.
    """

    severity: Severity
    adapters: tuple[str, ...]
    late: bool = False
    loose: bool = False
    buffers: bool = False
    triggers: bool = False
    keeps_originals: bool = False


class Writer:
    """Collects the lines of one function and the names it reads."""

    def __init__(self, plan: Plan, shape: Shape) -> None:
        self.plan = plan
        self.shape = shape
        self.names: dict[str, Any] = {
            "_MISSING": MISSING,
            "_REMOVE": REMOVE,
            "_Exception": Exception,
            "_tuple": tuple,
            "_len": len,
            "_str": str,
            "_float": float,
            "_Drop": Drop,
            "_stored": stored,
            "_sized": sized,
        }
        self.names.update({f"_{outcome.name}": outcome for outcome in Outcome})
        self.steps = {id(placed): f"_step{number}" for number, placed in enumerate(plan.steps)}
        self.declared = tuple(plan.checks)
        self.fields = tuple(plan.schema.fields)
        self.changed = {name for placed in plan.filters for name in placed.step.fields}
        self.absent = {*self.changed, *(name for name in self.fields if plan.schema.fields[name].added)}
        self.pending = {name for placed in plan.filters for name in placed.step.defers}
        if shape.loose or plan.validation != "always":
            self.absent.update(self.fields)
        self.plain = not shape.loose and plan.validation == "always"
        self.reads = {need for placed in plan.steps for need in getattr(placed.step, "needs", None) or ()}
        self.resumed = False
        self._lines: list[str] = []
        self._depth = 0

    # The text

    def line(self, text: str = "") -> None:
        """Add one line at the present depth."""
        self._lines.append("    " * self._depth + text if text else "")

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Add ``head`` and indent what follows inside the ``with``."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    @property
    def text(self) -> str:
        """The source written so far."""
        return "\n".join(self._lines) + "\n"

    # What steps read

    def arguments(self, needs: Sequence[str | Need]) -> str:
        """Return the argument list for a step."""
        return ", ".join(self.argument(need) for need in needs)

    def argument(self, need: str | Need) -> str:
        """Return the expression for one need."""
        if isinstance(need, str):
            read = self._restored(need) if self.resumed else need
            return f"(None if {need} is _MISSING else {read})" if need in self.absent else read
        constants = {META.name: self.plan.schema.name, META.severity: self.shape.severity, META.version: self.plan.schema.version}
        if need in constants:
            name = "_" + need.name.replace(".", "_").lower()
            self.names[name] = constants[need]
            return name
        return {
            META.time_ns: "_time",
            META.trace_id: "_snapshot[0]",
            META.span_id: "_span",
            META.sampled: "_snapshot[4]",
            CONTEXT: "_context(_snapshot)",
            PAYLOAD: "_payload",
        }[need]

    def _restored(self, name: str) -> str:
        """Return the expression that turns a stored column back into what the step expects."""
        check = self.plan.checks.get(name)
        if check is None or check.restore is None or name in self.changed or not self.plain:
            return name
        self.names[f"_restore_{name}"] = check.restore
        return f"(None if {name} is None else _restore_{name}({name}))"

    @contextmanager
    def guarded(self, placed: Placed, *otherwise: str) -> Iterator[None]:
        """Write a step's call so that its failure is its plugin's and not the caller's."""
        self.names[f"{self.steps[id(placed)]}_failed"] = placed
        with self.block("try:"):
            yield
        with self.block("except _Exception as _error:"):
            self.line(f"_fault({self.steps[id(placed)]}_failed, _error)")
            for text in otherwise:
                self.line(text)

    def payload(self, fields: Sequence[str]) -> str:
        """Return the expression of a read-only mapping of the payload as it is now."""
        self.names["_read_only"] = _read_only
        names = f"_fields_{len(fields)}"
        self.names[names] = tuple(fields)
        extra = ", _open" if self.plan.schema.open else ""
        return f"_read_only({names}, ({_row(fields)}){extra})"


def write(plan: Plan, shape: Shape, bind: Callable[[Writer], Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Return the source of an event type's function and the names it reads.

    Args:
        plan: Checks and steps.
        shape: What this variant fixes.
        bind: Called last; returns the names that the runtime provides.
    """
    writer = Writer(plan, shape)
    late = ["_time_ns=None", "_trace=None", "_metadata=None"] if shape.late else []
    parameters = ", ".join(["*_args", *(f"{name}=_MISSING" for name in writer.declared), *late, "**_unknown"])
    with writer.block(f"def track({parameters}):"):
        writer.line("_tracked()")
        _write_checks(writer)
        _write_context(writer)
        _write_enrichers(writer)
        _write_filters(writer)
        _write_observers(writer)
        _write_buffer(writer)
        _write_samplers(writer)
        _write_metadata(writer)
        _write_delivery(writer)
    writer.names.update(bind(writer))
    return writer.text, writer.names


def write_resume(plan: Plan, shape: Shape, bind: Callable[[Writer], Mapping[str, Any]]) -> tuple[str, dict[str, Any]]:
    """Return the source of the function that takes a buffered entry through zones 4 and 5."""
    writer = Writer(plan, shape)
    writer.resumed = True
    with writer.block("def resume(_entry):"):
        head = ["_", "_time", "_snapshot", *buffered_extras(writer)]
        writer.line(f"{_row([*head, *writer.fields, *original_names(writer)])} = _entry")
        writer.absent.update(writer.fields)
        _write_sealed(writer, writer.plan.annotators + writer.plan.routers)
        _write_metadata(writer)
        _write_delivery(writer)
    writer.names.update(bind(writer))
    return writer.text, writer.names


def needs_resume(plan: Plan) -> bool:
    """Return whether zones 4 and 5 do anything that depends on the event."""
    return any(placed.step.fn is not None for placed in plan.annotators) or bool(plan.routers)


def columns(writer: Writer) -> list[str]:
    """Return the expressions that store the fields in an entry."""
    expressions = []
    for name in writer.fields:
        check = writer.plan.checks.get(name)
        if name in writer.changed or check is None:
            expressions.append(f"_stored({name})")
        elif writer.plain and check.store is not None:
            writer.names.update(check.names)
            expressions.append(check.store.format(v=name))
        else:
            expressions.append(name)
    return expressions


def original_names(writer: Writer) -> list[str]:
    """Return the variables that hold what fields were before zone 2."""
    if not writer.shape.keeps_originals:
        return []
    return [f"_original_{name}" for name in writer.fields if name in writer.changed]


def buffered_extras(writer: Writer) -> list[str]:
    """Return the extras of an entry in the debug buffer, as variable names."""
    made = []
    if META.span_id in writer.reads:
        made.append("_span")
    if writer.shape.late or any(placed.step.signs for placed in writer.plan.filters):
        made.append("_metadata")
    if writer.plan.schema.open:
        made.append("_open")
    return made


def final_extras(writer: Writer) -> list[str]:
    """Return the extras of an entry in the intake, as variable names."""
    made = buffered_extras(writer)
    if "_metadata" not in made and any(placed.step.fn for placed in writer.plan.annotators):
        made.append("_metadata")
    if writer.plan.samplers:
        made.append("_weight")
    if writer.plan.routers:
        made.append("_route")
    return made


def size(writer: Writer) -> str:
    """Return the expression for the bytes of an entry's texts, empty when they are bounded."""
    parts = []
    for name in writer.fields:
        check = writer.plan.checks.get(name)
        if check is not None and writer.plain and name not in writer.changed:
            if check.size is not None:
                writer.names.update(check.names)
                parts.append(check.size.format(v=name))
        elif check is None or check.size is not None:
            parts.append(f"_sized({name})")
    if writer.plan.schema.open:
        parts.append("_sized(_open)")
    return " + ".join(parts)


def _write_checks(writer: Writer) -> None:
    plan = writer.plan
    row = f"({_row(writer.declared)})"
    unknown = "" if plan.schema.open else " or _unknown"
    if writer.shape.loose or plan.validation == "never":
        _write_loose(writer, row)
    elif plan.validation != "always":
        writer.names["_share"] = plan.validation
        with writer.block("if _random() < _share:"):
            writer.line(f"_checked = _check(_args, _unknown, {row})")
            with writer.block("if _checked.__class__ is not _tuple:"):
                writer.line("return _checked")
            if writer.declared:
                writer.line(f"{_row(writer.declared)} = _checked")
        _write_loose(writer, row)
    else:
        _write_strict(writer, row, unknown)
    if plan.schema.open:
        writer.line("_open = _opened(_unknown)")
        with writer.block("if _open.__class__ is not _dict:"):
            writer.line("return _open")
        writer.names["_dict"] = dict


def _write_loose(writer: Writer, row: str) -> None:
    writer.line("# not checked: only copied")
    if writer.declared:
        writer.line(f"{_row(writer.declared)} = _loosened({row})")


def _write_strict(writer: Writer, row: str, unknown: str) -> None:
    conditions = []
    copies = []
    for name, check in writer.plan.checks.items():
        writer.names.update(check.names)
        if check.fast is not None:
            fast = check.fast.format(v=name)
            conditions.append(f"({fast})" if " or " in fast else fast)
        elif check.copy is not None:
            conditions.append(f"(_copied_{name} := {check.copy.format(v=name)}) is not _MISSING")
            copies.append(name)
    writer.line("# check")
    with writer.block("try:"):
        with writer.block("_passed = ("):
            writer.line(f"not (_args{unknown})")
            for condition in conditions:
                writer.line(f"and {condition}")
        writer.line(")")
    with writer.block("except _Exception:"):  # a NaN that is compared, a predicate, a value with traps in it
        writer.line("_passed = False")
    with writer.block("if not _passed:"):
        writer.line(f"_checked = _check(_args, _unknown, {row})")
        with writer.block("if _checked.__class__ is not _tuple:"):
            writer.line("return _checked")
        if writer.declared:
            writer.line(f"{_row(writer.declared)} = _checked")
    if copies:
        with writer.block("else:"):
            for name in copies:
                writer.line(f"{name} = _copied_{name}")


def _write_context(writer: Writer) -> None:
    writer.line("# context")
    writer.line("_frame = _current()")
    writer.line("_snapshot = _frame.snapshot")
    if writer.shape.late:
        with writer.block("if _trace is not None:"):
            writer.line("_snapshot = (_trace, *_snapshot[1:])")
    if META.trace_id in writer.reads:
        with writer.block("if not _snapshot[0]:"):
            writer.line("_snapshot = (_new_trace(), *_snapshot[1:])")
    if META.span_id in writer.reads:
        writer.line("_span = _new_span()")
    if writer.shape.late:
        writer.line("_time = _now() if _time_ns is None else _time_ns")
    elif META.time_ns in writer.reads:
        writer.line("_time = _now()")


def time(writer: Writer) -> str:
    """Return the expression for the time of the event."""
    return "_time" if writer.shape.late or META.time_ns in writer.reads else "_now()"


def _write_enrichers(writer: Writer) -> None:
    if not writer.plan.enrich:
        return
    writer.line("# zone 1: pre_processing")
    known = list(writer.declared)
    for placed in writer.plan.enrich:
        added = tuple(placed.step.adds)
        if PAYLOAD in placed.step.needs:
            writer.line(f"_payload = {writer.payload(known)}")
        target = _row(added) if len(added) > 1 else "".join(added) or "_"
        with writer.guarded(placed, *(f"{name} = _MISSING" for name in added)):
            _call(writer, placed, f"{target} = {{}}")
        known.extend(added)


def _write_filters(writer: Writer) -> None:
    if not writer.plan.filters:
        return
    writer.line("# zone 2: security")
    for name in original_names(writer):
        writer.line(f"{name} = {name.removeprefix('_original_')}")
    if any(placed.step.signs for placed in writer.plan.filters):
        if not writer.shape.late:
            writer.line("_metadata = None")
    for number, placed in enumerate(writer.plan.filters):
        step = writer.steps[id(placed)]
        if placed.step.signs is not None:
            writer.names[f"{step}_signs"] = placed.step.signs
            with writer.guarded(placed, "_withheld()", "return _FILTER_FAILED"):
                writer.line(f"_metadata = {{**(_metadata or {{}}), **{step}_signs({writer.payload(writer.fields)})}}")
        for position, (name, function) in enumerate(placed.step.fields.items()):
            called = f"{step}_{position}"
            writer.names[called] = function
            condition = f"if {name} is not _MISSING:" if name in writer.absent - writer.changed or number else ""
            with writer.guarded(placed, "_withheld()", "return _FILTER_FAILED"):
                if condition:
                    with writer.block(condition):
                        writer.line(f"{name} = {called}({name})")
                else:
                    writer.line(f"{name} = {called}({name})")
                with writer.block(f"if {name} is _REMOVE:"):
                    writer.line(f"{name} = _MISSING")


def _write_sealed(writer: Writer, placed: Sequence[Placed]) -> None:
    if any(PAYLOAD in (one.step.needs or ()) for one in placed):
        writer.line(f"_payload = {writer.payload(writer.fields)}")


def _write_observers(writer: Writer) -> None:
    plan = writer.plan
    sealed = (*plan.observers, *plan.samplers, *plan.annotators, *plan.routers)
    _write_sealed(writer, sealed)
    if plan.observers:
        writer.line("# zone 3: routing, observers")
    for placed in plan.observers:
        with writer.guarded(placed):
            _call(writer, placed, "{}")


def _write_buffer(writer: Writer) -> None:
    if not writer.shape.buffers:
        return
    writer.line("# a debug event waits in its scope")
    writer.line("_scope = _frame.scope")
    with writer.block("if _scope is not None:"):
        extras = buffered_extras(writer)
        row = ["_held_index", time(writer), "_snapshot", *extras, *columns(writer), *original_names(writer)]
        writer.line(f"return _scope.hold(({_row(row)}), {size(writer) or '0'})")


def _write_samplers(writer: Writer) -> None:
    if not writer.plan.samplers:
        return
    writer.line("# zone 3: routing, samplers")
    writer.line("_weight = 1.0")
    for placed in writer.plan.samplers:
        with writer.guarded(placed):
            _call(writer, placed, "_kept = {}")
            with writer.block("if _kept.__class__ is _Drop:"):
                with writer.block("if _kept.dead_letter:"):
                    row = ["_held_index", time(writer), "_snapshot", *buffered_extras(writer), *columns(writer)]
                    writer.line(f"_keep(_kept, ({_row([*row, *original_names(writer)])}))")
                writer.line("return _dropped(_kept)")
            writer.line("_weight *= _kept")


def _write_metadata(writer: Writer) -> None:
    dynamic = [placed for placed in writer.plan.annotators if placed.step.fn is not None]
    if not dynamic:
        return
    writer.line("# zone 4: post_processing")
    if "_metadata" not in buffered_extras(writer):
        writer.line("_metadata = None")
    for placed in dynamic:
        with writer.guarded(placed):
            _call(writer, placed, "_metadata = {{**(_metadata or {{}}), **{}}}")


def _write_delivery(writer: Writer) -> None:
    plan, shape, resumed = writer.plan, writer.shape, writer.resumed
    writer.line("# zone 5: adapters")
    if plan.routers:
        writer.line("_route = ()")
        for placed in plan.routers:
            with writer.guarded(placed):
                _call(writer, placed, "_route += {}")
        writer.line("_route = _routes(_route)")
        unrouted = "if not _route:"
    else:
        unrouted = "" if shape.adapters else "if True:"
    if unrouted:
        with writer.block(unrouted):
            writer.line("_unrouted()")
            writer.line("return _UNROUTED")
        if not plan.routers:
            return
    if shape.triggers and not resumed:
        writer.line("_scope = _frame.scope")
        with writer.block("if _scope is not None:"):
            writer.line("_scope.fail('error event')")
    if resumed and plan.samplers:
        writer.line("_weight = 1.0")
    stamp = "_time" if resumed else time(writer)
    stores = list(writer.fields) if resumed else columns(writer)
    row = ["_index", stamp, "_snapshot", *final_extras(writer), *stores, *original_names(writer)]
    texts = size(writer)
    with writer.block("if _len(_queue) > _soft and _pressed():"):
        writer.line("return _SHED")
    if texts and not resumed:
        writer.line(f"_size = {texts}")
        with writer.block(f"if _size > {LONG_TEXT}:"):
            writer.line(f"_push_long(({_row(row)}), _size)")
            writer.line("return _ACCEPTED")
    writer.line(f"_push(({_row(row)}))" if not resumed else f"_push_long(({_row(row)}), _sized({_list(stores)}))")
    writer.line("return _ACCEPTED")


def _call(writer: Writer, placed: Placed, form: str) -> None:
    name = writer.steps[id(placed)]
    writer.names[name] = placed.step.fn
    writer.line(form.format(f"{name}({writer.arguments(placed.step.needs or ())})"))


def _row(parts: Sequence[str]) -> str:
    return ", ".join(parts) + ("," if len(parts) == 1 else "")


def _list(parts: Sequence[str]) -> str:
    return "[" + ", ".join(parts) + "]"


def _read_only(names: tuple[str, ...], values: tuple[Any, ...], more: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
    there = {name: value for name, value in zip(names, values, strict=True) if value is not MISSING}
    return MappingProxyType({**there, **more} if more else there)
