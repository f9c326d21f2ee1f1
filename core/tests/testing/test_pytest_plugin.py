"""The pytest plugin, in test runs of its own."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

# The entry point would register the module a second time where the distribution is installed.
OPTIONS = ("-p", "no:e11y", "-p", "e11y.testing.pytest_plugin", "-p", "no:cacheprovider", "--strict-markers")

EVENTS = """
import e11y
import pytest
from e11y import Event

class {prefix}Paid(Event, severity="success"):
    order_id: str
    amount: float = 0.0

class {prefix}Failed(Event, adapters=["errors", "archive"]):
    reason: str
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> "Run":
    return Run(pytester)


class Run:
    """Writes a test file that begins with ``EVENTS`` and runs it."""

    number = 0

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        pytester.makefile(".toml", pyproject='[tool.e11y]\nplugins = []\nservice = "shop"\n')

    def __call__(self, body: str, *options: str) -> pytest.RunResult:
        Run.number += 1
        prefix = f"Kit{chr(ord('A') + Run.number)}"
        source = (EVENTS + body).replace("{prefix}", prefix)
        self.pytester.makepyfile(**{f"test_inner_{Run.number}": source})
        file = f"test_inner_{Run.number}.py"
        return self.pytester.runpytest_subprocess(*OPTIONS, *options, file)

    @property
    def folder(self) -> Path:
        return self.pytester.path / "snapshots" / f"test_inner_{Run.number}"


def test_events_of_a_test_are_its_own(run: Run) -> None:
    result = run(
        """
def test_first(e11y_events):
    {prefix}Paid.track(order_id="1")
    e11y_events.assert_tracked({prefix}Paid, order_id="1", times=1)

def test_second(e11y_events):
    assert e11y_events.records == []
    {prefix}Paid.track(order_id="2")
    assert [record.payload["order_id"] for record in e11y_events.records] == ["2"]
"""
    )
    result.assert_outcomes(passed=2)


