"""The report shows figures with their spread, and no ratio that its spread swallows."""

from collections.abc import Sequence

from benchmarks import report
from benchmarks.plan import Task
from benchmarks.promises import answers
from benchmarks.runner import Result
from benchmarks.statistics import Figure

PYTHON = "python"


def caller(case: str, number: int, ratio: float) -> Result:
    kinds = {"": 250.0 * ratio, " of floor": 250.0, "/floor": ratio, "/structlog": ratio / 25}
    values = {f"{clock}{kind}": value for clock in ("wall", "cpu", "total") for kind, value in kinds.items()}
    return Result(Task(PYTHON, "caller", case, number), values)


def text(results: Sequence[Result]) -> str:
    return "\n".join(report.lines(results, PYTHON, "CPython 3.13.0", answers(results, PYTHON)))


def test_a_clear_ratio_is_printed_with_its_spread() -> None:
    shown = text([caller("e11y-track", number, ratio) for number, ratio in enumerate((1.28, 1.30, 1.32))])
    assert "e11y track()     325  325          325      1.3   x1.02        0.052   x1.02" in shown
    assert "track() / floor                              1.6       1.3   x1.02   yes" in shown


def test_a_ratio_swallowed_by_its_spread_is_not_printed() -> None:
    assert report.ratio(Figure.of([0.9, 1.1, 1.4])) == "~1"
    assert report.ratio(Figure.of([25.0])) == "-"
    assert report.ratio(None) == "-"


def test_the_scatter_of_amounts_is_given_by_quartiles() -> None:
    assert report.extent(Figure.of([10, 20, 30])) == "15 .. 25"
    assert report.extent(Figure.of([10])) == "one run"
    assert report.extent(None) == "-"


def test_what_could_not_be_measured_is_said_once_with_the_reason() -> None:
    task = Task(PYTHON, "caller", "loguru", 0)
    shown = text([Result(task, {}, "loguru is not installed"), Result(task, {}, "loguru is not installed")])
    assert shown.count("caller loguru: loguru is not installed") == 1


def test_columns_are_aligned() -> None:
    assert list(report.table(["", "ns"], [["a long name", "1"], ["b", "1,000"]])) == [
        "                  ns",
        "  a long name      1",
        "  b            1,000",
    ]
