"""Names that never are labels of a metric: every value of theirs would be a series of its own."""

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
"""Whole names; what only ends like one may still be bounded, so it is looked at together with its type."""

_ENDINGS = ("_id", "_uuid", "_guid", "_token", "_email", "_phone")


def looks_like_identifier(name: str) -> bool:
    """Return whether a name is that of an identifier, a secret, a moment or free text, whatever its type.

    Args:
        name: Of a field, a label or a key of the context, in any case: ``customer_id``, ``API_KEY``.
    """
    lowered = name.lower()
    return lowered in IDENTIFIERS or lowered.endswith(_ENDINGS)
