"""The sections of the generated function, in the order in which an event passes them."""

from __future__ import annotations

from collections.abc import Sequence

from e11y.delivery.intake import SLOT_BYTES, SLOT_TEXT
from e11y.pipeline.entry import buffered_extras, columns, final_extras, keeps_open, length, original_names, size, time
from e11y.pipeline.placed import Placed
from e11y.pipeline.text import Writer, joined, listed
from e11y.steps import META, PAYLOAD

_LENGTH = "_len({v})"


def write_checks(writer: Writer) -> None:
    """Check the fields; all that do not fit are reported together."""
    plan = writer.plan
    row = f"({joined(writer.declared)})"
    unknown = "" if plan.schema.open else " and not _unknown"
    if writer.shape.loose or plan.validation == "never":
        _write_loose(writer, row)
    elif plan.validation != "always":
        writer.names["_share"] = plan.validation
        with writer.block("if _random() < _share:"):
            writer.line(f"_checked = _check(_args, _unknown, {row})")
            with writer.block("if _checked.__class__ is not _tuple:"):
                writer.line("return _checked")
            if writer.declared:
                writer.line(f"{joined(writer.declared)} = _checked")
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
        writer.line(f"{joined(writer.declared)} = _loosened({row})")


def _write_strict(writer: Writer, row: str, unknown: str) -> None:
    conditions = []
    copies = []
    for name, check in writer.plan.checks.items():
        writer.names.update(check.names)
        if check.fast is not None:
            fast = check.fast
            if check.size == _LENGTH and _LENGTH in fast and " or " not in fast and name not in writer.changed:
                fast = fast.replace(_LENGTH, f"({length(name)} := {_LENGTH})", 1)
                writer.measured.append(name)
            fast = fast.format(v=name)
            conditions.append(f"({fast})" if " or " in fast else fast)
        elif check.copy is not None:
            conditions.append(f"(_copied_{name} := {check.copy.format(v=name)}) is not _MISSING")
            copies.append(name)
    writer.line("# check")
    with writer.block("try:"):
        with writer.block("_passed = ("):
            writer.line(f"not _args{unknown}")
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
            writer.line(f"{joined(writer.declared)} = _checked")
        for name in writer.measured:
            writer.line(f"{length(name)} = _len({name})")
    if copies:
        with writer.block("else:"):
            for name in copies:
                writer.line(f"{name} = _copied_{name}")


def write_context(writer: Writer) -> None:
    """Take the context that is current at the call."""
    writer.line("# context")
    if writer.shape.buffers or writer.shape.triggers:
        writer.line("_frame = _current()")
        writer.line("_snapshot = _frame.snapshot")
    else:
        writer.line("_snapshot = _current().snapshot")
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


def write_enrichers(writer: Writer) -> None:
    """Zone 1: run the enrichers."""
    if not writer.plan.enrich:
        return
    writer.line("# zone 1: pre_processing")
    known = list(writer.declared)
    for placed in writer.plan.enrich:
        added = tuple(placed.step.adds)
        if PAYLOAD in placed.step.needs:
            writer.line(f"_payload = {writer.payload(known)}")
        target = joined(added) if len(added) > 1 else "".join(added) or "_"
        with writer.guarded(placed, *(f"{name} = _MISSING" for name in added)):
            _call(writer, placed, f"{target} = {{}}")
        known.extend(added)


def write_filters(writer: Writer) -> None:
    """Zone 2: keep originals where they are wanted, sign, filter."""
    if not writer.plan.filters:
        return
    writer.line("# zone 2: security")
    for name in original_names(writer):
        writer.line(f"{name} = {name.removeprefix('_original_')}")
    if keeps_open(writer):
        writer.line("_unfiltered = _open")
    if any(placed.step.signs for placed in writer.plan.filters) and not writer.shape.late:
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
            may_be_missing = name in writer.absent - writer.changed or number or writer.plan.schema.fields[name].added
            condition = f"if {name} is not _MISSING:" if may_be_missing else ""
            with writer.guarded(placed, "_withheld()", "return _FILTER_FAILED"):
                if condition:
                    with writer.block(condition):
                        writer.line(f"{name} = {called}({name})")
                else:
                    writer.line(f"{name} = {called}({name})")
                with writer.block(f"if {name} is _REMOVE:"):
                    writer.line(f"{name} = _MISSING")
        if placed.step.open is not None:
            writer.names[f"{step}_open"] = placed.step.open
            with writer.guarded(placed, "_withheld()", "return _FILTER_FAILED"):
                writer.line(f"_open = {step}_open(_open)")


