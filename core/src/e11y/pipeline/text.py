"""Collects the source of one generated function together with the names it reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import attrs

from e11y.checks.containers import sized
from e11y.outcome import Outcome
from e11y.pipeline.placed import Placed
from e11y.pipeline.plan import Plan
from e11y.pipeline.refusal import stored
from e11y.sentinel import MISSING, REMOVE
from e11y.severity import Severity
from e11y.steps import CONTEXT, META, PAYLOAD, Drop, Need


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
        self.plan = plan = plan.at(shape.severity)
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
        self.measured: list[str] = []
        """Fields whose length the check has put into a variable."""
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
        constants = {
            META.name: self.plan.schema.name,
            META.severity: self.shape.severity,
            META.version: self.plan.schema.version,
        }
        if need in constants:
            name = "_" + need.name.replace(".", "_").lower()
            self.names[name] = constants[need]
            return name
        return {
            META.time_ns: "_time",
            META.trace_id: "_snapshot[0]",
            META.context_trace_id: "_snapshot[0]",
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
        return f"_read_only({names}, ({joined(fields)}){extra})"


def joined(parts: Sequence[str]) -> str:
    """Return the inside of a tuple display."""
    return ", ".join(parts) + ("," if len(parts) == 1 else "")


def listed(parts: Sequence[str]) -> str:
    """Return a list display."""
    return "[" + ", ".join(parts) + "]"


def _read_only(
    names: tuple[str, ...], values: tuple[Any, ...], more: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    there = {name: value for name, value in zip(names, values, strict=True) if value is not MISSING}
    return MappingProxyType({**there, **more} if more else there)
