"""The server as the adapter reaches it: one connection, its credentials, its time limits."""

from __future__ import annotations

import re
import ssl
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import urllib3
from urllib3.util import Timeout, Url, parse_url

from e11y import ConfigError, DeliveryError, Host, Retryable
from e11y_loki.answers import error_of, retry_after_s
from e11y_loki.settings import LokiSettings
from e11y_loki.tenants import is_tenant

TENANT_HEADER: Final = "X-Scope-OrgID"

_HEALTH_TIMEOUT_S: Final = 0.8
_MOST_WORDS: Final = 4096
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110, 5.6.2: token."""
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")

_OURS: Final = {
    "content-encoding": "use  gzip = true  or  gzip = false",
    "content-length": "remove it",
    "content-type": "remove it",
    "host": "remove it",
    "transfer-encoding": "remove it",
    TENANT_HEADER.lower(): 'use  tenant = "..."',
}


class Server:
    """Sends requests; never follows a redirect, never tries twice.

    Args:
        settings: Of the adapter.
        host: Where a missing proof of identity is told.

    Raises:
        ConfigError: Settings contradict each other, or name what does not exist.
    """

    def __init__(self, settings: LokiSettings, host: Host) -> None:
        base = _base(settings.url)
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
        self._headers = _headers(settings)
        self._push_headers = {**self._headers, "Content-Type": "application/json"}
        if settings.gzip:
            self._push_headers["Content-Encoding"] = "gzip"
        self._timeout_s = settings.timeout_s
        self._pool = _pool(base, settings)
        if base.scheme == "https" and not settings.verify:
            # urllib3 would warn with each connection; whoever switched the check off is told once instead.
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


def _base(url: str) -> Url:
    try:
        base = parse_url(url)
    except urllib3.exceptions.LocationParseError:
        base = Url()
    if base.scheme not in ("http", "https") or not base.host or base.query or base.fragment:
        raise ConfigError("setting 'url' is not the address of a server", fix='write  url = "https://loki.example.com"')
    if base.auth:
        raise ConfigError("setting 'url' holds credentials", fix="move them to  username  and  password")
    return base


def _headers(settings: LokiSettings) -> dict[str, str]:
    """Return the headers of every request."""
    for name, value in settings.headers.items():
        if name.lower() in _OURS:
            raise ConfigError(f"header {name!r} is set by the adapter", fix=_OURS[name.lower()])
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            raise ConfigError(
                f"header {name!r} cannot be sent", fix="use printable ASCII, without spaces around the value"
            )
    basic = bool(settings.username or settings.password)
    given = [name for name in settings.headers if name.lower() == "authorization"]
    if basic + bool(settings.bearer_token) + len(given) > 1:
        raise ConfigError(
            "there are credentials of several kinds",
            fix="keep one of  username and password,  bearer_token,  an Authorization header",
        )
    headers = dict(settings.headers)
    if basic:
        if not (settings.username and settings.password):
            raise ConfigError("'username' and 'password' need each other", fix="set both, or neither")
        if ":" in settings.username:
            raise ConfigError("setting 'username' holds a colon", fix="the part behind it belongs to  password")
        # UTF-8, as RFC 7617 asks for; urllib3's make_headers knows Latin-1 only.
        credentials = b64encode(f"{settings.username}:{settings.password}".encode()).decode()
        headers["Authorization"] = f"Basic {credentials}"
    if settings.bearer_token:
        if not _HEADER_VALUE.fullmatch(settings.bearer_token):
            raise ConfigError(
                "setting 'bearer_token' cannot be sent", fix="use printable ASCII without spaces around it"
            )
        headers["Authorization"] = f"Bearer {settings.bearer_token}"
    return headers


def _pool(base: Url, settings: LokiSettings) -> urllib3.HTTPConnectionPool:
    """Return connections to the server: one for pushes, one for a health check at the same time."""
    files = {"ca_file": settings.ca_file, "client_cert": settings.client_cert, "client_key": settings.client_key}
    given = {name: path for name, path in files.items() if path is not None}
    if base.scheme == "http":
        if given or not settings.verify:
            raise ConfigError("there are TLS settings, but 'url' is not https", fix='write  url = "https://..."')
        return urllib3.HTTPConnectionPool(base.host or "", base.port, maxsize=2, block=False)
    for name, path in given.items():
        if not path.is_file():
            raise ConfigError(f"setting {name!r} names a file that is not there", fix="create it, or correct the path")
    if settings.client_key and not settings.client_cert:
        raise ConfigError("'client_key' is of no use without 'client_cert'", fix="set both, or neither")
    return urllib3.HTTPSConnectionPool(
        base.host or "",
        base.port,
        maxsize=2,
        cert_reqs=ssl.CERT_REQUIRED if settings.verify else ssl.CERT_NONE,
        assert_hostname=None if settings.verify else False,
        ca_certs=_text(settings.ca_file),
        cert_file=_text(settings.client_cert),
        key_file=_text(settings.client_key),
    )


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
