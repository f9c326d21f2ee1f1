"""Where compiled code hands entries over, and what happens when there is no room."""

from __future__ import annotations

from e11y.delivery.intake import DROPPED, Intake
from e11y.delivery.ledger import Ledger
from e11y.inlet import Inlet
from e11y.severity import Severity


def test_letters_are_bounded_like_events_and_their_loss_is_counted() -> None:
    ledger = Ledger()
    intake = Intake(100, ledger)
    inlet = Inlet(intake, ledger, Severity.INFO)

    for number in range(1_000):
        inlet.push_letter((DROPPED, "rate_limit", (number,)), 1_000)

    kept = ledger.snapshot().letters_lost
    assert intake.slots() <= 100
    assert len([item for item in intake.queues[0] if item is not None]) + kept == 1_000


def test_an_event_without_room_is_shed() -> None:
    ledger = Ledger()
    inlet = Inlet(Intake(10, ledger), ledger, Severity.INFO)
    for number in range(8):
        inlet.push((number,))
    assert inlet.pressed()
    assert ledger.snapshot().shed == 1
