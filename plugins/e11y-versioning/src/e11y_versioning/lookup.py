"""Event types by name, whatever their version."""

from __future__ import annotations

from typing import Any

from e11y import all_versions
from e11y.options import own_options
from e11y_versioning.deprecation import Deprecated


def versions(name: str) -> dict[int, type[Any]]:
    """Return the versions of an event by number, ascending; empty when none is known.

    Args:
        name: Delivered name (``order.paid``), class name or qualified name.
    """
    return dict(all_versions(name))


def latest(name: str) -> type[Any] | None:
    """Return the version of an event to track now, ``None`` when no version is known.

    That is the highest one that is not deprecated, and the highest of all when all are.

        latest("order.paid").track(order_id="1", amount=Decimal("9.99"), currency="EUR")

    Args:
        name: Delivered name (``order.paid``), class name or qualified name.
    """
    known = versions(name)
    current = [version for version, event_type in known.items() if Deprecated not in own_options(event_type)]
    return known[max(current or known)] if known else None
