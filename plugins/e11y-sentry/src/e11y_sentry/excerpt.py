"""The values of a record, cut to a size."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from e11y import Record

_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_AROUND_BYTES = 4


def line_of(record: Record) -> dict[str, Any]:
    """Return the line that every adapter writes, as plain JSON values that Sentry can read.

    It is what the shared encoder made of the values. Sentry refuses an event with an integer beyond 64 bits, so
    that such a one becomes text.
    """
    line: dict[str, Any] = json.loads(record.encoded(), parse_int=_integer)
    return line


def excerpt(payload: Mapping[str, Any], most_bytes: int) -> dict[str, Any]:
    """Return as many fields as fit into ``most_bytes`` of JSON; the others say how large they are.

    Fields keep their order, and one that is too large leaves its room to those after it.
    """
    shown: dict[str, Any] = {}
    left = most_bytes
    for number, (name, value) in enumerate(payload.items()):
        left -= len(name) + _AROUND_BYTES
        size = len(json.dumps(value, separators=(",", ":")))
        fits = size <= left
        instead = f"[{size} bytes]"
        if not fits and len(instead) > left:
            shown["..."] = f"[{len(payload) - number} more fields]"
            return shown
        shown[name] = value if fits else instead
        left -= size if fits else len(instead)
    return shown


def _integer(digits: str) -> int | str:
    if len(digits) > 20:
        return digits
    number = int(digits)
    return number if _SMALLEST <= number <= _LARGEST else digits
