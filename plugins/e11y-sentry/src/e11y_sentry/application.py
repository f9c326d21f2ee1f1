"""Sends events through the client that the application made with ``sentry_sdk.init``."""

from __future__ import annotations

from typing import Any, cast

import sentry_sdk

from e11y import Declined, Host

_FLUSH_S = 2.0


class ApplicationClient:
    """A destination that does not acknowledge: the client sends in the background, and drops on its own.

    Its options and hooks hold: environment, release, ``before_send``, its own sample rate. Nothing of a request's
    scope gets into an event, since it is written on another thread and possibly much later; what was set on the
    global scope does.

    Args:
        host: For the warning, and to count what the client left out.
    """

    acknowledges = False

    def __init__(self, host: Host) -> None:
        self._host = host
        self._warned = False
        self._waiting = 0

    @staticmethod
    def is_there() -> bool:
        """Return whether the application has made a client that sends."""
        return sentry_sdk.get_client().transport is not None

    def send(self, event: dict[str, Any]) -> None:
        """Hand one event to the client.

        Raises:
            Declined: There is no client, or it left the event out.
        """
        client = sentry_sdk.get_client()
        if client.transport is None:
            self._warn()
            raise Declined("sentry is inactive")
        # Its queue holds a hundred events and drops what comes then: wait for it before it is full.
        if self._waiting >= max(1, client.options.get("transport_queue_size", 100) // 2):
            client.flush(timeout=_FLUSH_S)
            self._waiting = 0
        scope = sentry_sdk.get_global_scope().fork()
        if client.capture_event(cast(Any, event), hint={}, scope=scope) is None:
            raise Declined("left out by the application's sentry_sdk")
        self._waiting += 1

    def healthy(self) -> bool:
        """Return whether there is a client."""
        return self.is_there()

    def close(self) -> None:
        """Let the client send what it was handed; it stays the application's."""
        if self._waiting:
            sentry_sdk.get_client().flush(timeout=_FLUSH_S)
            self._waiting = 0

    def _warn(self) -> None:
        if not self._warned:
            self._warned = True
            self._host.logger.warning(
                "an adapter of type 'sentry' is inactive: it has no dsn, and the application has not called "
                "sentry_sdk.init; its records are counted as given up (sentry is inactive)"
            )
