"""What a server's answer means to core.

Loki says in words why it refuses a push, and some of its words quote what was sent. Only the phrases below
are taken over, with the numbers and times in them. They are Loki's own: ``pkg/validation/validate.go`` and
"Enforce rate limits and push request validation" in its documentation.
"""

from __future__ import annotations

import re
from typing import Final

import urllib3

from e11y import DeliveryError, Rejected, Retryable

_BUSY: Final = frozenset({408, 425, 429})
_MAY_BE_ONE_RECORD: Final = frozenset({400, 413, 422})

_TIME: Final = r"\d{4}-\d\d-\d\dT[\d:.]{8,18}(?:Z|[+-]\d\d:\d\d)"
_SIZE: Final = r"'?\d{1,12}'?"

_OF_A_RECORD: Final = re.compile(
    rf"timestamp too old: {_TIME}, oldest acceptable timestamp is: {_TIME}"
    rf"|timestamp too new: {_TIME}"
    rf"|entry too far behind(?:, entry timestamp is: {_TIME})?(?:, oldest acceptable timestamp is: {_TIME})?"
    r"|entry out of order"
    rf"|max entry size {_SIZE} bytes exceeded"
    rf"|structured metadata too large: {_SIZE} bytes, limit: {_SIZE} bytes"
    rf"|too many structured metadata labels: {_SIZE}, limit: {_SIZE}"
    r"|label (?:name|value) too long"
    r"|error parsing labels"
    rf"|request body too large(?:: {_SIZE} bytes, limit: {_SIZE} bytes)?"
    r"|(?:ingestion|per stream) rate limit exceeded"
    r"|maximum active stream limit exceeded",
    re.ASCII | re.IGNORECASE,
)

_OF_ALL_RECORDS: Final = re.compile(
    r"structured metadata, but this feature is disallowed"
    rf"|{_SIZE} label names; limit {_SIZE}"
    r"|missing required labels"
    r"|ingestion blocked"
    r"|no org id"
    r"|tenant id is too long",
    re.ASCII | re.IGNORECASE,
)


def error_of(status: int, text: str, retry_after_s: float | None) -> DeliveryError:
    """Return what ``write_batch`` has to raise for an answer that is not a success.

    Args:
        status: HTTP status, not 2xx.
        text: The beginning of the body.
        retry_after_s: Seconds that the server asked to wait, if it did.

    Returns:
        ``Retryable`` for 408, 425, 429 and 5xx; else ``Rejected``, to be split if one record may be at fault.
    """
    phrase = _OF_ALL_RECORDS.search(text) or _OF_A_RECORD.search(text)
    reason = f"{status}: {phrase[0].replace(chr(39), '')}" if phrase else str(status)
    if status in _BUSY or status >= 500:
        return Retryable(reason, retry_after_s=retry_after_s)
    split = status in _MAY_BE_ONE_RECORD and not _OF_ALL_RECORDS.search(text)
    return Rejected(reason, split=split)


def retry_after_s(answer: urllib3.BaseHTTPResponse) -> float | None:
    """Return the seconds of ``Retry-After``, which also may be a date (RFC 9110, 10.2.3)."""
    try:
        return urllib3.Retry().get_retry_after(answer)
    except urllib3.exceptions.InvalidHeader:
        return None
