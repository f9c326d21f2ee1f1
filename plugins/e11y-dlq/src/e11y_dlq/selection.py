"""A selection: which letters are meant."""

from __future__ import annotations

from fnmatch import fnmatchcase

import attrs

from e11y_dlq.letter import Letter


@attrs.frozen(kw_only=True)
class Selection:
    """Letters that fit everything that is given; nothing given means all.

    Args:
        adapter: Purpose name of the adapter that failed; an empty text: none was reached.
        reason: First word of the reason, or a pattern for all of it: ``rejected``, ``rejected: 4*``.
        event: Delivered name, a pattern for it (``order.*``), or the qualified name of the type.
        since_ns, until_ns: When it happened, nanoseconds since 1970-01-01 UTC; the first is included.
    """

    adapter: str | None = None
    reason: str | None = None
    event: str | None = None
    since_ns: int | None = None
    until_ns: int | None = None

    def fits(self, letter: Letter) -> bool:
        """Return whether ``letter`` is meant."""
        return (
            (self.adapter is None or letter.adapter == self.adapter)
            and (self.reason is None or letter.word == self.reason or fnmatchcase(letter.reason, self.reason))
            and (self.event is None or letter.event_type == self.event or fnmatchcase(letter.name, self.event))
            and (self.since_ns is None or letter.time_ns >= self.since_ns)
            and (self.until_ns is None or letter.time_ns < self.until_ns)
        )


ALL = Selection()