def test_a_failure_lists_what_was_tracked(run: Run) -> None:
    result = run(
        """
def test_paid(e11y_events):
    {prefix}Paid.track(order_id="1", amount=2.0)
    e11y_events.assert_tracked({prefix}Paid, order_id="2")
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E * AssertionError: expected at least 1 of Kit*Paid with order_id='2', found 0; tracked:",
            "E * success kit*.paid(order_id='1', amount=2.0)  <- order_id differs",
        ]
    )


def test_the_earlier_runtime_and_context_come_back(run: Run) -> None:
    result = run(
        """
from e11y.runtime import Runtime
from e11y.adapters.memory import MemoryAdapter

MEMORY = MemoryAdapter()

@pytest.fixture(scope="module", autouse=True)
def outer():
    with Runtime({"plugins": []}, adapters={"logs": MEMORY}, event_types=()) as runtime, e11y.context(user_id="outer"):
        yield runtime

def test_inside(e11y_events):
    {prefix}Paid.track(order_id="inside")
    [record] = e11y_events.records
    assert dict(record.context) == {}
    e11y.bind(user_id="inner")

def test_outside(outer):
    {prefix}Paid.track(order_id="outside")
    outer.flush(5)
    [record] = MEMORY.records
    assert record.payload["order_id"] == "outside"
    assert dict(record.context) == {"user_id": "outer"}
"""
    )
    result.assert_outcomes(passed=2)


def test_each_purpose_name_has_a_memory_adapter(run: Run) -> None:
    result = run(
        """
@pytest.mark.e11y_config(adapters={"logs": {"type": "loki", "url": "http://127.0.0.1:1"}})
def test_names(e11y_events):
    {prefix}Failed.track(reason="card")
    {prefix}Paid.track(order_id="1")
    e11y_events.assert_tracked({prefix}Failed, times=1)
    for name in ("errors", "archive"):
        e11y_events.at(name).assert_tracked({prefix}Failed, times=1)
        e11y_events.at(name).assert_not_tracked({prefix}Paid)
    e11y_events.at("logs").assert_tracked({prefix}Paid, times=1)
"""
    )
    result.assert_outcomes(passed=1)


def test_a_wrong_event_raises_in_a_test(run: Run) -> None:
    result = run(
        """
def test_wrong(e11y_events):
    with pytest.raises(e11y.InvalidEvent):
        {prefix}Paid.track(order_id=1)
    e11y_events.assert_not_tracked({prefix}Paid)
"""
    )
    result.assert_outcomes(passed=1)


def test_the_marker_says_what_configure_would(run: Run) -> None:
    result = run(
        """
pytestmark = pytest.mark.e11y_config(environment="production", service="mine")

class Marking:
    name = "marking"

    @e11y.hookimpl
    def e11y_annotate(self, schema):
        return e11y.Annotate({"marked": True})

@pytest.mark.e11y_config({"service": "nearest"}, plugins=[Marking])
def test_marked(e11y_events):
    assert {prefix}Paid.track(order_id=1) is e11y.Outcome.INVALID
    {prefix}Paid.track(order_id="1")
    [record] = e11y_events.records
    assert record.metadata["marked"] is True
    assert b'"service":"nearest","environment":"production"' in record.encoded()

def test_file(e11y_events):
    {prefix}Paid.track(order_id="1")
    [record] = e11y_events.records
    assert b'"service":"mine"' in record.encoded()
"""
    )
    result.assert_outcomes(passed=2)


def test_a_marker_with_an_unknown_key_is_an_error(run: Run) -> None:
    result = run(
        """
@pytest.mark.e11y_config(servce="mine")
def test_marked(e11y_events):
    pass
"""
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*servce*service*"])


def test_time_stands_still_and_ids_repeat(run: Run) -> None:
    result = run(
        """
@pytest.mark.parametrize("round", [1, 2])
def test_frozen(e11y_events, e11y_clock, e11y_ids, round):
    {prefix}Paid.track(order_id="1")
    e11y_clock.advance(90)
    {prefix}Failed.track(reason="late")
    {prefix}Paid.track(order_id="2")
    e11y_events.assert_sequence({prefix}Paid, {prefix}Failed, {prefix}Paid)
    shown = [record.timestamp for record in e11y_events.records]
    assert shown == ["2026-01-31T12:00:00.000Z", "2026-01-31T12:01:30.000Z", "2026-01-31T12:01:30.000Z"]
    IDS.append({(record.trace_id, record.span_id) for record in e11y_events.records})
    assert IDS == [IDS[0]] * round

IDS = []
"""
    )
    result.assert_outcomes(passed=2)


def test_expect_covers_a_block(run: Run) -> None:
    result = run(
        """
def test_block(e11y_events):
    {prefix}Paid.track(order_id="1")
    with e11y_events.expect({prefix}Paid, order_id="2", times=1):
        {prefix}Paid.track(order_id="2")
    with pytest.raises(AssertionError, match="nothing was tracked"):
        with e11y_events.expect({prefix}Paid):
            pass
"""
    )
    result.assert_outcomes(passed=1)


def test_events_of_threads_and_asyncio_tasks_are_seen(run: Run) -> None:
    result = run(
        """
import asyncio, threading

def test_thread(e11y_events):
    thread = threading.Thread(target={prefix}Paid.track, kwargs={"order_id": "1"})
    thread.start()
    thread.join()
    e11y_events.assert_tracked({prefix}Paid, times=1)

def test_task(e11y_events):
    async def pay():
        with e11y_events.expect({prefix}Paid, times=1):
            {prefix}Paid.track(order_id="1")
    asyncio.run(pay())
"""
    )
    result.assert_outcomes(passed=2)


def test_snapshots_are_written_by_the_flag_and_compared_without(run: Run) -> None:
    body = """
@pytest.mark.parametrize("order_id", ["1"])
def test_paid(e11y_events, order_id):
    {prefix}Paid.track(order_id=order_id, amount=AMOUNT)
    e11y_events.assert_snapshot()

AMOUNT = 2.5
"""
    missing = run(body)
    missing.assert_outcomes(failed=1)
    missing.stdout.fnmatch_lines(
        [
            "E *there is no snapshot test_paid_1.json yet",
            "E *write it: pytest --e11y-update-snapshots 'test_inner_*.py::test_paid[[]1]'",
        ]
    )
    file = f"test_inner_{Run.number}.py"
    run.pytester.runpytest_subprocess(*OPTIONS, "--e11y-update-snapshots", file).assert_outcomes(passed=1)
    assert '"amount": 2.5' in (run.folder / "test_paid_1.json").read_text(encoding="utf-8")
    run.pytester.runpytest_subprocess(*OPTIONS, file).assert_outcomes(passed=1)


def test_the_marker_and_fixtures_are_described(run: Run) -> None:
    markers = run("", "--markers")
    markers.stdout.fnmatch_lines(["@pytest.mark.e11y_config(settings=None, *, plugins=(), **top_level): what *"])
    fixtures = run("", "--fixtures")
    fixtures.stdout.fnmatch_lines(["*e11y_events -- *", "*The events of this test, and of no other."])
