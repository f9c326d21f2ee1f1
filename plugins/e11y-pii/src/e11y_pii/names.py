"""Names of fields and keys that stand for something personal or secret."""

from __future__ import annotations

import re
from collections.abc import Iterable

DEFAULT_KEYS = (
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "authorization",
    "access_key",
    "private_key",
    "credential",
    "credit_card",
    "card_number",
    "cvv",
    "cvc",
    "ssn",
)
"""Values of these keys are secrets whatever they look like."""

# fmt: off
_PERSONAL = frozenset({
    "address", "bank_account", "birth_date", "birthdate", "birthday", "billing_address", "date_of_birth", "dob",
    "driver_license", "e_mail", "email", "email_address", "ethnicity", "family_name", "fax", "first_name",
    "firstname", "full_name", "fullname", "gender", "given_name", "iban", "ip", "ip_address", "last_name",
    "lastname", "latitude", "license_plate", "longitude", "maiden_name", "middle_name", "mobile", "national_id",
    "nationality", "passport", "phone", "phone_number", "postal_code", "postcode", "religion", "salary",
    "shipping_address", "social_security_number", "street", "surname", "tax_id", "telephone", "zip_code",
    "zipcode",
})
# fmt: on
_LONGEST_PHRASE = max(name.count("_") for name in _PERSONAL) + 1
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_WHOLE_WORD_BELOW = 5
_CACHED = 4096
_LONGEST_CACHED = 64


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


class KeyNames:
    """Tells whether the value of a key is filtered because of the key's name.

    Case, and what is neither letter nor digit, does not count: ``api_key`` is ``X-Api-Key`` and
    ``apiKey``. A name of five and more letters is also found inside another word (``userpassword``), a
    shorter one only as a word of its own (``ssn`` is not in ``class_name``).

    Args:
        names: Names to filter; ``"=pin"`` stands for this very key alone.
        allowed: Keys that are never filtered, for example ``token_count``.
    """

    def __init__(self, names: Iterable[str], allowed: Iterable[str] = ()) -> None:
        listed = tuple(names)
        plain = [_bare(name) for name in listed if not name.startswith("=")]
        self._exact = frozenset(_bare(name) for name in listed if name.startswith("="))
        self._inside = tuple(name for name in plain if len(name) >= _WHOLE_WORD_BELOW)
        self._words = frozenset(name for name in plain if 0 < len(name) < _WHOLE_WORD_BELOW)
        self._allowed = frozenset(map(_bare, allowed))
        self._known: dict[str, bool] = {}

    def __call__(self, key: str) -> bool:
        """Return whether values of ``key`` are filtered."""
        known = self._known.get(key)
        if known is None:
            known = self._look(key)
            if len(key) <= _LONGEST_CACHED:
                if len(self._known) >= _CACHED:
                    self._known.clear()
                self._known[key] = known
        return known

    def _look(self, key: str) -> bool:
        bare = _bare(key)
        if bare in self._allowed:
            return False
        if bare in self._exact or any(name in bare for name in self._inside):
            return True
        return not self._words.isdisjoint(words(key))


def words(name: str) -> list[str]:
    """Return the words of a name in lower case.

    >>> words("userSSN_2"), words("Date-of-Birth")
    (['user', 'ssn', '2'], ['date', 'of', 'birth'])
    """
    return [word.casefold() for word in _WORD.findall(name)]


_SECRET = KeyNames(DEFAULT_KEYS)


def looks_personal(name: str) -> bool:
    """Return whether a field of this name probably holds personal data, or a secret."""
    if _SECRET(name):
        return True
    parts = words(name)
    return any(
        "_".join(parts[start:end]) in _PERSONAL
        for start in range(len(parts))
        for end in range(start + 1, min(start + _LONGEST_PHRASE, len(parts)) + 1)
    )
