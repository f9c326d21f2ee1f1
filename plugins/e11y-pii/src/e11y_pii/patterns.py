"""The patterns that the content scan knows by itself.

Each finder yields ``(start, end)`` of what it recognises. All of them take linear time: a run of
characters is consumed as a whole (possessive quantifiers) and cannot be entered in its middle
(lookbehinds), every other quantifier is bounded. Digits and letters are ASCII, except in e-mail
addresses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

Span = tuple[int, int]
Finder = Callable[[str], Iterator[Span]]

# RFC 5321, 4.1.2 allows more in a local part; what is left out here ends words in ordinary text.
_EMAIL = re.compile(r"(?<![\w.%+'!#$*~-])[\w.%+'!#$*~-]++@[\w-]++(?:\.[\w-]++)++")
_ENCODED_EMAIL = re.compile(r"(?<![\w.+-])(?:[\w.+-]|%(?!40))++%40[\w-]++(?:\.[\w-]++)++")
_TLD = re.compile(r"(?:xn--[\w-]+|[^\W\d_]{2,})")
_LEADING = ".'*~%-"


def emails(text: str) -> Iterator[Span]:
    """E-mail addresses; also with ``%40``, as in URLs. The host has a dot and ends in letters."""
    for pattern in (_EMAIL, _ENCODED_EMAIL):
        if pattern is _ENCODED_EMAIL and "%40" not in text:
            return
        for found in pattern.finditer(text):
            last = text.rindex(".", found.start(), found.end()) + 1
            tld = _TLD.match(text, last, found.end())
            if tld is not None:
                whole = found.group()
                yield found.start() + len(whole) - len(whole.lstrip(_LEADING)), tld.end()


# RFC 7515, 3.1: base64url segments; the first is a JSON object, so it begins with {" in base64.
_JWT = re.compile(r"eyJ(?<![0-9A-Za-z_-]...)[0-9A-Za-z_-]{4,}+(?:\.[0-9A-Za-z_-]++){1,4}+")


def jwts(text: str) -> Iterator[Span]:
    """JSON web tokens, signed or encrypted; header and payload are enough."""
    return (found.span() for found in _JWT.finditer(text))


_IPV4 = re.compile(
    r"[0-9](?<![0-9A-Za-z.].)[0-9]{0,2}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?![0-9A-Za-z]|\.[0-9A-Za-z]|-[A-Za-z])"
)
_LARGEST_OCTET = 255
_VERSION_WORDS = ("v", "ver", "version", "release", "rev", "build")
_COMPARISONS = ("==", ">=", "<=", "~=", "!=")
_VERSION_WORD_CHARS = 12


def ipv4(text: str) -> Iterator[Span]:
    """Dotted quads from 0 to 255, unless what stands before says that it is a version."""
    for found in _IPV4.finditer(text):
        start = found.start()
        if max(map(int, found.group().split("."))) > _LARGEST_OCTET:
            continue
        if not _follows_version(text[max(0, start - _VERSION_WORD_CHARS) : start]):
            yield found.span()


def _follows_version(before: str) -> bool:
    word = before.rstrip(" ")
    if word.endswith(_COMPARISONS):
        return True
    word = word.rstrip(" :=.").lower()
    return word.endswith(_VERSION_WORDS) and re.split(r"[^a-z0-9]", word)[-1] in _VERSION_WORDS


_IPV6 = re.compile(r"(?<![0-9A-Za-z_:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,8}(?![0-9A-Za-z_:])")
_IPV6_GROUPS = 8
_FEWEST_GROUPS = 2


def ipv6(text: str) -> Iterator[Span]:
    """IPv6 addresses (RFC 4291, 2.2), full or with ``::`` between groups; ``a::b`` without a digit is a path."""
    for found in _IPV6.finditer(text):
        address = found.group()
        end = found.end()
        if address[-1] == ":" and address[-2] != ":":
            address, end = address[:-1], end - 1
        if _is_ipv6(address):
            yield found.start(), end


def _is_ipv6(address: str) -> bool:
    groups = address.split(":")
    empty = groups.count("")
    short = address.count("::")
    if short != 1 or ":::" in address:
        return not short and not empty and len(groups) == _IPV6_GROUPS and not address.isalpha()
    outside = address.startswith("::") + address.endswith("::")
    named = len(groups) - empty
    fits = empty == 1 + outside and _FEWEST_GROUPS <= named < _IPV6_GROUPS
    return fits and not address.replace(":", "").isalpha()


# Length of an IBAN by country: SWIFT IBAN Registry, release 99.
_IBAN_LENGTHS = {
    length: frozenset(countries.split())
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FI FK FO GL NL SD",
        19: "MK SI",
        20: "AT BA EE KZ LT LU MN XK",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ OM SO TL",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
}
_COUNTRY_LENGTHS = {country: length for length, countries in _IBAN_LENGTHS.items() for country in countries}
_IBAN_START = re.compile(r"[A-Za-z](?<![0-9A-Za-z].)[A-Za-z][0-9]{2}")
_IBAN_REST = {length: re.compile(rf"(?:[ -]?[0-9A-Za-z]){{{length - 4}}}(?![0-9A-Za-z])") for length in _IBAN_LENGTHS}
_AS_NUMBERS = {character: str(number) for number, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}


def ibans(text: str) -> Iterator[Span]:
    """IBANs of the length of their country whose check digits are right (ISO 13616, ISO 7064 MOD 97-10)."""
    end = 0
    for found in _IBAN_START.finditer(text):
        start, middle = found.span()
        length = _COUNTRY_LENGTHS.get(text[start : start + 2].upper())
        if length is None or start < end:
            continue
        rest = _IBAN_REST[length].match(text, middle)
        if rest is not None and _is_iban(text[start : rest.end()].replace(" ", "").replace("-", "").upper()):
            end = rest.end()
            yield start, end


def _is_iban(compact: str) -> bool:
    number = "".join([_AS_NUMBERS[character] for character in compact[4:] + compact[:4]])
    return int(number) % 97 == 1
