"""Labels stay bounded, totals stay exact, and the culprit is named."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y import Drop, Event, Sample, Schema, hookimpl
from e11y_metrics import (
    LabelReport,
    cardinality,
    counter,
    histogram,
    metrics,
    path_template,
    start_http_server,
    status_class,
    tag,
)
from e11y_metrics.finite import texts
from e11y_metrics.sketch import Sketch

from .conftest import Bench, Run


@counter("visits_total", tags=["page"])
@histogram("visit_size", value="size", tags=["page"], buckets=(10,))
class CardinalityVisit(Event):
    page: str
    size: int = 1


def test_values_above_the_limit_become_other_and_totals_stay(run: Run) -> None:
    bench = run(limit=3)
    for page in ("paid", "failed", "pending", "cancelled", "paid", "refunded"):
        CardinalityVisit.track(page=page, size=4)
    assert bench.named("visits") == {
        'visits_total{page="paid"}': 2,
        'visits_total{page="failed"}': 1,
        'visits_total{page="pending"}': 1,
        'visits_total{page="[OTHER]"}': 2,
    }
    assert bench.named("visit_size_count")['visit_size_count{page="[OTHER]"}'] == 2
    assert bench.named("e11y_cardinality") == {
        'e11y_cardinality_overflow_total{label="page",metric="visit_size"}': 2,
        'e11y_cardinality_overflow_total{label="page",metric="visits_total"}': 2,
        'e11y_cardinality_current{label="page",metric="visit_size"}': 3,
        'e11y_cardinality_current{label="page",metric="visits_total"}': 3,
    }
    bench.runtime.flush(5)
    assert [record.payload["page"] for record in bench.memory.records][-1] == "refunded"


class Nothing:
    """Drops every event, after it was counted."""

    @hookimpl
    def e11y_sample(self, schema: Schema) -> Sample:
        drop = Drop("not wanted")
        return Sample(lambda: drop, needs=())


@pytest.mark.timeout(300)
def test_a_million_values_cost_the_limit_and_one_series(run: Run) -> None:
    bench = run(plugins=[Nothing()])

    def visit(numbers: range) -> None:
        for number in numbers:
            CardinalityVisit.track(page=f"/{number}")

    visit(range(100_000))
    grown = []
    for traced in (range(100_000, 150_000), range(950_000, 1_000_000)):
        tracemalloc.start()
        visit(traced)
        cardinality()
        grown.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        if traced.stop == 150_000:
            visit(range(150_000, 950_000))
    assert max(grown) < 200_000
    found = bench.named("visits_total")
    assert len(found) == 1_001
    assert sum(found.values()) == 1_000_000
    worst = cardinality()[0]
    assert (worst.metric, worst.label, worst.values, worst.limit) == ("visit_size", "page", 1_000, 1_000)
    assert (worst.overflow, len(worst.top)) == (999_000, 5)
    assert worst.declared == (f"{__name__}.CardinalityVisit ({__name__}, line {LINE})",)


@counter("pairs_total", tags=["left", "right"])
class CardinalityPair(Event):
    left: str
    right: str


def test_combinations_are_limited_too(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    bench = run(limit=100, max_series=10)
    for left in range(20):
        for right in range(20):
            CardinalityPair.track(left=str(left), right=str(right))
    found = bench.named("pairs_total")
    assert len(found) == 11
    assert found['pairs_total{left="[OTHER]",right="[OTHER]"}'] == 390
    overflow = bench.named("e11y_cardinality_overflow")
    assert overflow['e11y_cardinality_overflow_total{label="",metric="pairs_total"}'] == 390
    bench.advance(60)
    place = f"{__name__}.CardinalityPair ({__name__}, line {LINE_PAIR})"
    assert [record.message for record in caplog.records] == [
        f"metrics: metric 'pairs_total', declared by {place}, is over its limit of 10 series: "
        "in further ones every label is '[OTHER]'"
    ]


def test_it_is_told_once_near_the_limit_and_once_above(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    bench = run(limit=10)
    for number in range(100):
        CardinalityPair.track(left=str(number), right="same")
        bench.advance(60)
    place = f"{__name__}.CardinalityPair ({__name__}, line {LINE_PAIR})"
    assert [record.message for record in caplog.records] == [
        f"metrics: label 'left' of metric 'pairs_total', declared by {place}, has 8 of 10 values; "
        "further ones will become '[OTHER]'",
        f"metrics: label 'left' of metric 'pairs_total', declared by {place}, is over its limit of 10 values: "
        "further ones are '[OTHER]'",
    ]


class Shade(Enum):
    DARK = "dark"
    LIGHT = "light"


@counter("proven_total", tags=["shade", "flag", "kind", "free"])
class CardinalityProven(Event):
    shade: Shade
    flag: bool | None
    kind: Literal["a", "b", "c"]
    free: str


def test_types_with_few_values_need_no_limit(run: Run) -> None:
    bench = run(limit=1)
    for shade in Shade:
        for flag in (True, False, None):
            CardinalityProven.track(shade=shade, flag=flag, kind="b", free=f"{shade}{flag}")
    assert len(bench.named("proven_total")) == 6
    assert {one.label: (one.values, one.overflow) for one in cardinality()} == {"free": (1, 5)}


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (bool, {"True", "False"}),
        (Shade, {"dark", "light"}),
        (Literal["a", 1] | None, {"a", "1"}),
        (Literal["a"] | bool | None, {"a", "True", "False"}),
        (str, None),
        (int | bool, None),
    ],
)
def test_a_type_tells_its_values(kind: Any, found: set[str] | None) -> None:
    assert texts(kind) == found


@counter("requests_total", tags=[tag("path", relabel=path_template), tag("status", relabel=status_class)])
class CardinalityRequest(Event):
    path: str
    status: int


def test_rules_turn_many_values_into_few(run: Run) -> None:
    bench = run(limit=5)
    for number in range(100):
        CardinalityRequest.track(path=f"/orders/{number}?page={number}", status=500 + number % 5)
    assert bench.named("requests") == {'requests_total{path="/orders/:id",status="5xx"}': 100}


def test_settings_give_rules_to_labels(run: Run) -> None:
    bench = run(relabel={"page": "path_template", "left": f"{__name__}:broken"})
    CardinalityVisit.track(page="/a/1")
    CardinalityVisit.track(page="/a/2")
    CardinalityPair.track(left="l", right="r")
    assert bench.named("visits") == {'visits_total{page="/a/:id"}': 2}
    assert bench.named("pairs") == {'pairs_total{left="l",right="r"}': 1}
    assert bench.counts == {"metrics.values_skipped": 1}


def broken(value: object) -> str:
    raise RuntimeError(value)


@given(st.none() | st.text() | st.integers() | st.binary())
def test_rules_survive_anything(value: object) -> None:
    assert status_class(value) in ("1xx", "2xx", "3xx", "4xx", "5xx", "unknown")
    assert isinstance(path_template(value), str)


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/orders/42/items/7?page=2#top", "/orders/:id/items/:id"),
        ("/u/550e8400-e29b-41d4-a716-446655440000/x", "/u/:uuid/x"),
        ("/blob/0123456789abcdef0123", "/blob/:hex"),
        ("/feed/deadbeef", "/feed/deadbeef"),
        ("/v2/orders", "/v2/orders"),
        ("", ""),
    ],
)
def test_a_path_becomes_its_template(path: str, template: str) -> None:
    assert path_template(path) == template


@given(st.lists(st.sampled_from("abcdefghij"), max_size=300), st.integers(1, 6))
def test_the_sketch_finds_what_is_frequent(stream: list[str], size: int) -> None:
    sketch = Sketch(size)
    for text in stream:
        sketch.add(text)
    top = dict(sketch.top(size))
    assert sum(top.values()) == len(stream)
    for text in set(stream):
        if stream.count(text) * size > len(stream):
            assert top[text] >= stream.count(text)


def test_long_values_are_cut(bench: Bench) -> None:
    CardinalityVisit.track(page="x" * 500)
    CardinalityVisit.track(page="x" * 600)
    assert bench.named("visits") == {f'visits_total{{page="{"x" * 128}"}}': 2}


APP = """
from e11y import Drop, Event, Sample, Schema, hookimpl
from e11y_metrics import counter

