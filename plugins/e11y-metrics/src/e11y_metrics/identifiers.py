"""Names that never are labels: every value of theirs would be a series of its own."""

from __future__ import annotations

from typing import Final

IDENTIFIERS: Final = frozenset(
    {
        # who and what
        *("id", "uid", "uuid", "guid", "user_id", "order_id", "session_id", "request_id", "transaction_id"),
        *("trace_id", "span_id", "email", "phone", "ip", "ip_address", "user_agent"),
        # secrets
        *("token", "api_key", "password", "secret"),
        # moments
        *("timestamp", "created_at", "updated_at"),
        # free text
        *("message", "error_message", "description", "notes", "url", "path", "referer", "referrer"),
    }
)
"""Refused where the class is created."""

_ENDINGS = ("_id", "_uuid", "_guid", "_token", "_email", "_phone")


def looks_like_identifier(name: str) -> bool:
    """Return whether a name is that of an identifier, such as ``customer_id``, whatever its type."""
    lowered = name.lower()
    return lowered in IDENTIFIERS or lowered.endswith(_ENDINGS)
