"""The adapter: records from error on become Sentry issues."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from sentry_sdk.integrations.logging import ignore_logger

from e11y import Capabilities, ConfigError, Declined, Host, Record, Rejected
from e11y_sentry.application import ApplicationClient
from e11y_sentry.ingest import Ingest
from e11y_sentry.issue import make_issue
from e11y_sentry.option import SentryOption
from e11y_sentry.raised import Raised
from e11y_sentry.settings import SentrySettings

_USUAL = SentryOption()


class SentryAdapter:
    """Writes one event per record, to the project of its DSN or through the application's client.

    Args:
        settings: Its table.
        host: What core offers.
        raised: Span id -> the exceptions that were being handled at the call.
        rules: Qualified name of an event type -> what it says; ``None``: it is never sent.

    Raises:
        ConfigError: The DSN or the proxy is none, the file of certificates is not there, or there is no DSN
            although it is required.
    """

    def __init__(
        self,
        settings: SentrySettings,
        host: Host,
        raised: Callable[[int], Sequence[Raised]],
        rules: Mapping[str, SentryOption | None],
    ) -> None:
        if settings.required and not settings.dsn and not ApplicationClient.is_there():
            raise ConfigError(
                "option 'dsn' is blank although required = true",
                where='an adapter of type "sentry"',
                fix='add  dsn = "${SENTRY_DSN}", or call sentry_sdk.init before e11y.start',
            )
        self.settings = settings
        self._ingest = Ingest(settings, host) if settings.dsn else None
        self._destination: Ingest | ApplicationClient = self._ingest or ApplicationClient(host)
        self.capabilities = Capabilities(
            batching=False,
            acknowledges=self._destination.acknowledges,
            wants_trail=settings.max_breadcrumbs > 0,
        )
        self._count = host.count
        self._raised = raised
        self._rules = rules
        self._closed = False
        # What core logs about a failing delivery must not become an issue that fails to be delivered.
        ignore_logger("e11y")

    def write_batch(self, records: Sequence[Record]) -> None:
        """Send each record that is to be an issue; the others are breadcrumbs at most, and done.

        Raises:
            Retryable: Sentry could not be reached, is busy or limits the rate.
            Rejected: Sentry does not want the event, or the adapter is closed.
            Declined: A setting leaves the event out, or the adapter is inactive.
        """
        if self._closed:
            raise Rejected("the adapter is closed")
        for record in records:
            if record.severity < self.settings.severity:
                self._count("below_severity")
            else:
                self._send(record)

    def healthy(self) -> bool:
        """Return whether Sentry answers; without a DSN, whether the application has a client."""
        return not self._closed and self._destination.healthy()

    def close(self) -> None:
        """Send the last report and close the connections."""
        if not self._closed:
            self._closed = True
            self._destination.close()

    def lost(self, reason: str) -> None:
        """Take note that core gave one of its records up and nobody keeps it."""
        if self._ingest is not None:
            self._ingest.reports.give_up(reason, limited=bool(self._ingest.limits.wait_s()))

    def _send(self, record: Record) -> None:
        rule = self._rules.get(record.event_type, _USUAL)
        if rule is None:
            raise Declined("switched off by @sentry(False)")
        # Span ids are random: a record has the same luck in each attempt, and when it is replayed.
        if record.span >= self._rate(record.name, rule) * (1 << 64):
            if self._ingest is not None:
                self._ingest.reports.lose("sample_rate")
            raise Declined("sample rate")
        self._destination.send(self._event(record, rule))

    def _event(self, record: Record, rule: SentryOption) -> dict[str, Any]:
        return make_issue(record, self._raised(record.span), rule, self.settings)

    def _rate(self, name: str, rule: SentryOption) -> float:
        if rule.sample_rate is not None:
            return rule.sample_rate
        for pattern, rate in self.settings.sample_rates.items():
            if fnmatchcase(name, pattern):
                return rate
        return self.settings.sample_rate
