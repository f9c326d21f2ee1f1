"""A promise is decided by the least favourable quantity of the processes that measured it."""

from collections.abc import Sequence

import pytest

from benchmarks.cases import CASES
from benchmarks.measures.request import Values
from benchmarks.plan import MEASURES, Task
from benchmarks.promises import PROMISES, Answer, Promise, answers
from benchmarks.runner import Result
from benchmarks.statistics import Verdict

PYTHON = "python"


def results(measure: str, case: str, *samples: Values) -> list[Result]:
    return [Result(Task(PYTHON, measure, case, number), values) for number, values in enumerate(samples)]


def answer_to(text: str, measured: Sequence[Result]) -> Answer:
    (found,) = [answer for answer in answers(measured, PYTHON) if answer.promise.text == text]
    return found


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.text)
def test_every_promise_names_a_measurement_that_the_plan_takes(promise: Promise) -> None:
    assert promise.case in MEASURES[promise.measure].cases
    assert promise.beside in ("", *MEASURES[promise.measure].cases)


def test_every_measurement_is_of_a_case_that_exists() -> None:
    assert {case for measure in MEASURES.values() for case in measure.cases} <= set(CASES)


def test_the_worse_of_wall_clock_and_cpu_time_decides() -> None:
    measured = results("caller", "e11y-track", *[{"wall/floor": 1.2, "cpu/floor": 1.7}] * 3)
    found = answer_to("track() / floor", measured)
    assert found.figure is not None
    assert found.figure.median == 1.7
    assert found.verdict is Verdict.BROKEN


def test_a_case_is_compared_with_its_neighbour_of_the_same_round() -> None:
    measured = [
        *results("caller", "e11y-track", *[{"wall/floor": 1.2 * k, "cpu/floor": 1.2 * k} for k in (1, 2, 1)]),
        *results("caller", "e11y-unconcerned", *[{"wall/floor": 1.2 * k, "cpu/floor": 1.2 * k} for k in (1, 2, 1)]),
    ]
    found = answer_to("5 unconcerned plugins / none", measured)
    assert found.figure is not None
    assert found.figure.median == pytest.approx(1.0)
    assert found.verdict is Verdict.KEPT


def test_a_process_that_failed_leaves_the_promise_unmeasured() -> None:
    measured = [Result(Task(PYTHON, "loss", "e11y-track", 0), {}, "gave no answer within 120 s")]
    assert answer_to("lost at 100 000/s into a gzip file", measured).verdict is Verdict.NOT_MEASURED


def test_one_lost_event_breaks_the_promise() -> None:
    measured = results("loss", "e11y-track", {"lost": 1, "twice": 0, "unaccounted": 0, "late_s": 0.0})
    assert answer_to("lost at 100 000/s into a gzip file", measured).verdict is Verdict.BROKEN


def test_what_was_not_asked_for_is_not_answered() -> None:
    measured = results("import", "e11y-track", {"added_cpu_ms": 12.0})
    assert [answer.promise.measure for answer in answers(measured, PYTHON)] == ["import"]


def test_another_interpreter_is_another_answer() -> None:
    measured = results("import", "e11y-track", {"added_cpu_ms": 12.0})
    assert answers(measured, "another")[0].verdict is Verdict.NOT_MEASURED
