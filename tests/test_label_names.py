"""The plugins that make labels of fields refuse the same names."""

from __future__ import annotations

import types
from collections.abc import Callable

import pytest

from e11y import ConfigError, Event, Runtime
from e11y.adapters import MemoryAdapter
from e11y.identifiers import IDENTIFIERS
from e11y_metrics import counter
from e11y_slo import slo


def by_metrics(name: str) -> Callable[[type[Event]], type[Event]]:
    return counter("identified_total", tags=[name])


def by_slo(name: str) -> Callable[[type[Event]], type[Event]]:
    return slo(contributes_to="identified", status_from=lambda state: "success", group_by=name)


@pytest.mark.parametrize("decorator", [by_metrics, by_slo])
@pytest.mark.parametrize(
    "name", [*sorted(IDENTIFIERS), "user_email", "row_uuid", "row_guid", "csrf_token", "own_phone"]
)
def test_an_identifier_is_no_label(decorator: Callable[[str], Callable[[type[Event]], type[Event]]], name: str) -> None:
    def fill(body: dict[str, object]) -> None:
        body["__annotations__"] = {"state": str, name: str}

    with Runtime({"environment": "test"}, adapters={"logs": MemoryAdapter()}, environ={}, event_types=()) as runtime:
        event_type = types.new_class("Identified", (Event,), exec_body=fill)
        with pytest.raises(ConfigError, match=f"'{name}'.* an identifier or free text"):
            runtime.compile_all([decorator(name)(event_type)])
