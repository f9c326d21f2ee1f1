"""An adapter whose destination never answers: every batch fails and may be tried again."""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from e11y import AdapterType, Capabilities, Host, Record, hookimpl


@attrs.frozen(eq=False)
class DeadSettings:
    """Has none."""


class DeadAdapter:
    """Refuses every batch the way an unreachable server does."""

    capabilities = Capabilities(batching=True)

    def __init__(self, settings: DeadSettings, host: Host) -> None:
        del settings, host

    def write_batch(self, records: Sequence[Record]) -> None:
        """Raise what a closed port raises."""
        del records
        raise ConnectionRefusedError("connection refused")

    def healthy(self) -> bool:
        """Return ``False``: nobody answers."""
        return False

    def close(self) -> None:
        """Hold nothing, release nothing."""


class DeadPlugin:
    """Offers the adapter type ``dead``."""

    name = "dead"

    @hookimpl
    def e11y_export(self) -> AdapterType:
        """Return the adapter type."""
        return AdapterType(name="dead", settings=DeadSettings, make=DeadAdapter)
