"""Sends events to the project that a DSN names, and waits for the answer.

https://develop.sentry.dev/sdk/foundations/transport/envelopes/
"""

from __future__ import annotations

import gzip
import socket
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import urllib3
from sentry_sdk.consts import EndpointType
from sentry_sdk.envelope import Envelope, Item, PayloadRef
from sentry_sdk.utils import BadDsn, Dsn, get_default_release, handle_in_app

from e11y import ConfigError, Host, Rejected, Retryable
from e11y_sentry.client_reports import ClientReports, report
from e11y_sentry.rate_limits import RateLimits, retry_after_s
from e11y_sentry.settings import SentrySettings

_TOO_BUSY = frozenset({408, 425, 429})
_REFUSALS = {
    401: "the DSN is not accepted",
    403: "the DSN is not accepted",
    404: "there is no such project",
    413: "the event is too large",
}
_HEALTH_S = 0.8
_REPORT_S = 1.0


class Ingest:
    """A destination that acknowledges: returning from ``send`` means that Sentry has the event.

    There is no ``sentry_sdk.Client`` in here. Making a second one beside the application's would replace the
    application's continuous profiler and the name of its SDK, and its transport has no answer to give.

    Args:
        settings: With a DSN.
        host: Clock and environment.

    Raises:
        ConfigError: The DSN or the proxy is none, or the file of certificates is not there.
    """

    acknowledges = True

    def __init__(self, settings: SentrySettings, host: Host) -> None:
        self._settings = settings
        self._environment = settings.environment or host.environment
        self._dsn = _dsn(settings.dsn)
        self._url = self._dsn.to_auth().get_api_url(EndpointType.ENVELOPE)
        self._pool = _pool(settings)
        self._time_ns = host.clock.time_ns
        self.limits = RateLimits(host.clock.monotonic)
        self.reports = ClientReports()

    def send(self, event: dict[str, Any]) -> None:
        """Send one event.

        Raises:
            Retryable: Sentry cannot be reached, is busy, or has asked not to be sent errors for a while.
            Rejected: Sentry does not want this event, or anything from this DSN.
        """
        wait = self.limits.wait_s()
        if wait:
            raise Retryable("rate limited", retry_after_s=wait)
        event = {**event, **self._constants}
        handle_in_app(event, project_root=self._root)  # type: ignore[arg-type] # its type is private
        self._post(Item(PayloadRef(json=event), type="event"), event_id=event["event_id"])

    def healthy(self) -> bool:
        """Return whether the server answers and does not say that it is broken. No event is sent."""
        try:
            answer = self._pool.request("HEAD", self._url, timeout=_HEALTH_S, redirect=False)
        except urllib3.exceptions.HTTPError:
            return False
        return answer.status < 500

    def close(self) -> None:
        """Send what is left to report and close the connections."""
        if self.reports:
            with suppress(Retryable, Rejected):  # a statistic of losses that the ledger has too
                self._post(timeout_s=_REPORT_S)
        self._pool.clear()

    def _post(self, *items: Item, timeout_s: float | None = None, **headers: str) -> None:
        """Post an envelope with ``items`` and what there is to report."""
        now = datetime.fromtimestamp(self._time_ns() / 1e9, UTC).isoformat().replace("+00:00", "Z")
        lost = self.reports.take()
        if lost:
            items = (*items, Item(PayloadRef(json=report(lost, now)), type="client_report"))
        envelope = Envelope(headers={**headers, "sent_at": now}, items=list(items))
        try:
            self._settle(self._request(gzip.compress(envelope.serialize(), 6), timeout_s or self._settings.timeout_s))
        except (Retryable, Rejected):
            self.reports.put_back(lost)
            raise

    def _request(self, body: bytes, timeout_s: float) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(
                "POST", self._url, body=body, headers=self._headers, timeout=timeout_s, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise Retryable(type(error).__name__) from None  # its text holds the URL

    def _settle(self, answer: urllib3.BaseHTTPResponse) -> None:
        """Return if the envelope was accepted; never quote the answer, which may quote the event."""
        self.limits.learn(answer)
        status = answer.status
        if 200 <= status < 300:
            return
        if status == 429:
            raise Retryable("429", retry_after_s=self.limits.wait_s() or retry_after_s(answer))
        if status in _TOO_BUSY or status >= 500:
            raise Retryable(str(status), retry_after_s=retry_after_s(answer))
        said = _REFUSALS.get(status)
        raise Rejected(f"{status}: {said}" if said else str(status))

    # Looked up when the first event is sent: it reads files and may run git.

    @cached_property
    def _headers(self) -> dict[str, str]:
        name = f"e11y-sentry/{version('e11y-sentry')}"
        return {
            "User-Agent": name,
            "X-Sentry-Auth": self._dsn.to_auth(name).to_header(),
            "Content-Type": "application/x-sentry-envelope",
            "Content-Encoding": "gzip",
        }

    @cached_property
    def _root(self) -> str | None:
        try:
            return str(Path.cwd())
        except OSError:
            return None  # the folder is gone

    @cached_property
    def _constants(self) -> dict[str, Any]:
        settings = self._settings
        known = {
            "environment": self._environment,
            "release": get_default_release() if settings.release is None else settings.release,
            "server_name": socket.gethostname() if settings.server_name is None else settings.server_name,
        }
        sdk = {"name": "e11y.python", "version": version("e11y-sentry")}
        return {**{key: value for key, value in known.items() if value}, "sdk": sdk}


def _pool(settings: SentrySettings) -> urllib3.PoolManager:
    options: dict[str, Any] = {"retries": False}
    if settings.ca_certs is not None:
        if not Path(settings.ca_certs).is_file():
            raise ConfigError(
                "option 'ca_certs' names a file that is not there",
                where='an adapter of type "sentry"',
                fix="create it, or correct the path",
            )
        options["ca_certs"] = settings.ca_certs
    try:
        return urllib3.ProxyManager(settings.proxy, **options) if settings.proxy else urllib3.PoolManager(**options)
    except urllib3.exceptions.HTTPError:
        raise ConfigError(
            "option 'proxy' is not the URL of an HTTP proxy",
            where='an adapter of type "sentry"',
            fix='write it as  proxy = "http://<host>:<port>"',
        ) from None


def _dsn(text: str) -> Dsn:
    try:
        return Dsn(text)
    except (BadDsn, ValueError):
        raise ConfigError(
            "option 'dsn' is not the DSN of a Sentry project",
            where='an adapter of type "sentry"',
            fix="copy it from the project's settings: https://<key>@<host>/<project number>",
        ) from None
