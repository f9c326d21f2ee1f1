"""How the server is reached: its address, credentials and certificates."""

from __future__ import annotations

import re
import ssl
from base64 import b64encode
from pathlib import Path
from typing import Final

import urllib3
from urllib3.util import Url, parse_url

from e11y import ConfigError
from e11y_loki.settings import LokiSettings

TENANT_HEADER: Final = "X-Scope-OrgID"

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


def address_of(settings: LokiSettings) -> Url:
    """Return the address of the server, taken apart.

    Raises:
        ConfigError: It is none, or holds credentials, which would be shown with it.
    """
    try:
        base = parse_url(settings.url)
    except urllib3.exceptions.LocationParseError:
        base = Url()
    if base.scheme not in ("http", "https") or not base.host or base.query or base.fragment:
        raise ConfigError("setting 'url' is not the address of a server", fix='write  url = "https://loki.example.com"')
    if base.auth:
        raise ConfigError("setting 'url' holds credentials", fix="move them to  username  and  password")
    return base


def headers_of(settings: LokiSettings) -> dict[str, str]:
    """Return the headers of every request.

    Raises:
        ConfigError: A header cannot be sent, or credentials contradict each other.
    """
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


def connections_of(base: Url, settings: LokiSettings) -> urllib3.HTTPConnectionPool:
    """Return connections to the server: one for pushes, one for a health check at the same time. Opens none.

    Raises:
        ConfigError: TLS settings contradict each other, or name a file that is not there.
    """
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
