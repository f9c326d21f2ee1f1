"""The buckets of one limit that holds per user, address or other key, bounded in number."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from e11y_ratelimit.cell import Cell, Meter
from e11y_ratelimit.tally import Tally

MASK: Final = "[FILTERED]"
"""What a masked value reads like (a constant of the project). Everybody would share its bucket."""

LONGEST_KEY: Final = 64
"""Characters or bytes of a key that is kept as it is; of a longer one only a digest."""


class KeyTable:
    """Key -> bucket, in two generations: recently used keys are young, the others old, the oldest are forgotten.

    A generation ends when it has ``max_keys / 2`` keys, or after ``idle_s`` seconds. A key that nobody asked for
    during a whole window has a full bucket again, so forgetting it then changes nothing; forgetting it earlier,
    because there are too many, gives it a new bucket and is counted.

    All methods may be called from any thread and never wait. A key that appears on two threads for the first
    time, just when a generation ends, may get two buckets.

    Args:
        meter: Decides by the buckets.
        max_keys: Most buckets that are held.
        idle_s: Seconds after which an untouched bucket is as good as new: the window of the limit.
        now: Seconds on the clock.

    Attributes:
        young: Looked up by the step itself, for speed.
    """

    def __init__(self, meter: Meter, max_keys: int, idle_s: float, now: float) -> None:
        self._meter = meter
        self._most = max(1, max_keys // 2)
        self._idle_s = idle_s
        self._since = now
        self._turn = deque((None,))
        self._old: dict[object, Cell] = {}
        self.young: dict[object, Cell] = {}
        self._forgotten = self._told = 0
        self._masked = Tally()
        self._missing = Tally()

    def cell(self, key: object, now: float) -> Cell | None:
        """Return the bucket of ``key``; ``None`` when there is no key to count by."""
        return self.young.get(key) or self.older(key, now)

    def older(self, key: object, now: float) -> Cell | None:
        """Return the bucket of a key that is not young as it is: one of a digest, an old one, or a new one."""
        if key is None:
            self._missing.add()
            return None
        if key == MASK:
            self._masked.add()
            return None
        short = _short(key)
        if short is not key:
            key = short
            young = self.young.get(key)
            if young is not None:
                return young
        if len(self.young) >= self._most:
            self._end_generation(now, full=True)
        found = self._old.get(key) or self._meter.fresh(key)
        return self.young.setdefault(key, found)

    def tidy(self, now: float) -> None:
        """Forget what nobody asked for during a whole window; called every so often."""
        if now - self._since >= self._idle_s:
            self._end_generation(now, full=False)

    def after_fork(self) -> None:
        """Let generations end in a forked child, also when a thread of the parent was at it."""
        self._turn = deque((None,))

    def take_counts(self) -> Mapping[str, int]:
        """Return counts since the last call: buckets that had to go before their time, keys masked or not there."""
        total = self._forgotten
        forgotten, self._told = total - self._told, total
        return {"keys_forgotten": forgotten, "keys_masked": self._masked.take(), "keys_missing": self._missing.take()}

    def _end_generation(self, now: float, *, full: bool) -> None:
        try:
            self._turn.pop()
        except IndexError:
            return  # somebody else is at it
        try:
            if full and len(self.young) < self._most:
                return  # somebody else just did it
            if now - self._since < self._idle_s:
                self._forgotten += len(self._old)
            self._old, self.young, self._since = self.young, {}, now
        finally:
            self._turn.append(None)


def _short(key: object) -> object:
    """Return the key, or a digest of one that is long: a caller must not choose how much memory is held."""
    if isinstance(key, str):
        data = key.encode("utf-8", "surrogatepass") if len(key) > LONGEST_KEY else None
    elif isinstance(key, bytes):
        data = key if len(key) > LONGEST_KEY else None
    elif isinstance(key, int):
        size = key.bit_length() // 8 + 1
        data = key.to_bytes(size, "little", signed=True) if size > LONGEST_KEY else None
    elif isinstance(key, Decimal):
        text = str(key)
        data = text.encode() if len(text) > LONGEST_KEY else None
    else:
        return key
    return key if data is None else hashlib.blake2b(data, digest_size=16).digest()
