"""Which settings hold secrets."""

from __future__ import annotations

import re
from typing import Any

import attrs

HIDDEN = "[hidden]"

_SECRET_WORDS = frozenset(
    {
        "apikey",
        "auth",
        "authorization",
        "cookie",
        "credential",
        "credentials",
        "dsn",
        "key",
        "passphrase",
        "passwd",
        "password",
        "pwd",
        "secret",
        "secrets",
        "token",
        "tokens",
    }
)
_WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
_USERINFO = re.compile(r"(?<=://)[^/@\s]+(?=@)")


def is_secret(name: str) -> bool:
    """Return whether the key ``name`` reads like that of a secret, for example ``api_key`` or ``Authorization``."""
    return any(word.lower() in _SECRET_WORDS for word in _WORD.findall(name))


def holds_secret(attribute: attrs.Attribute[Any]) -> bool:
    """Return whether a field of a settings class must never be shown: ``repr=False``, or named like a secret."""
    return attribute.repr is False or is_secret(attribute.name)


def without_credentials(text: str) -> str:
    """Return ``text`` with the user and password of every URL in it hidden."""
    return _USERINFO.sub(HIDDEN, text)
