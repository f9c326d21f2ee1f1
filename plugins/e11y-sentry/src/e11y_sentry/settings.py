"""Settings of one adapter of type ``sentry``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs
from attrs.validators import ge, gt, le

from e11y import Severity
from e11y.units import byte_size, duration
from e11y_sentry.option import is_tag


def _stripped(text: str) -> str:
    return text.strip()


def _shares(instance: Any, attribute: attrs.Attribute[Any], value: Mapping[str, float]) -> None:
    del instance
    if not all(0.0 <= rate <= 1.0 for rate in value.values()):
        raise ValueError(f"{attribute.name} must hold shares from 0.0 to 1.0")


def _tags(instance: Any, attribute: attrs.Attribute[Any], value: tuple[str, ...]) -> None:
    del instance
    if not all(is_tag(name) for name in value):
        raise ValueError(f"{attribute.name} must be at most 32 characters out of a-z, A-Z, 0-9 and _ . : - each")


@attrs.frozen(eq=False)
class SentrySettings:
    """Table ``[tool.e11y.adapters.<purpose>]`` with ``type = "sentry"``.

    Args:
        dsn: Where issues go. Blank: through the client that the application made with ``sentry_sdk.init``;
            without one, the adapter is inactive. Never shown.
        required: Whether the start is refused when the adapter would be inactive.
        environment: As Sentry shows it; unset: that of e11y.
        release: As Sentry shows it; unset: what sentry-sdk finds (``SENTRY_RELEASE``, the git commit, ...).
        server_name: As Sentry shows it; unset: the name of the host.
        severity: Lowest severity that becomes an issue.
        breadcrumb_severity: Lowest severity that becomes a breadcrumb.
        max_breadcrumbs: Most breadcrumbs of one issue, the newest; 0: none.
        max_breadcrumb_size: Largest data of one breadcrumb; what does not fit is replaced by its size.
        include_payload: Whether payloads are sent at all, with issues and in breadcrumbs.
        max_payload_size: Largest payload of an issue; what does not fit is replaced by its size.
        source_context: Whether stack frames show the lines of source around them.
        tags: Payload fields or context values that become tags wherever they are present.
        user: Context values that become Sentry's user; ``user_id`` is its ``id``.
        sample_rate: Share of the events that is sent.
        sample_rates: Event name or pattern -> share; the first that fits wins over ``sample_rate``.
        timeout_s: Longest wait for an answer; written ``timeout = "5s"``.
        proxy: URL of an HTTP proxy. Never shown.
        ca_certs: File of the certificates to trust; unset: those of the system.
    """

    dsn: str = attrs.field(default="", repr=False, converter=_stripped)
    required: bool = False
    environment: str | None = None
    release: str | None = None
    server_name: str | None = None
    severity: Severity = Severity.ERROR
    breadcrumb_severity: Severity = Severity.DEBUG
    max_breadcrumbs: int = attrs.field(default=100, validator=[ge(0), le(100)])
    max_breadcrumb_size: int = byte_size("1KiB")
    include_payload: bool = True
    max_payload_size: int = byte_size("10KiB")
    source_context: bool = True
    tags: tuple[str, ...] = attrs.field(default=("request_id",), validator=_tags)
    user: tuple[str, ...] = ("user_id",)
    sample_rate: float = attrs.field(default=1.0, validator=[ge(0.0), le(1.0)])
    sample_rates: Mapping[str, float] = attrs.field(default=MappingProxyType({}), validator=_shares)
    timeout_s: float = duration("5s", validator=gt(0))
    proxy: str | None = attrs.field(default=None, repr=False)
    ca_certs: str | None = None
