"""Personal numbers: payment cards, US social security numbers, telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from e11y_pii.patterns import Span

# Each pattern begins with the character to search for, and looks back from there: that is much faster.
_SSN = re.compile(r"[0-9](?<![0-9A-Za-z].)(?<![0-9]-.)[0-9]{2}-[0-9]{2}-[0-9]{4}(?![0-9A-Za-z]|-[0-9])")

# ITU-T E.164: up to 15 digits behind "+". North America: 3-3-4 digits, separated. Elsewhere a national
# number begins with 0, and its first part stands alone. A bare row of digits is no number to call.
_PHONES = tuple(
    map(
        re.compile,
        (
            r"\+(?<![0-9A-Za-z+].) ?[0-9](?:[ .()/-]{0,3}[0-9]){8,14}(?![0-9])",
            r"[(1-9](?<![0-9A-Za-z].)(?<![0-9][.-].)(?:(?<=1)[ .-](?:[2-9]|\([2-9])|(?<=\()[2-9]|(?<=[2-9]))"
            r"[0-9]{2}(?:\) ?|[ .-])[0-9]{3}[ .-][0-9]{4}(?![0-9A-Za-z]|[.-][0-9])",
            r"0(?<![0-9A-Za-z].)(?<![0-9][ .-].)[1-9](?:[ .-][0-9]{2}){4}(?![0-9A-Za-z]|[ .-][0-9])",
            r"0(?<![0-9A-Za-z].)[1-9][0-9]{1,4}\)?[ /-][0-9]{3,8}(?:[ -][0-9]{2,5}){0,2}(?![0-9A-Za-z]|[.-][0-9])",
            r"00(?<![0-9A-Za-z]..)[1-9][0-9]{0,2}[ ./-](?:[ .()/-]{0,2}[0-9]){7,12}(?![0-9A-Za-z])",
        ),
    )
)
_NATIONAL = _PHONES[3]
_NATIONAL_DIGITS = range(9, 13)

# ISO/IEC 7812: 13 to 19 digits; in one row, by fours, or as American Express and Diners write them.
_CARD = re.compile(
    r"[2-6](?<![0-9A-Za-z].)(?<![0-9]\..)"
    r"(?:[0-9]{12,18}+|[0-9]{3}[ .-][0-9]{4}(?:[ .-][0-9]{4}[ .-][0-9]{1,4}+(?:[ .-][0-9]{1,3}+(?![0-9A-Za-z]))?"
    r"|[0-9]{2}[ .-][0-9]{4,5}+))(?![0-9A-Za-z])"
)
_FOURS = 19
"""Characters of a card number in four groups of four."""
_CARD_DIGITS = range(13, 20)
_DOUBLED = bytes.maketrans(b"0123456789", b"0246813579")
_ZERO = 48


def ssns(text: str) -> Iterator[Span]:
    """US social security numbers, written with hyphens."""
    return (found.span() for found in _SSN.finditer(text))


def phones(text: str) -> Iterator[Span]:
    """Telephone numbers, international or written as people do; never a bare row of digits."""
    for pattern in _PHONES:
        for found in pattern.finditer(text):
            if pattern is not _NATIONAL or sum(map(str.isdigit, found.group())) in _NATIONAL_DIGITS:
                yield found.span()


def cards(text: str) -> Iterator[Span]:
    """Payment card numbers: known first digits and length, Luhn check digit, usual groups."""
    found = _CARD.search(text)
    while found is not None:
        start, end = found.span()
        after = start + 1
        for stop in (end, start + _FOURS) if end - start > _FOURS else (end,):
            if not text[stop : stop + 1].isalnum() and _is_card(text[start:stop]):
                after = stop
                yield start, stop
                break
        found = _CARD.search(text, after)


def _is_card(written: str) -> bool:
    digits = written.replace(" ", "").replace("-", "").replace(".", "")
    return len(digits) in _CARD_DIGITS and _is_issued(digits) and _passes_luhn(digits.encode("ascii"))


def _is_issued(digits: str) -> bool:
    """Return whether some network issues cards that begin so and are so long."""
    length, first = len(digits), digits[0]
    if length == 16:
        return first in "456" or "51" <= digits[:2] <= "55" or "2221" <= digits[:4] <= "2720" or digits[:2] == "35"
    if length == 15:
        return digits[:2] in ("34", "37")
    if length == 14:
        return digits[:2] in ("30", "36", "38", "39")
    return first == "4" if length == 13 else first in "456"


def _passes_luhn(digits: bytes) -> bool:
    total = sum(digits[-1::-2]) + sum(digits[-2::-2].translate(_DOUBLED)) - _ZERO * len(digits)
    return total % 10 == 0
