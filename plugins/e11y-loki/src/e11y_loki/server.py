"""The server: what is asked of it, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import urllib3
from urllib3.util import Timeout

from e11y import ConfigError, DeliveryError, Host, Retryable
from e11y_loki.access import TENANT_HEADER, address_of, connections_of, headers_of
from e11y_loki.answers import error_of, retry_after_s
from e11y_loki.settings import LokiSettings
from e11y_loki.tenants import is_tenant

_HEALTH_TIMEOUT_S: Final = 0.8
_MOST_WORDS: Final = 4096


class Server:
    """Sends requests; never follows a redirect, never tries twice.

    Args:
        settings: Of the adapter.
        host: Where a missing proof of identity is told.

    Raises:
        ConfigError: Settings contradict each other, or name what does not exist.
    """

    def __init__(self, settings: LokiSettings, host: Host) -> None:
        base = address_of(settings)
        root = (base.path or "").rstrip("/")
        self._push_path = root + settings.push_path
        self._ready_path = root + settings.ready_path
        if settings.tenant and not is_tenant(settings.tenant):
            raise ConfigError(
                "setting 'tenant' is no tenant that Loki takes",
                fix="use at most 150 letters, digits and  ! - _ . * ' ( )",
            )
        if settings.timeout_s <= 0:
            raise ConfigError("setting 'timeout' leaves no time at all", fix='write  timeout = "5s"')
        self._headers = headers_of(settings)
        self._push_headers = {**self._headers, "Content-Type": "application/json"}
        if settings.gzip:
            self._push_headers["Content-Encoding"] = "gzip"
        self._timeout_s = settings.timeout_s
        self._pool = connections_of(base, settings)
        if base.scheme == "https" and not settings.verify:
            # urllib3 warns at each connection, and fails where warnings are errors: the log tells it once instead.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            host.logger.warning(
                "verify = false: anybody between here and %s can read and change what is sent", base.host
            )

    def push(self, body: bytes, tenant: str, time_left_s: float | None) -> None:
        """Post one body.

        Args:
            body: Compressed, if the settings say so.
            tenant: Value of ``X-Scope-OrgID``; empty: not sent.
            time_left_s: Until the process is over; ``None``: no end is in sight.

        Raises:
            Unreachable: There was no answer in time.
            Retryable, Rejected: The answer was no.
        """
        headers = {**self._push_headers, TENANT_HEADER: tenant} if tenant else self._push_headers
        timeout_s = self._timeout_s if time_left_s is None else min(self._timeout_s, time_left_s)
        if timeout_s <= 0:
            raise Unreachable("there is no time left")
        try:
            answer = self._request("POST", self._push_path, timeout_s, headers, body)
            error = _verdict(answer)
        except urllib3.exceptions.HTTPError as failure:
            raise Unreachable(type(failure).__name__) from None  # its text holds the URL
        if error is not None:
            raise error

    def ready(self) -> bool:
        """Return whether the server says that it is ready, within a second."""
        try:
            answer = self._request("GET", self._ready_path, _HEALTH_TIMEOUT_S, self._headers)
            answer.drain_conn()
        except (urllib3.exceptions.HTTPError, OSError):
            return False
        return 200 <= answer.status < 300

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()

    def _request(
        self, method: str, path: str, timeout_s: float, headers: Mapping[str, str], body: bytes | None = None
    ) -> urllib3.BaseHTTPResponse:
        return self._pool.urlopen(
            method,
            path,
            body=body,
            headers=headers,
            retries=False,
            redirect=False,
            timeout=Timeout(total=timeout_s),
            preload_content=False,
        )


class Unreachable(Retryable):
    """Nobody answered: whatever else is to be sent there can wait too."""


def _verdict(answer: urllib3.BaseHTTPResponse) -> DeliveryError | None:
    """Return what is wrong with an answer; what follows the head of a success does not matter."""
    error = None
    if not 200 <= answer.status < 300:
        try:
            words = answer.read(_MOST_WORDS).decode("utf-8", "replace")
        except urllib3.exceptions.HTTPError:
            words = ""
            answer.close()
        error = error_of(answer.status, words, retry_after_s(answer))
    answer.drain_conn()
    return error
