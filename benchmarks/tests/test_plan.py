"""Each round walks every case once, in an order of its own."""

import random
from collections import Counter
from collections.abc import Sequence

from benchmarks.plan import MEASURES, Task, tasks


def plan(
    *, only: Sequence[str] = (), rounds: int | None = None, pythons: Sequence[str] = ("python",), seed: int = 1
) -> list[Task]:
    return list(tasks(pythons, only, quick=False, rounds=rounds, order=random.Random(seed)))


def test_a_round_is_over_before_the_next_begins() -> None:
    rounds = [task.round for task in plan()]
    assert rounds == sorted(rounds)


def test_every_case_has_as_many_processes_as_its_measure_asks_for() -> None:
    counts = Counter((task.measure, task.case) for task in plan(pythons=("one", "two")))
    for measure in MEASURES.values():
        assert {counts[measure.name, case] for case in measure.cases} == {2 * measure.rounds}


def test_rounds_differ_in_order_and_a_seed_repeats_them() -> None:
    first, second = ([task.case for task in plan(only=["caller"]) if task.round == number] for number in (0, 1))
    assert sorted(first) == sorted(second)
    assert first != second
    assert plan(seed=5) == plan(seed=5)


def test_only_takes_cases_and_measures() -> None:
    assert plan(only=["import"], rounds=1) == [Task("python", "import", "e11y-track", 0)]
    assert {task.measure for task in plan(only=["structlog"])} == {"caller", "delivery", "latency"}


def test_quick_takes_fewer_rounds() -> None:
    quick = list(tasks(["python"], [], quick=True, rounds=None, order=random.Random(1)))
    assert {(task.measure, task.case) for task in quick} == {(task.measure, task.case) for task in plan()}
    assert len(quick) < len(plan())
