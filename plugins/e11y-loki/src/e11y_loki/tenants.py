"""Whose a record is: the tenant that stands in ``X-Scope-OrgID``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from e11y import Record
from e11y.context import Snapshot

_TENANT: Final = re.compile(r"(?!\.{1,2}$)[0-9A-Za-z!\-_.*'():]{1,150}", re.ASCII)
"""Grafana Loki, "Manage tenant isolation", restrictions; and a colon, which divides tenant and subtenant."""


def is_tenant(text: str) -> bool:
    """Return whether Loki takes ``text`` as a tenant."""
    return _TENANT.fullmatch(text) is not None


def by_tenant(records: Sequence[Record], context_name: str, otherwise: str) -> dict[str, list[int]]:
    """Return the positions of the records of each tenant, in order.

    Args:
        records: A batch.
        context_name: The context value that names the tenant.
        otherwise: The tenant of records whose context has none, or an empty one.
    """
    positions: dict[str, list[int]] = {}
    last: Snapshot | None = None
    mine: list[int] = []
    for position, record in enumerate(records):
        if record.snapshot is not last:
            last = record.snapshot
            value = record.context.get(context_name)
            mine = positions.setdefault(otherwise if value in (None, "") else str(value), [])
        mine.append(position)
    return positions
