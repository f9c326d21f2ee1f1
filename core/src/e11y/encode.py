"""The one JSON encoding that all adapters share.

msgspec was chosen by measurement: as fast as orjson on these records, and its results keep a tenth of
the memory while they wait in a queue. What JSON cannot say is defined here, once: Decimal, UUID, bytes
(base64) and times become text, NaN and infinities ``null``, a lone surrogate U+FFFD, an integer beyond
Python's digit limit a text with its bit length.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any


@cache
def encoder() -> Any:
    """Return the encoder that all lines come from."""
    import msgspec  # noqa: PLC0415 - 20 ms that `import e11y` must not pay

    return msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """Return ``value`` as compact JSON in UTF-8.

    Args:
        value: Atoms, dicts with text keys, lists, tuples and sets of them; a snapshot never holds more.

    Raises:
        TypeError: ``value`` holds an object of another kind. Never quotes the value.
    """
    try:
        encoded: bytes = encoder().encode(value)
    except (UnicodeEncodeError, ValueError, TypeError, RecursionError, OverflowError):
        encoded = encoder().encode(_repaired(value, 0))
    return encoded


def encode_each(values: Sequence[Any]) -> list[bytes | None]:
    """Return each of ``values`` as JSON, ``None`` for what cannot be encoded just so.

    One call for all of them takes half the time. No line end can be part of JSON that is made here.
    """
    try:
        texts: list[bytes | None] = encoder().encode_lines(values).split(b"\n")
    except Exception:  # noqa: BLE001 - one of them is at fault, and it is only that one's loss
        return [_attempt(value) for value in values]
    texts.pop()
    return texts


def _attempt(value: Any) -> bytes | None:
    try:
        encoded: bytes = encoder().encode(value)
    except Exception:  # noqa: BLE001 - whoever needs it tries again with more care, and is told why it fails
        return None
    return encoded


_MAX_DEPTH = 64


def _repaired(value: Any, depth: int) -> Any:
    """Return a copy that the encoder accepts."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace" if value.isascii() else "surrogatepass").decode("utf-8", "replace")
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            str(value)
        except ValueError:
            return f"int of {value.bit_length()} bits"
        return value
    if isinstance(value, Enum):
        return _repaired(value.value, depth + 1)
    if depth > _MAX_DEPTH:
        raise TypeError(f"nested deeper than {_MAX_DEPTH}")
    if isinstance(value, Mapping):
        return {_key(key, depth): _repaired(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_repaired(item, depth + 1) for item in value]
    return value


def _key(key: Any, depth: int) -> str:
    repaired = _repaired(key, depth + 1)
    return repaired if isinstance(repaired, str) else str(repaired)