@counter("visits_total", tags=["page"])
class Visited(Event):
    page: str
"""


def command(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "visits_app.py").write_text(APP)
    return subprocess.run(
        [sys.executable, "-m", "e11y", "--app", "visits_app", "metrics", "cardinality", *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_names_the_label_its_values_and_its_class(run: Run, tmp_path: Path) -> None:
    run(limit=3)
    for page in ("a", "b", "c", "d", "d", "e"):
        CardinalityVisit.track(page=page)
    server = start_http_server(0)
    try:
        said = command(tmp_path, f"http://127.0.0.1:{server.port}/metrics")
        as_json = command(tmp_path, f"http://127.0.0.1:{server.port}/metrics", "--json")
    finally:
        server.close()
    assert said.returncode == 1
    assert said.stdout == (
        "visit_size: label 'page' has 3 values of 3\n"
        "  3 times a further value became '[OTHER]'\n"
        "  most often: 'd' (2), 'e' (1)\n"
        f"  declared by {__name__}.CardinalityVisit ({__name__}, line {LINE})\n"
        "visits_total: label 'page' has 3 values of 3\n"
        "  3 times a further value became '[OTHER]'\n"
        "  most often: 'd' (2), 'e' (1)\n"
        f"  declared by {__name__}.CardinalityVisit ({__name__}, line {LINE_COUNTER})\n"
    )
    assert [one["label"] for one in json.loads(as_json.stdout)] == ["page", "page"]


def test_the_command_reads_the_exposition_of_any_program(tmp_path: Path) -> None:
    lines = [f'visits_total{{page="{number}"}} 1' for number in range(900)]
    text = "# TYPE visits_total counter\n" + "\n".join([*lines, 'visits_total{page="[OTHER]"} 3']) + "\n"
    (tmp_path / "scraped.txt").write_text(text)
    said = command(tmp_path, "scraped.txt")
    assert (said.returncode, said.stdout) == (
        0,
        "visits_total: label 'page' has 900 values\n  declared by visits_app.Visited (visits_app, line 5)\n",
    )


def test_the_command_says_when_nothing_is_wrong_and_when_nothing_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "scraped.txt").write_text('# TYPE a_total counter\na_total{page="1"} 1\n')
    assert command(tmp_path, "scraped.txt").stdout == "1 labels, none near its limit\n"
    missing = command(tmp_path, "nothing.txt")
    assert (missing.returncode, missing.stderr) == (
        1,
        "no metrics can be read from 'nothing.txt': FileNotFoundError\n"
        "  where: e11y metrics cardinality\n"
        "  fix:   name the URL that Prometheus scrapes, or a file with its answer in the text format\n",
    )


def test_the_report_of_direct_calls_says_where_they_come_from(bench: Bench) -> None:
    metrics.increment("direct_visits_total", page="a")
    assert cardinality() == [
        LabelReport("direct_visits_total", "page", 1, 1_000, 0, (), ("metrics, called for 'direct_visits_total'",))
    ]
    del bench


SOURCE = Path(__file__).read_text("utf-8").splitlines()
LINE_COUNTER = SOURCE.index('@counter("visits_total", tags=["page"])') + 1
LINE = LINE_COUNTER + 1
LINE_PAIR = SOURCE.index('@counter("pairs_total", tags=["left", "right"])') + 1
