"""Numbers without an event: never an exception, whatever the application passes."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from e11y import Event
from e11y_metrics import counter, metrics, tag

from .conftest import Bench, Run


def test_counters_histograms_and_gauges(run: Run) -> None:
    bench = run(buckets={"wait_seconds": [1, 2]})
    metrics.increment("hits_total", color="red")
    metrics.increment("hits_total", 2.5, color="red")
    metrics.observe("wait_seconds", 1.5)
    metrics.set("depth", 7, queue="a")
    metrics.set("depth", 5, queue="a")
    assert bench.named("hits", "wait", "depth") == {
        'hits_total{color="red"}': 3.5,
        'wait_seconds_bucket{le="1.0"}': 0,
        'wait_seconds_bucket{le="2.0"}': 1,
        'wait_seconds_bucket{le="+Inf"}': 1,
        "wait_seconds_count": 1,
        "wait_seconds_sum": 1.5,
        'depth{queue="a"}': 5,
    }


def test_labels_are_fixed_by_the_first_call(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    metrics.increment("hits_total", color="red")
    metrics.increment("hits_total")
    metrics.increment("hits_total", color="red", shape="round")
    assert bench.named("hits") == {'hits_total{color="red"}': 2, 'hits_total{color="[DROPPED]"}': 1}
    bench.advance(60)
    assert [record.message for record in caplog.records] == [
        "metrics: adding to hits_total with label 'shape' failed: NoSuchLabel (1 times)"
    ]


@counter("shared_total", tags=["color", tag("job_id", allow=True)])
class DirectShared(Event):
    color: str
    job_id: str


def test_an_event_type_declares_the_metric_for_direct_calls_too(bench: Bench) -> None:
    DirectShared.track(color="red", job_id="7")
    metrics.increment("shared_total", color="red", job_id="7")
    metrics.increment("shared_total", job_id="7", color="red")
    assert bench.named("shared") == {'shared_total{color="red",job_id="7"}': 3}


def test_identifiers_are_dropped_unless_a_rule_speaks_for_them(run: Run) -> None:
    bench = run(relabel={"url": "path_template"}, deny=["tenant"])
    metrics.increment("calls_total", user_id="u-1", url="/a/7", tenant="acme", order_id=None)
    assert bench.named("calls") == {
        'calls_total{order_id="[DROPPED]",tenant="[DROPPED]",url="/a/:id",user_id="[DROPPED]"}': 1
    }


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: metrics.increment("hits"), "adding to counter 'hits' failed: BadName"),
        (lambda: metrics.increment("hits.all_total"), "adding to counter 'hits.all_total' failed: BadName"),
        (lambda: metrics.increment(7), "adding to counter failed: BadName"),
        (lambda: metrics.increment("hits_total", le=7), "adding to counter 'hits_total' failed: BadName"),
        (lambda: metrics.increment("hits_total", **{"a-b": 7}), "adding to counter 'hits_total' failed: BadName"),
        (lambda: metrics.set("hits", 7), "adding to gauge 'hits' failed: OtherKind"),
        (lambda: metrics.increment("hits_total", -1), "adding to counter 'hits_total' failed: NotANumber"),
        (lambda: metrics.increment("hits_total", "secret"), "adding to counter 'hits_total' failed: NotANumber"),
        (lambda: metrics.observe("took_seconds", None), "adding to histogram 'took_seconds' failed: NotANumber"),
    ],
)
def test_a_call_that_does_not_fit_is_told_and_raises_nothing(
    bench: Bench, caplog: pytest.LogCaptureFixture, call: Any, told: str
) -> None:
    if "OtherKind" in told:
        metrics.increment("hits_total")
    call()
    assert bench.named("hits").get("hits_total", 0) in (0, 1)
    bench.advance(60)
    assert [record.message for record in caplog.records] == [f"metrics: {told} (1 times)"]


class Hostile:
    def __str__(self) -> str:
        raise RuntimeError("secret")

    __repr__ = __hash__ = __eq__ = __float__ = __str__  # type: ignore[assignment]


def test_objects_are_written_as_their_type(bench: Bench) -> None:
    metrics.increment("objects_total", thing=Hostile())
    metrics.increment("objects_total", thing=["secret"])
    metrics.set("level", Hostile())  # type: ignore[arg-type]
    assert bench.named("objects", "level") == {
        'objects_total{thing="<Hostile>"}': 1,
        'objects_total{thing="<list>"}': 1,
    }


@settings(deadline=None, max_examples=50)  # each example starts a runtime
@given(
    st.sampled_from(["increment", "observe", "set"]),
    st.text(max_size=20) | st.sampled_from(["a_total", "b_seconds", "c"]),
    st.integers() | st.floats() | st.none() | st.text(max_size=3) | st.decimals(),
    st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=5) | st.integers() | st.binary(), max_size=3),
)
def test_anything_may_be_passed(method: str, name: str, value: Any, labels: dict[str, Any]) -> None:
    with Bench.running({"plugins": ["metrics"]}) as bench:
        getattr(metrics, method)(name, value, **labels)
        assert isinstance(bench.samples, dict)


def test_names_without_end_are_refused(bench: Bench) -> None:
    for number in range(1_100):
        metrics.increment(f"name_{number}_total")
    assert len(bench.named("name")) == 1_000
    assert bench.counts == {"metrics.values_skipped": 100}


def in_a_process(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_call_of_a_process_starts_the_runtime() -> None:
    program = """
import e11y
from e11y_metrics import metrics, registry
metrics.increment("early_total", color="red")
print(registry().get_sample_value("early_total", {"color": "red"}))
"""
    assert in_a_process(program).splitlines()[-1] == "1"


def test_without_the_plugin_calls_do_nothing() -> None:
    program = """
import e11y
from e11y_metrics import cardinality, metrics, registry
e11y.configure({"plugins": []})
metrics.increment("early_total", color="red")
metrics.set("level", 7)
print(registry().get_sample_value("early_total", {"color": "red"}), cardinality())
"""
    assert in_a_process(program).splitlines()[-1] == "None []"
