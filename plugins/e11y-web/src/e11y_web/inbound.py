"""What a server knows about a request when it arrives, made fit to be recorded."""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+=@~-]{0,127}", re.ASCII)
_LONGEST = 1_024


@attrs.frozen(eq=False)
class Inbound:
    """A request before the application has seen it.

    Args:
        method: As it came.
        path: Decoded, with the prefix that the application is mounted under.
        query: As it came, without ``?``.
        client: Address of the peer, or an empty text.
        headers: Those that somebody reads, by lower-case name; of a repeated one the first.
    """

    method: str
    path: str
    query: str
    client: str
    headers: Mapping[str, str]

    @property
    def known_method(self) -> str:
        """The method, ``OTHER`` for one that no standard knows: names of scopes must be few."""
        return self.method if self.method in _METHODS else "OTHER"

    @property
    def request_id(self) -> str:
        """The caller's ``X-Request-ID``; empty when there is none or it is not fit to be shown anywhere.

        Up to 128 letters, digits and ``._:/+=@~-``: nothing that a header, a log line or a page has to escape.
        """
        given = self.headers.get("x-request-id", "").strip(" \t")
        return given if _REQUEST_ID.fullmatch(given) else ""

    def fact(self, name: str) -> str:
        """Return ``path``, ``query`` or ``client``, at most 1 024 characters of it."""
        value: str = getattr(self, name)
        return value[:_LONGEST]

    def header(self, name: str) -> str | None:
        """Return a header by lower-case name, at most 1 024 characters of it."""
        value = self.headers.get(name)
        return None if value is None else value[:_LONGEST]
