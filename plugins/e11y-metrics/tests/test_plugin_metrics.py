"""The metrics of other plugins are shown, and added up over processes, beside those of event types."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from e11y import ConfigError, Event, MetricFamily, Runtime, hookimpl
from e11y.adapters import MemoryAdapter
from e11y_metrics import counter, metrics
from e11y_metrics.process import top

from .conftest import Run


@counter("foreign_taken_total")
class ForeignTaken(Event):
    pass


def told_by(start: Callable[[], object]) -> tuple[str, str, str]:
    with pytest.raises(ConfigError) as raised:
        start()
    return raised.value.what, raised.value.where, raised.value.fix


class Counting:
    """A plugin that counts what it is told."""

    name = "counting"

    def __init__(self, *families: MetricFamily) -> None:
        self.families = list(families)

    @hookimpl
    def e11y_collect(self) -> Iterable[MetricFamily]:
        return self.families


def served(amount: int) -> list[MetricFamily]:
    return [
        MetricFamily("foreign_served_total", "counter", "Served.", ("route",), {("/a",): (amount,), ("/b",): (1,)}),
        MetricFamily(
            "foreign_seconds",
            "histogram",
            "Took.",
            ("route",),
            {("/a",): (amount, 0, 2, 10.5)},
            buckets=(0.1, 1.0),
        ),
        MetricFamily("foreign_peak", "gauge", "Peak.", (), {(): (amount,)}, across="max"),
    ]


def test_families_of_plugins_are_shown(run: Run) -> None:
    bench = run(plugins=[Counting(*served(3))])
    assert bench.named("foreign") == {
        'foreign_served_total{route="/a"}': 3,
        'foreign_served_total{route="/b"}': 1,
        'foreign_seconds_bucket{le="0.1",route="/a"}': 3,
        'foreign_seconds_bucket{le="1.0",route="/a"}': 3,
        'foreign_seconds_bucket{le="+Inf",route="/a"}': 5,
        'foreign_seconds_count{route="/a"}': 5,
        'foreign_seconds_sum{route="/a"}': 10.5,
        "foreign_peak": 3,
    }


def test_they_are_added_up_over_processes_that_live_and_that_ended(run: Run, tmp_path: Path) -> None:
    plugin = Counting(*served(3))
    bench = run(plugins=[plugin], directory=str(tmp_path / "shared"))
    for amount in (2, 5):
        pid = os.fork()
        if pid == 0:
            plugin.families = served(amount)
            part = top()
            assert part is not None
            assert part.share is not None
            part.share.write()
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert bench.named("foreign") == {
        'foreign_served_total{route="/a"}': 10,
        'foreign_served_total{route="/b"}': 3,
        'foreign_seconds_bucket{le="0.1",route="/a"}': 10,
        'foreign_seconds_bucket{le="1.0",route="/a"}': 10,
        'foreign_seconds_bucket{le="+Inf",route="/a"}': 16,
        'foreign_seconds_count{route="/a"}': 16,
        'foreign_seconds_sum{route="/a"}': 31.5,
        "foreign_peak": 3,
    }


def test_processes_keep_the_limit_of_a_label_together(run: Run, tmp_path: Path) -> None:
    def of(*routes: str) -> MetricFamily:
        series = {(route,): (1,) for route in routes}
        return MetricFamily("foreign_routes_total", "counter", "Routes.", ("route",), series, limits={"route": 2})

    plugin = Counting(of("/a", "/b"))
    bench = run(plugins=[plugin], directory=str(tmp_path / "shared"))
    pid = os.fork()
    if pid == 0:
        plugin.families = [of("/c", "/d")]
        part = top()
        assert part is not None
        assert part.share is not None
        part.share.write()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    found = bench.named("foreign_routes")
    assert sum(found.values()) == 4
    assert len(found) == 3
    assert found['foreign_routes_total{route="[OTHER]"}'] == 2


TAKEN = MetricFamily("foreign_taken_total", "counter", "Taken.", (), {(): (9,)})


def test_a_name_that_a_plugin_has_is_refused(run: Run) -> None:
    with Runtime(
        {"environment": "test", "plugins": ["metrics", Counting(TAKEN)]},
        adapters={"logs": MemoryAdapter()},
        environ={},
        event_types=(),
    ) as runtime:
        told = told_by(lambda: runtime.compile_all([ForeignTaken]))
    declared = f"{__name__}.ForeignTaken ({__name__}, line 19)"
    assert told == (
        "metric 'foreign_taken_total' is shown already, by plugin 'counting'",
        f"{declared} and plugin 'counting'",
        "give it another name: both under one name could not be told apart",
    )
    assert told == told_by(lambda: run(plugins=[Counting(TAKEN)], event_types=[ForeignTaken]))


def test_a_direct_call_under_a_name_that_a_plugin_has_is_not_counted(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    bench = run(plugins=[Counting(TAKEN)])
    metrics.increment("foreign_taken_total")
    assert bench.named("foreign") == {"foreign_taken_total": 9}
    bench.advance(60)
    assert [record.getMessage() for record in caplog.records] == [
        "metrics: adding to counter 'foreign_taken_total' failed: ConfigError (1 times)"
    ]


def test_a_name_that_an_event_type_has_is_not_shown_twice(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    plugin = Counting()
    bench = run(plugins=[plugin])
    ForeignTaken.track()
    plugin.families.append(TAKEN)
    assert bench.named("foreign") == {"foreign_taken_total": 1}
    bench.advance(60)
    assert [record.getMessage() for record in caplog.records] == [
        "metrics: showing foreign_taken_total of a plugin failed: NameTaken (1 times)"
    ]


def test_a_family_that_contradicts_itself_costs_no_other(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    crooked = MetricFamily("foreign_crooked_total", "counter", "Crooked.", ("route",), {(): (1,)})
    bench = run(plugins=[Counting(crooked, *served(3))])
    ForeignTaken.track()
    found = bench.named("foreign")
    assert found["foreign_taken_total"] == 1
    assert found["foreign_peak"] == 3
    assert not [name for name in found if "crooked" in name]
    bench.advance(60)
    assert [record.getMessage() for record in caplog.records] == [
        "metrics: showing foreign_crooked_total of a plugin failed: ValueError (2 times)"  # the start looks too
    ]
