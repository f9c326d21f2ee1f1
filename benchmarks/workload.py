"""The event that every case emits: four fields, values that differ from event to event."""

from __future__ import annotations

from collections.abc import Sequence

EVENT = "order.paid"

CHUNK = 500
"""Events per timed chunk; each chunk is drained before the next, so that nobody loses any."""

Row = tuple[str, int, float, str]
"""``(order_id, customer_id, amount, currency)``."""

Rows = Sequence[Row]

_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY")


def row(number: int) -> Row:
    """Return the values of event ``number``; ``customer_id`` is ``number`` + 1."""
    return f"o-{number:08d}", number + 1, (number % 99_991) * 0.01 + 0.99, _CURRENCIES[number % 5]


def rows(count: int = CHUNK, start: int = 0) -> Rows:
    """Return ``count`` rows with valid values, numbered from ``start``."""
    return [row(number) for number in range(start, start + count)]


PersonalRow = tuple[str, str, str, str, float]
"""``(order_id, email, phone, note, amount)``: two fields to be masked, and a free text that holds an address."""


def personal_rows(count: int = CHUNK) -> Sequence[PersonalRow]:
    """Return ``count`` rows with personal data; every tenth note holds a mail address."""
    return [_personal_row(number) for number in range(count)]


def _personal_row(number: int) -> PersonalRow:
    order_id, _, amount, _ = row(number)
    note = f"parcel {number} left at the back door, the bell does not work, ring twice"
    if number % 10 == 0:
        note += f", or write to neighbour{number}@example.org"
    return order_id, f"customer{number}@example.com", f"+49 30 {number + 1_000_000}", note, amount
