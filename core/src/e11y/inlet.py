"""Where compiled code hands entries over: one severity class of the intake."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from e11y.delivery.intake import Intake, further_slots, queue_of
from e11y.delivery.ledger import Ledger
from e11y.record import Entry
from e11y.severity import Severity


class Inlet:
    """One severity class of the intake, in the form that compiled code binds."""

    def __init__(self, intake: Intake, ledger: Ledger, severity: Severity) -> None:
        index = queue_of(severity)
        self.queue = intake.queues[index]
        self.gate = intake.gate
        self.soft_limit = intake.soft_limits[index]
        self.push: Callable[[Entry], None] = self.queue.append
        self.push_two: Callable[[tuple[Entry, None]], None] = self.queue.extend
        self._pressed = partial(intake.pressed, index)
        self._shed = ledger.shed.add
        self._letter_lost = ledger.letters_lost.add

    def push_long(self, entry: Entry, size: int) -> None:
        """Append an entry, followed by padding for the slots that its texts take."""
        self.queue.extend((entry, *(None,) * further_slots(size)))

    def push_letter(self, item: tuple[Any, ...], size: int) -> None:
        """Append the dead letter of an event that is counted already; without room it is lost, and counted."""
        if len(self.queue) > self.soft_limit and self._pressed():
            self._letter_lost()
        else:
            self.push_long(item, size)

    def pressed(self) -> bool:
        """Return whether the event must be shed; then it is counted."""
        if not self._pressed():
            return False
        self._shed()
        return True
