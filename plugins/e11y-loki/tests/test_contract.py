"""The contract of core: what every adapter promises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from e11y import Adapter, Host
from e11y.testing import AdapterContract, Answer
from e11y_loki import LokiAdapter, LokiSettings


class TestLoki(AdapterContract):
    patience_s = 20.0

    @pytest.fixture(params=[{}, {"gzip": False, "structured_metadata": ()}, {"tenant_context": "user_id"}])
    def make_adapter(self, request: pytest.FixtureRequest, loki: Any) -> Callable[[Host], Adapter]:
        loki.max_line_size = 2**21  # the kit's largest record
        return lambda host: LokiAdapter(LokiSettings(url=loki.url, timeout_s=5.0, **request.param), host)

    @pytest.fixture
    def break_destination(self, loki: Any) -> Callable[[], None]:
        return loki.server.stop

    @pytest.fixture
    def silence_destination(self, loki: Any) -> Callable[[], None]:
        def silence() -> None:
            loki.server.default = Answer(hang=True)

        return silence

    @pytest.fixture
    def arrived(self, loki: Any) -> Callable[[], bytes]:
        return lambda: b"".join(request.body for request in loki.server.requests)
