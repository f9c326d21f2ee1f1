"""Time and chance, passed in so that every promise about them can be tested without waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import random


_NO_ID = b"0" * 16


class Clock(Protocol):
    """Source of time. The functions are attributes, so that hot code can bind them once."""

    time_ns: Callable[[], int]
    """Nanoseconds since 1970-01-01 UTC."""

    monotonic: Callable[[], float]
    """Seconds on a clock that never goes back."""


class SystemClock:
    """The clock of the machine."""

    def __init__(self) -> None:
        self.time_ns: Callable[[], int] = time.time_ns
        self.monotonic: Callable[[], float] = time.monotonic


class Ids:
    """Makes trace and span ids from a random source that a fork reseeds.

    Ids are integers inside the process and lowercase hex at its edges (W3C Trace Context, 3.2.2);
    none is ever zero.
    """

    def __init__(self, seed: int | None = None) -> None:
        import random  # noqa: PLC0415 - brings hashlib along, which `import e11y` does not need

        self.random: random.Random = random.Random(seed)
        self._bits = self.random.getrandbits
        self._seed = seed
        self._streams: dict[str, random.Random] = {}

    def stream(self, name: str) -> random.Random:
        """Return the random source of ``name``, the same one each time, which ids neither use nor disturb.

        Ids are drawn on other threads: whoever shared their source would draw other numbers in each run.
        """
        import random  # noqa: PLC0415

        found = self._streams.get(name)
        if found is None:
            found = self._streams[name] = random.Random(None if self._seed is None else f"{self._seed} {name}")
        return found

    def trace_id(self) -> int:
        """Return 128 random bits, never zero."""
        return self._bits(128) or 1

    def span_id(self) -> int:
        """Return 64 random bits, never zero."""
        return self._bits(64) or 1

    def span_ids(self, count: int) -> Sequence[bytes]:
        """Return span ids as hex; made together they take a tenth of the time."""
        while True:
            drawn = self._bits(count * 64).to_bytes(count * 8, "big") if count else b""
            texts = drawn.hex(" ", 8).encode().split()
            if _NO_ID not in texts:
                return texts

    def reseed(self) -> None:
        """Take new entropy from the system; a forked child must not repeat its parent's ids."""
        for source in (self.random, *self._streams.values()):
            source.seed()
