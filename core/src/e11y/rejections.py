"""Rejections: what becomes of an event that does not go on, and of its dead letter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from e11y.checks.containers import text_bytes
from e11y.clock import Clock
from e11y.context import CURRENT
from e11y.delivery.intake import DROPPED, INVALID
from e11y.delivery.ledger import Ledger
from e11y.errors import InvalidEvent, Problem
from e11y.faults import Faults
from e11y.inlet import Inlet
from e11y.outcome import Outcome
from e11y.record import Entry, Record
from e11y.severity import Severity
from e11y.steps import Drop

_TOLD_PROBLEMS = 5
_JOBS = ("job", "task")
_OUTCOMES = {"SAMPLED_OUT": Outcome.SAMPLED_OUT, "RATE_LIMITED": Outcome.RATE_LIMITED}
"""Looked up per dropped event: an enum's own lookup by name takes three times as long."""


class Rejections:
    """Counts what was refused or dropped, reports it, and offers dead letters to the plugins that keep them.

    Args:
        keepers: Plugin name and ``e11y_dead_letter`` of each plugin that implements it.
        lines: Where dead letters of events enter: the inlet of each severity.
        raises: Whether a call that does not fit its type raises outside of jobs.
    """

    def __init__(
        self,
        keepers: Sequence[tuple[str, Callable[..., bool | None]]],
        lines: Mapping[Severity, Inlet],
        ledger: Ledger,
        faults: Faults,
        clock: Clock,
        *,
        raises: bool,
    ) -> None:
        self._keepers = keepers
        self._lines = lines
        self._ledger = ledger
        self._faults = faults
        self._time_ns = clock.time_ns
        self._raises = raises

    def dropped(self, drop: Drop) -> Outcome:
        """Count an event that a sampler dropped."""
        self._ledger.drop_counter(drop.reason).add()
        return _OUTCOMES[drop.outcome]

    def keep(self, reason: str, severity: Severity, entry: Entry) -> None:
        """Hand the entry of a dropped event over, to be a dead letter."""
        if self._keepers:
            self._lines[severity].push_letter((DROPPED, reason, entry), text_bytes(entry))

    def refuse(self, name: str, qualified_name: str, severity: Severity, problems: Sequence[Problem]) -> Outcome:
        """Count a call that does not fit its type, then raise or report it.

        Raises:
            InvalidEvent: In development and tests, outside of jobs.
        """
        self._ledger.invalid.add()
        frame = CURRENT.get()
        in_job = frame.scope is not None and frame.scope.kind in _JOBS
        if self._raises and not in_job:
            raise InvalidEvent(name, qualified_name, problems)
        told = ", ".join(f"{problem.path}: {problem.reason}" for problem in problems[:_TOLD_PROBLEMS])
        self._faults.report("core", f"check of {qualified_name}", "InvalidEvent", told)
        if self._keepers:
            listed = tuple((problem.path, problem.reason) for problem in problems)
            entry = (INVALID, self._time_ns(), frame.snapshot, name, qualified_name, severity, listed)
            self._lines[severity].push_letter(entry, sum(map(len, chain.from_iterable(listed))))
        return Outcome.INVALID

    def dead_letter(self, record: Record, adapter: str, reason: str) -> bool:
        """Offer a record to one plugin after the other; return whether one keeps it."""
        for plugin, implementation in self._keepers:
            try:
                if implementation(record=record, adapter=adapter, reason=reason):
                    return True
            except Exception as error:  # noqa: BLE001 - the next plugin may do better
                self._faults.report(plugin, "e11y_dead_letter", error)
        return False
