"""The null adapter counts."""

from __future__ import annotations

import pytest

from e11y.adapters.null import NullAdapter, NullPlugin, NullSettings
from e11y.errors import Rejected
from e11y.testing.standalone_host import StandaloneHost

from .records import record


def test_it_counts_records_and_batches() -> None:
    null = NullAdapter()
    null.write_batch([record(), record()])
    null.write_batch([record()])
    assert (null.record_count, null.batch_count, null.healthy()) == (3, 2, True)


def test_it_counts_nothing_once_closed() -> None:
    null = NullAdapter()
    null.close()
    with pytest.raises(Rejected, match="the null adapter is closed"):
        null.write_batch([record()])
    assert (null.record_count, null.healthy()) == (0, False)


def test_the_plugin_offers_it_by_name() -> None:
    offered = NullPlugin().e11y_export()
    assert (offered.name, offered.settings) == ("null", NullSettings)
    assert isinstance(offered.make(NullSettings(), StandaloneHost()), NullAdapter)
