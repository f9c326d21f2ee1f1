"""The signed, expiring header that keeps the trail of one request: ``X-E11y-Debug: <expires>.<signature>``.

``expires`` is Unix time in seconds; the signature is HMAC-SHA256 over it, in hex. Whoever has seen a value may use
it until it expires, and cannot make another.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from e11y import ConfigError

_SHORTEST_KEY = 16
_VALUE = re.compile(r"([0-9]{1,12})\.([0-9a-f]{64})", re.ASCII)
_PURPOSE = b"e11y-web debug header "


def check_key(key: str) -> str:
    """Return ``key``, which may be empty.

    Raises:
        ConfigError: It is so short that it could be guessed. (No validator of the settings class: the text of one is
            hidden, because it may quote the secret.)
    """
    if 0 < len(key) < _SHORTEST_KEY:
        raise ConfigError(
            f"debug_key has fewer than {_SHORTEST_KEY} characters and could be guessed",
            where="[tool.e11y.web] debug_key",
            fix="make one with  openssl rand -hex 32",
        )
    return key


def sign(key: str, expires_s: int) -> str:
    """Return the value of the header.

    Args:
        key: ``debug_key`` of the service that is called.
        expires_s: Unix time from which on it has no effect.
    """
    message = _PURPOSE + str(expires_s).encode("ascii")
    signature = hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
    return f"{expires_s}.{signature}"


def is_valid(key: str, value: str, now_s: float) -> bool:
    """Return whether ``value`` was signed with ``key`` and has not expired. No value can make this raise.

    Args:
        key: Not empty.
        value: As it came, of any length.
        now_s: Unix time.
    """
    found = _VALUE.fullmatch(value)
    if found is None or int(found[1]) <= now_s:
        return False
    return hmac.compare_digest(sign(key, int(found[1])), value)
