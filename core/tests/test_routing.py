"""Names of adapters that are not configured: refused at start, or left out, told and counted."""

from __future__ import annotations

from typing import Any

import pytest

from e11y import ConfigError, Event, Outcome, Route, Runtime, hookimpl
from e11y.adapters import MemoryAdapter

from .conftest import Bench, MakeBench


class ParcelSent(Event):
    parcel_id: str


class ParcelLost(Event, severity="error"):
    parcel_id: str


def faults(bench: Bench, caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.clear()
    bench.runtime.faults.tell(final=True)
    return [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize("key", ["debug", "info", "success", "warn", "error", "fatal", "default", "fallback"])
def test_a_wrong_name_in_routes_stops_the_start(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Runtime(
            {"plugins": [], "routes": {key: ["logs", "lgs"]}},
            environ={},
            adapters={"logs": MemoryAdapter()},
            event_types=(),
        )
    assert str(caught.value) == (
        f"setting 'routes.{key}' names adapter 'lgs', which is not configured, did you mean 'logs'?\n"
        "  where: [routes] in e11y.configure()\n"
        "  fix:   add [tool.e11y.adapters.lgs], or use one of: logs"
    )


def test_every_wrong_name_in_routes_is_told() -> None:
    routes = {"error": ["lgs", "lgs"], "default": ["archve"], "fallback": ["lgs"]}
    with pytest.raises(ConfigError) as caught:
        Runtime({"plugins": [], "routes": routes, "adapters": {"logs": {"type": "null"}}}, environ={})
    assert [problem.what.partition(",")[0] for problem in caught.value.problems] == [
        "setting 'routes.error' names adapter 'lgs'",
        "setting 'routes.default' names adapter 'archve'",
        "setting 'routes.fallback' names adapter 'lgs'",
    ]


def test_where_one_adapter_stands_in_routes_may_name_what_they_like() -> None:
    runtime = Runtime({"plugins": [], "routes": {"error": ["tracker"]}}, environ={}, event_types=())
    assert runtime.compiler.shape(runtime.compiler.plan(ParcelLost), ()).adapters == ("console",)


def test_without_strictness_a_wrong_name_in_routes_is_left_out_told_and_counted(
    make_bench: MakeBench, caplog: pytest.LogCaptureFixture
) -> None:
    bench = make_bench({"strict_adapters": False, "routes": {"error": ["lgs"], "fallback": ["lgs", "logs"]}})
    assert ParcelLost.track(parcel_id="1") is Outcome.ACCEPTED
    assert ParcelSent.track(parcel_id="2") is Outcome.ACCEPTED
    assert faults(bench, caplog) == [
        "core: routing failed: setting 'routes.error' names adapter 'lgs', which is not configured, "
        "did you mean 'logs'? (1 times)",
        "core: routing failed: setting 'routes.fallback' names adapter 'lgs', which is not configured, "
        "did you mean 'logs'? (1 times)",
    ]
    assert bench.names == ["parcel.lost", "parcel.sent"]
    assert bench.runtime.ledger.check().plugins["core.unknown_adapter"] == 2


def test_without_strictness_a_wrong_name_of_a_call_is_told_without_the_name(
    make_bench: MakeBench, caplog: pytest.LogCaptureFixture
) -> None:
    bench = make_bench({"strict_adapters": False})
    assert ParcelSent.at(adapters=["hush"]).track(parcel_id="1") is Outcome.UNROUTED
    assert faults(bench, caplog) == [
        f"core: routing of {__name__}.ParcelSent failed: it names an adapter that is not configured (1 times)"
    ]


@pytest.mark.parametrize("answer", [("nope",), ("logs", "nope"), (["nope"],), ("nope", 5)])
@pytest.mark.parametrize("strict", [True, False])
def test_a_wrong_name_of_a_step_is_left_out_told_and_counted(
    make_bench: MakeBench, caplog: pytest.LogCaptureFixture, answer: tuple[Any, ...], strict: bool
) -> None:
    class WayPlugin:
        @hookimpl
        def e11y_route(self) -> Route:
            return Route(lambda: answer)

    bench = make_bench({"strict_adapters": strict}, plugins=[WayPlugin])
    for _ in range(3):
        assert ParcelSent.track(parcel_id="1") is Outcome.ACCEPTED
    assert faults(bench, caplog) == [
        f"core: routing of {__name__}.ParcelSent failed: "
        "a step of e11y_route names an adapter that is not configured (3 times)"
    ]
    assert len(bench.records) == 3
    assert bench.runtime.ledger.check().plugins["core.unknown_adapter"] == 3
