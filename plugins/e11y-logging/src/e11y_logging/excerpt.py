"""What is kept of a long text."""

from __future__ import annotations

from typing import Final

LONGEST_CHARS: Final = 10_000
"""Four such texts and their ``extra`` find room in what a record may hold, 64 KiB."""


def excerpt(text: str) -> str:
    """Return ``text``, or its first 10 000 characters at most, with a note of how long it was.

    Filters look at what is left. Half an address or half a card number would tell them nothing, so the cut lies
    between two words and never beside a digit; a text without such a place is left out as a whole.
    """
    if len(text) <= LONGEST_CHARS:
        return text
    end = LONGEST_CHARS - 1
    while end and not (text[end] in " \n" and not text[end - 1].isdigit() and not text[end + 1].isdigit()):
        end -= 1
    return f"{text[:end]}... ({len(text)} characters)"
