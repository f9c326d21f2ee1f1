"""From a marker to the function that changes a value."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, time
from typing import Any

from e11y import REMOVE
from e11y_pii.options import Hash, Mask, Partial, Redact, Strategy, Truncate
from e11y_pii.scanner import FILTERED

Rule = Callable[[Any], Any]
"""Takes a value and returns the one to deliver, or ``REMOVE``."""

_HEX_DIGITS = 16
_BLOCK = 64
_SHORTEST_TEXT = 4
_LONGEST_HIDDEN_LOCAL = 2
_SHORTEST_DOMAIN = 4


class Rules:
    """Makes the rules of one process.

    Args:
        hash_key: Key of ``Hash``; empty: none.
    """

    def __init__(self, hash_key: str) -> None:
        self._digest = _keyed(hash_key.encode("utf-8")) if hash_key else _unkeyed

    def of(self, strategy: Strategy) -> Rule | None:
        """Return the rule of a strategy, ``None`` for ``Allow``. Of ``Truncate`` it only cuts."""
        if isinstance(strategy, Truncate):
            return lambda value: truncate(value, strategy.length)
        made: dict[type[Strategy], Rule] = {Mask: mask, Hash: self.hash, Partial: partial, Redact: redact}
        return made.get(type(strategy))

    def hash(self, value: Any) -> Any:
        """Return ``hashed_`` and 16 hex digits of the value's text form."""
        if value is None:
            return None
        data = value.encode("utf-8", "surrogatepass") if value.__class__ is str else _canonical(value)
        return "hashed_" + self._digest(data)


def mask(value: Any) -> Any:
    """Return ``[FILTERED]``, whatever it was."""
    return None if value is None else FILTERED


def partial(value: Any) -> Any:
    """Return the outer characters of a text; see ``Partial``."""
    if value is None:
        return None
    if value.__class__ is not str or len(value) < _SHORTEST_TEXT:
        return FILTERED
    local, at, domain = value.rpartition("@")
    if not at:
        return f"{value[:2]}***{value[-2:]}"
    if len(local) <= _LONGEST_HIDDEN_LOCAL or len(domain) < _SHORTEST_DOMAIN:
        return FILTERED
    return f"{local[:2]}***{domain[-3:]}"


def redact(value: Any) -> Any:
    """Return the mark that leaves the field out."""
    del value
    return REMOVE


def truncate(value: Any, length: int) -> Any:
    """Return the first ``length`` characters of a text; of nothing else is known what a part of it is."""
    if value is None:
        return None
    return value[:length] if value.__class__ is str else FILTERED


def _keyed(key: bytes) -> Callable[[bytes], str]:
    """Return HMAC-SHA256 (RFC 2104) with the key absorbed beforehand: a third of the time of ``hmac.digest``."""
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    key = key.ljust(_BLOCK, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in key)) for pad in (0x36, 0x5C))

    def digest(data: bytes) -> str:
        first, second = inner.copy(), outer.copy()
        first.update(data)
        second.update(first.digest())
        return second.hexdigest()[:_HEX_DIGITS]

    return digest


def _unkeyed(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_HEX_DIGITS]


def _canonical(value: Any) -> bytes:
    """Return one text for values that mean the same: numbers as written, structures with sorted keys."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    else:
        text = str(_plain(value))
    return text.encode("utf-8", "surrogatepass")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((_plain(item) for item in value), key=str)
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, (date, time)) else str(value)
