"""The most frequent of a stream of texts, in constant memory."""

from __future__ import annotations


class Sketch:
    """Remembers the top texts by the Space-Saving algorithm (Metwally, Agrawal, El Abbadi, 2005).

    A text that makes up more than ``1 / size`` of the stream is always among them; counts may be too high by what
    the text replaced, never too low.

    Args:
        size: Most texts to remember.
    """

    __slots__ = ("_counts", "_floor", "_least", "_size")

    def __init__(self, size: int = 32) -> None:
        self._size = size
        self._counts: dict[str, int] = {}
        self._floor = 0
        self._least: list[str] = []

    def add(self, text: str) -> None:
        """Count ``text`` once."""
        counts = self._counts
        found = counts.get(text)
        if found is not None:
            counts[text] = found + 1
        elif len(counts) < self._size:
            counts[text] = 1
        else:
            counts[text] = counts.pop(self._rarest()) + 1

    def _rarest(self) -> str:
        """Return a text with the lowest count. That count only grows, so the texts that have it are kept at hand."""
        while True:
            if not self._least:
                self._floor = min(self._counts.values())
                self._least = [text for text, count in self._counts.items() if count == self._floor]
            text = self._least.pop()
            if self._counts.get(text) == self._floor:
                return text

    def top(self, amount: int) -> list[tuple[str, int]]:
        """Return the most frequent texts with their counts, the most frequent first."""
        return sorted(self._counts.items(), key=lambda pair: (-pair[1], pair[0]))[:amount]
