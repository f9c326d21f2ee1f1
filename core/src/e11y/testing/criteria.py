"""What a test expects of one record, and how many such records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from e11y.adapters.memory import Selector, selects
from e11y.record import Record


@attrs.frozen(eq=False)
class Criteria:
    """Holds for a record only when everything holds for that same record.

    Args:
        what: An event class, an exact name, a glob or a compiled regular expression.
        fields: Payload field -> expected value: a literal, a matcher that defines ``==`` (``pytest.approx``,
            ``mock.ANY``), a class to be an instance of, or a function that tells whether the value will do.
        severity: Of the record; ``None``: any.
        trace_id: Of the record, 32 hex digits; ``None``: any.
        exact: Whether the payload may hold nothing beside ``fields``.
    """

    what: Selector
    fields: Mapping[str, Any] = attrs.field(factory=dict)
    severity: str | None = None
    trace_id: str | None = None
    exact: bool = False

    def names(self, record: Record) -> bool:
        """Return whether the record is of the right event."""
        return selects(self.what)(record)

    def differences(self, record: Record) -> Iterator[str]:
        """Yield what keeps a record of the right event from fitting."""
        payload = record.payload
        for name, expected in self.fields.items():
            if name not in payload:
                yield f"{name} is absent"
            elif not _fits(expected, payload[name]):
                yield f"{name} differs"
        if self.exact:
            yield from (f"{name} is too much" for name in payload if name not in self.fields)
        if self.severity is not None and record.severity != self.severity:
            yield "severity differs"
        if self.trace_id is not None and record.trace_id != self.trace_id:
            yield "trace_id differs"

    def fits(self, record: Record) -> bool:
        """Return whether every criterion holds for ``record``."""
        return self.names(record) and not any(self.differences(record))

    def __str__(self) -> str:
        parts = [f"{name}={_shown(expected)}" for name, expected in self.fields.items()]
        if self.severity is not None:
            parts.append(f"severity {self.severity}")
        if self.trace_id is not None:
            parts.append(f"trace_id {self.trace_id}")
        if self.exact:
            parts.append("no other field")
        return title(self.what) + (f" with {', '.join(parts)}" if parts else "")


@attrs.frozen
class Times:
    """How often something may happen: ``low`` to ``high`` times; ``None`` has no end."""

    low: int
    high: int | None

    @classmethod
    def of(cls, times: int | None, at_least: int | None, at_most: int | None) -> Times:
        """Return what the three arguments of an assertion mean together; without any: at least once.

        Raises:
            ValueError: ``times`` stands beside one of the others.
        """
        if times is not None:
            if at_least is not None or at_most is not None:
                raise ValueError("times= says it all; leave at_least= and at_most= out")
            return cls(times, times)
        if at_least is None:
            at_least = 1 if at_most is None else 0
        return cls(at_least, at_most)

    def __contains__(self, count: int) -> bool:
        return self.low <= count and (self.high is None or count <= self.high)

    def __str__(self) -> str:
        if self.high is None:
            return f"at least {self.low}"
        if self.low == self.high:
            return f"exactly {self.low}"
        return f"{self.low} to {self.high}" if self.low else f"at most {self.high}"


def title(what: Selector) -> str:
    """Return how a selector is called in messages."""
    if isinstance(what, re.Pattern):
        return f"/{what.pattern}/"
    return what if isinstance(what, str) else what.__name__


def _fits(expected: Any, value: Any) -> bool:
    if isinstance(expected, type):
        return isinstance(value, expected)
    if callable(expected):
        return bool(expected(value))
    return bool(expected == value)


def _shown(expected: Any) -> str:
    return f"<{expected.__name__}>" if hasattr(expected, "__name__") else repr(expected)
