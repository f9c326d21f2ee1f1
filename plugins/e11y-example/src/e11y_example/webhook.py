"""The adapter: one POST of JSON lines per batch."""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import urllib3

from e11y import Capabilities, Host, Record, Rejected, Retryable
from e11y.units import duration

_TOO_BUSY = frozenset({408, 425, 429})
_BAD_RECORD = frozenset({400, 413, 422})


@attrs.frozen(eq=False)
class WebhookSettings:
    """Table ``[tool.e11y.adapters.<purpose>]`` with ``type = "example"``.

    Args:
        url: Where batches are posted. Never shown: it may hold a token.
        timeout_s: Longest wait for an answer; written ``timeout = "5s"``.
    """

    url: str = attrs.field(repr=False)
    timeout_s: float = duration("5s")


class WebhookAdapter:
    """Posts each batch and turns the answer into what core understands.

    There is no retry, queue or thread in here: raising says what happened, core does the rest.
    """

    capabilities = Capabilities()

    def __init__(self, settings: WebhookSettings, host: Host) -> None:
        del host
        self._url = settings.url
        self._timeout = urllib3.Timeout(total=settings.timeout_s)
        self._pool = urllib3.PoolManager(
            headers={"Content-Type": "application/x-ndjson"}, retries=False, timeout=self._timeout
        )
        self._closed = False

    def write_batch(self, records: Sequence[Record]) -> None:
        """Post ``records`` as JSON lines.

        Raises:
            Retryable: The server could not be reached or is busy (408, 425, 429, 5xx).
            Rejected: The server does not want the batch, or the adapter is closed.
        """
        if self._closed:
            raise Rejected("the adapter is closed")
        body = b"".join(record.encoded() + b"\n" for record in records)
        try:
            answer = self._pool.request("POST", self._url, body=body)
        except urllib3.exceptions.HTTPError as error:
            raise Retryable(type(error).__name__) from None  # its text holds the URL
        if 200 <= answer.status < 300:
            return
        # Not the body of the answer: servers like to quote what they refuse.
        if answer.status in _TOO_BUSY or answer.status >= 500:
            raise Retryable(str(answer.status), retry_after_s=_retry_after(answer))
        raise Rejected(str(answer.status), split=answer.status in _BAD_RECORD)

    def healthy(self) -> bool:
        """Return whether the server answers at all, whatever it says."""
        try:
            self._pool.request("HEAD", self._url, timeout=0.8)
        except urllib3.exceptions.HTTPError:
            return False
        return True

    def close(self) -> None:
        """Close the connections."""
        self._closed = True
        self._pool.clear()


def _retry_after(answer: urllib3.BaseHTTPResponse) -> float | None:
    """Return the seconds of ``Retry-After``, which also may be a date (RFC 9110, 10.2.3)."""
    try:
        return urllib3.Retry().get_retry_after(answer)
    except urllib3.exceptions.InvalidHeader:
        return None
