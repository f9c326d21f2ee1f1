"""The limit on the values of one label of one metric."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from e11y_metrics.label_text import DROPPED, LONGEST, OTHER, cleaned, text_of
from e11y_metrics.sketch import Sketch

_WARN_AT = 0.8


class Guard:
    """Lets the first ``limit`` values pass, for good; every other one becomes ``[OTHER]``.

    Not safe from several threads: the journal folds one row at a time.

    Args:
        limit: Most values.
        notice: Called with the number of values once at 80 % of the limit, and once when it is passed.

    Attributes:
        values: Those that pass.
        overflow: How often a value did not pass.
        sketch: The most frequent of those that did not.
    """

    __slots__ = ("_notice", "_warn_at", "_warned", "limit", "overflow", "sketch", "values")

    def __init__(self, limit: int, notice: Callable[[int], None]) -> None:
        self.limit = limit
        self.values: set[str] = set()
        self.overflow = 0
        self.sketch = Sketch()
        self._notice = notice
        self._warn_at = max(1, int(limit * _WARN_AT))
        self._warned = False

    def admit(self, value: Any) -> str:
        """Return the text to label with."""
        if value.__class__ is not str or len(value) > LONGEST:
            value = text_of(value)
        if value in self.values:
            return value  # type: ignore[no-any-return]
        return self._meet(value)

    def forget(self) -> None:
        """Begin anew. For forked children only."""
        self.values.clear()
        self.overflow = 0
        self.sketch = Sketch()
        self._warned = False

    def _meet(self, raw: str) -> str:
        text = cleaned(raw)
        if text in self.values or text in (DROPPED, OTHER):
            return text
        if len(self.values) < self.limit:
            self.values.add(text)
            if len(self.values) >= self._warn_at and not self._warned:
                self._warned = True
                self._notice(len(self.values))
            return text
        self.overflow += 1
        self.sketch.add(text)
        if self.overflow == 1:
            self._notice(self.limit + 1)
        return OTHER