def write_sealed(writer: Writer, placed: Sequence[Placed]) -> None:
    """Build the sealed payload once, if any step reads it whole."""
    if any(PAYLOAD in (one.step.needs or ()) for one in placed):
        writer.line(f"_payload = {writer.payload(writer.fields)}")


def write_observers(writer: Writer) -> None:
    """Zone 3: tell the observers."""
    plan = writer.plan
    sealed = (*plan.observers, *plan.samplers, *plan.annotators, *plan.routers)
    write_sealed(writer, sealed)
    if plan.observers:
        writer.line("# zone 3: routing, observers")
    for placed in plan.observers:
        with writer.guarded(placed):
            _call(writer, placed, "{}")


def write_buffer(writer: Writer) -> None:
    """Leave a debug event to its open scope."""
    if not writer.shape.buffers:
        return
    writer.line("# a debug event waits in its scope")
    writer.line("_scope = _frame.scope")
    with writer.block("if _scope is not None and _scope.buffers is _buffers:"):
        extras = buffered_extras(writer)
        row = ["_held_index", time(writer), "_snapshot", *extras, *columns(writer), *original_names(writer)]
        writer.line(f"return _scope.hold(({joined(row)}), {size(writer) or '0'})")


def write_samplers(writer: Writer) -> None:
    """Zone 3: ask the samplers, multiply their weights, drop what they drop."""
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
                    writer.line(f"_keep(_kept, ({joined([*row, *original_names(writer)])}))")
                writer.line("return _dropped(_kept)")
            writer.line("_weight *= _kept")


def write_metadata(writer: Writer) -> None:
    """Zone 4: add metadata that depends on the event."""
    dynamic = [placed for placed in writer.plan.annotators if placed.step.fn is not None]
    if not dynamic:
        return
    writer.line("# zone 4: post_processing")
    if "_metadata" not in buffered_extras(writer):
        writer.line("_metadata = None")
    for placed in dynamic:
        with writer.guarded(placed):
            _call(writer, placed, "_metadata = {{**(_metadata or {{}}), **{}}}")


def write_delivery(writer: Writer) -> None:
    """Zone 5: choose adapters and append the entry to the intake."""
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
    if resumed:
        _write_push_long(writer, row, f"_sized({listed(stores)})")
        return
    if texts:
        writer.line(f"_size = {texts}")
        with writer.block(f"if _size > {SLOT_TEXT}:"):
            with writer.block(f"if _size > {SLOT_TEXT + SLOT_BYTES}:"):
                _write_push_long(writer, row, "_size")
            _write_push(writer, f"_push_two((({joined(row)}), None))")
    _write_push(writer, f"_push(({joined(row)}))")


def _write_push(writer: Writer, push: str) -> None:
    """Append an entry of one slot or two, for which the gate knows whether there is room."""
    with writer.block("if _number > _gate.limit and _pressed():"):
        writer.line("return _SHED")
    writer.line(push)
    writer.line("return _ACCEPTED")


def _write_push_long(writer: Writer, row: Sequence[str], size: str) -> None:
    """Append an entry of more slots, for which the queue itself is looked at."""
    with writer.block("if _len(_queue) > _soft and _pressed():"):
        writer.line("return _SHED")
    writer.line(f"_push_long(({joined(row)}), {size})")
    writer.line("return _ACCEPTED")


def _call(writer: Writer, placed: Placed, form: str) -> None:
    name = writer.steps[id(placed)]
    writer.names[name] = placed.step.fn
    writer.line(form.format(f"{name}({writer.arguments(placed.step.needs or ())})"))
