"""The null adapter: counts records and keeps none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from e11y.adapter import AdapterType, Capabilities
from e11y.errors import Rejected
from e11y.plugins import hookimpl
from e11y.record import Record

if TYPE_CHECKING:
    from e11y.host import Host


@attrs.frozen(eq=False)
class NullSettings:
    """The null adapter has no settings."""


class NullAdapter:
    """Takes every record and forgets it: to measure what comes before, or to silence a purpose.

    Attributes:
        record_count: Records taken so far.
        batch_count: Batches taken so far.
    """

    def __init__(self) -> None:
        self.capabilities = Capabilities()
        self.record_count = 0
        self.batch_count = 0
        self._closed = False

    def write_batch(self, records: Sequence[Record]) -> None:
        """Count ``records``.

        Raises:
            Rejected: The adapter is closed.
        """
        if self._closed:
            raise Rejected("the null adapter is closed")
        self.record_count += len(records)
        self.batch_count += 1

    def healthy(self) -> bool:
        """Return whether it still takes records."""
        return not self._closed

    def close(self) -> None:
        """Take no more records."""
        self._closed = True


class NullPlugin:
    """Offers the adapter type ``null``."""

    name = "null"

    @hookimpl
    def e11y_export(self) -> AdapterType:
        return AdapterType(name=self.name, settings=NullSettings, make=_make)


def _make(settings: NullSettings, host: Host) -> NullAdapter:
    del settings, host
    return NullAdapter()
