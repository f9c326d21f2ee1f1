"""Questions a test asks about the events that were tracked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import attrs

from e11y.adapters.memory import Selector
from e11y.record import Record
from e11y.testing.criteria import Criteria, Times, title
from e11y.testing.snapshot import Snapshots


@attrs.define(eq=False)
class Expected:
    """What ``expect`` found; empty until its block has ended."""

    records: list[Record] = attrs.field(factory=list)


class TrackedEvents:
    """The records that reached the adapters, in the order in which they were tracked.

    Each question first waits until everything that was tracked is delivered. What an event is meant to be
    is said by an event class, an exact name, a glob (``order.*``) or a compiled regular expression.

    Args:
        read: Returns all records so far.
        snapshots: Where ``assert_snapshot`` looks.
        adapters: Adapter name -> function that returns only its records.
    """

    def __init__(
        self,
        read: Callable[[], Sequence[Record]],
        snapshots: Snapshots,
        adapters: Mapping[str, Callable[[], Sequence[Record]]],
    ) -> None:
        self._read = read
        self._snapshots = snapshots
        self._adapters = adapters
        self._cleared: set[tuple[int, int]] = set()

    @property
    def records(self) -> list[Record]:
        """Every record since the test began, or since ``clear()``."""
        return [record for record in self._read() if _key(record) not in self._cleared]

    @property
    def names(self) -> list[str]:
        """The names of all records."""
        return [record.name for record in self.records]

    def find(self, what: Selector, **fields: Any) -> list[Record]:
        """Return the records of an event whose payload fits ``fields``; see ``assert_tracked``."""
        return list(filter(Criteria(what, fields).fits, self.records))

    def clear(self) -> None:
        """Forget what was tracked so far."""
        self._cleared.update(map(_key, self.records))

    def at(self, adapter: str) -> TrackedEvents:
        """Return the events that reached one adapter, by its purpose name.

        Raises:
            KeyError: There is no adapter of that name; names those that there are.
        """
        if adapter not in self._adapters:
            raise KeyError(f"no adapter {adapter!r}; there are: {', '.join(self._adapters)}")
        one = TrackedEvents(self._adapters[adapter], self._snapshots, {})
        one._cleared = self._cleared
        return one

    def assert_tracked(
        self,
        what: Selector,
        /,
        payload: Mapping[str, Any] | None = None,
        *,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        severity: str | None = None,
        trace_id: str | None = None,
        exact: bool = False,
        **fields: Any,
    ) -> list[Record]:
        """Check that an event was tracked; all criteria must hold for the same record.

        Args:
            what: The event.
            payload: Expected fields whose names are arguments of this function.
            times: Exactly so often.
            at_least: So often or more. Without any of the three: once or more.
            at_most: So often or less; never is enough.
            severity: Of the record.
            trace_id: Of the record, 32 hex digits.
            exact: The payload holds the named fields and no others.
            **fields: Field -> expected value: a literal, a matcher (``pytest.approx``, ``mock.ANY``), a
                class, or a function that tells whether the value will do.

        Returns:
            The records that fit.

        Raises:
            AssertionError: Too few or too many fit; lists what was tracked.
        """
        criteria = Criteria(what, {**(payload or {}), **fields}, severity, trace_id, exact)
        return _checked(criteria, Times.of(times, at_least, at_most), self.records)

    def assert_not_tracked(self, what: Selector, /, payload: Mapping[str, Any] | None = None, **criteria: Any) -> None:
        """Check that no record fits; takes the criteria of ``assert_tracked``."""
        self.assert_tracked(what, payload, times=0, **criteria)

    @contextmanager
    def expect(
        self, what: Selector, /, payload: Mapping[str, Any] | None = None, **criteria: Any
    ) -> Iterator[Expected]:
        """Check what happens inside the ``with`` block only; takes the criteria of ``assert_tracked``.

            with e11y_events.expect(OrderPaid, order_id="1", times=1) as paid:
                shop.pay("1")
            assert paid.records[0].payload["amount"] > 0

        An exception of the block itself is not covered up by the check.
        """
        inside = TrackedEvents(self._read, self._snapshots, {})
        inside._cleared = {_key(record) for record in self._read()}
        expected = Expected()
        yield expected
        expected.records = inside.assert_tracked(what, payload, **criteria)

    def assert_sequence(self, *whats: Selector) -> None:
        """Check that the events were tracked in this order; others may have come in between.

        Raises:
            AssertionError: One is missing behind the others; lists what was tracked.
        """
        records = self.records
        remaining = iter(records)
        for position, what in enumerate(whats):
            if not any(Criteria(what).names(record) for record in remaining):
                after = f" after {', '.join(title(each) for each in whats[:position])}" if position else ""
                raise AssertionError(f"expected {title(what)}{after}; {_listed(records)}")

    def assert_snapshot(self, name: str | None = None, *, ignore: Collection[str] = ()) -> None:
        """Compare all records with the snapshot that lies beside the test; see ``Snapshots``.

        Args:
            name: Of the snapshot; the test's own name by default.
            ignore: Payload fields that are different each time.

        Raises:
            AssertionError: They differ, or there is no snapshot yet; says how to write it.
        """
        self._snapshots.check(self.records, name, ignore)


def _key(record: Record) -> tuple[int, int]:
    return record.trace, record.span


def _checked(criteria: Criteria, times: Times, records: Sequence[Record]) -> list[Record]:
    found = [record for record in records if criteria.fits(record)]
    if len(found) in times:
        return found
    raise AssertionError(f"expected {times} of {criteria}, found {len(found)}; {_listed(records, criteria)}")


def _listed(records: Sequence[Record], criteria: Criteria | None = None) -> str:
    """Return what was tracked: payloads of the event in question, names of the others."""
    if not records:
        return "nothing was tracked"
    lines = ["tracked:"]
    for record in records:
        line = f"  {record.severity:<7} {record.name}"
        if criteria is not None and criteria.names(record):
            fields = ", ".join(f"{name}={value!r}" for name, value in record.payload.items())
            why = ", ".join(criteria.differences(record))
            line += f"({fields})" + (f"  <- {why}" if why else "  <- fits")
        lines.append(line)
    return "\n".join(lines)
