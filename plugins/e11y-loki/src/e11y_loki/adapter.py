"""The adapter: one push per batch, or one per tenant in it."""

from __future__ import annotations

from collections.abc import Sequence

from e11y import Capabilities, ConfigError, DeliveryError, Host, Partial, Record, Rejected, Retryable, current_deadline
from e11y_loki.compression import make_packer
from e11y_loki.labels import NAME, process_labels
from e11y_loki.push import PushFormat
from e11y_loki.server import Server, Unreachable
from e11y_loki.settings import LokiSettings
from e11y_loki.tenants import by_tenant, is_tenant


class LokiAdapter:
    """Pushes batches to Loki and turns each answer into what core understands.

    Raises:
        ConfigError: Settings contradict each other, or Loki would refuse a label.
    """

    capabilities = Capabilities()

    def __init__(self, settings: LokiSettings, host: Host) -> None:
        for name in settings.structured_metadata:
            if not NAME.fullmatch(name):
                raise ConfigError(
                    f"setting 'structured_metadata' holds {name!r}, which is no name that Loki takes",
                    fix="use letters, digits and '_', no digit first",
                )
        shared = process_labels(settings.labels, service=host.service, environment=host.environment)
        self._format = PushFormat(shared, settings.structured_metadata, settings.line)
        self._pack = make_packer(gzip=settings.gzip)
        self._server = Server(settings, host)
        self._tenant = settings.tenant
        self._tenant_context = settings.tenant_context
        self._monotonic = host.clock.monotonic
        self._closed = False

    def write_batch(self, records: Sequence[Record]) -> None:
        """Push ``records``; those of one tenant in one request.

        Raises:
            Retryable: The server cannot be reached or is busy (408, 425, 429, 5xx).
            Rejected: The server does not want them, or the adapter is closed.
            Partial: Some tenants' records were taken, or none for different reasons.
        """
        if self._closed:
            raise Rejected("the adapter is closed")
        if not self._tenant_context:
            self._push(records, self._tenant)
            return
        failures: dict[int, DeliveryError] = {}
        unreachable: Unreachable | None = None
        for tenant, positions in by_tenant(records, self._tenant_context, self._tenant).items():
            error = unreachable or self._failure_of([records[position] for position in positions], tenant)
            if isinstance(error, Unreachable):
                unreachable = error
            if error is not None:
                failures.update(dict.fromkeys(positions, error))
        if len(failures) == len(records) and len({id(error) for error in failures.values()}) == 1:
            raise failures[0]
        if failures:
            raise Partial(failures)

    def healthy(self) -> bool:
        """Return whether Loki says that it is ready."""
        return not self._closed and self._server.ready()

    def close(self) -> None:
        """Close the connections."""
        self._closed = True
        self._server.close()

    def _push(self, records: Sequence[Record], tenant: str) -> None:
        deadline = current_deadline()
        time_left_s = None if deadline is None else deadline - self._monotonic()
        self._server.push(self._pack(self._format.encoded(records)), tenant, time_left_s)

    def _failure_of(self, records: Sequence[Record], tenant: str) -> DeliveryError | None:
        """Push the records of one tenant; return why that failed, if it did."""
        if tenant and not is_tenant(tenant):
            return Rejected("its tenant is none that Loki takes")
        try:
            self._push(records, tenant)
        except (Retryable, Rejected) as error:
            return error
        return None
