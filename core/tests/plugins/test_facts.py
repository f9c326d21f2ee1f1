"""What plugins tell beside an event's way: problems that they find, metrics that they count."""

from __future__ import annotations

from collections.abc import Iterable

import attrs
import pytest

from e11y import ConfigError, E11yError, Event, Host, MetricFamily, Runtime, hookimpl
from e11y.adapters import MemoryAdapter

JOBS = MetricFamily("jobs_total", "counter", "Jobs that ended.", ("status",), {("success",): (3,)})
ROWS = MetricFamily("rows", "gauge", "Rows that wait.", (), {(): (7,)})
FAMILIES = [{**attrs.asdict(one), "plugin": "counting"} for one in (JOBS, ROWS)]


class FactsSeen(Event):
    pass


class Asked:
    """Finds what it is told to find, and remembers what it was asked."""

    name = "asked"

    def __init__(self, *problems: E11yError, raises: Exception | None = None) -> None:
        self.problems = problems
        self.raises = raises
        self.hosts: list[Host] = []
        self.order: list[str] = []

    @hookimpl
    def e11y_check(self, host: Host) -> Iterable[E11yError]:
        self.order.append("check")
        self.hosts.append(host)
        if self.raises is not None:
            raise self.raises
        return self.problems

    @hookimpl
    def e11y_started(self, host: Host) -> None:
        self.order.append("started")


class Counting:
    name = "counting"

    @hookimpl
    def e11y_collect(self) -> Iterable[MetricFamily]:
        yield JOBS
        yield ROWS


class Failing:
    name = "failing"

    @hookimpl
    def e11y_collect(self) -> Iterable[MetricFamily]:
        yield JOBS
        raise ZeroDivisionError


def made(*plugins: object, **settings: object) -> Runtime:
    given = {"environment": "test", "plugins": [], **settings}
    return Runtime(given, plugins=plugins, adapters={"logs": MemoryAdapter()}, environ={}, event_types=(FactsSeen,))


def problem(number: int) -> ConfigError:
    return ConfigError(f"thing {number} is wrong", where="own.yml", fix="repair it")


def test_a_plugin_is_asked_for_problems_before_it_starts() -> None:
    asked = Asked()
    with made(asked):
        assert asked.order == ["check", "started"]
        assert FactsSeen in {schema.event_type for schema in asked.hosts[0].schemas()}


def test_problems_of_all_plugins_stop_the_start_together() -> None:
    second = Asked(problem(3))
    second.name = "second"
    asked = Asked(problem(1), problem(2))
    with pytest.raises(ConfigError) as raised:
        made(asked, second).activate()
    assert str(raised.value) == (
        "3 problems stop the start:\n\n"
        "thing 1 is wrong\n  where: own.yml\n  fix:   repair it\n\n"
        "thing 2 is wrong\n  where: own.yml\n  fix:   repair it\n\n"
        "thing 3 is wrong\n  where: own.yml\n  fix:   repair it"
    )
    assert asked.order == ["check"]


def test_a_raised_config_error_counts_as_a_problem() -> None:
    with pytest.raises(ConfigError, match="^thing 1 is wrong\n"):
        made(Asked(raises=problem(1))).activate()


def test_a_bug_in_the_check_is_a_fault_and_no_problem(caplog: pytest.LogCaptureFixture) -> None:
    asked = Asked(raises=ZeroDivisionError())
    with made(asked):
        assert asked.order == ["check", "started"]
    assert [record.getMessage() for record in caplog.records] == [
        "asked: e11y_check failed: ZeroDivisionError (1 times)"
    ]


def test_a_disabled_library_asks_nobody() -> None:
    asked = Asked(problem(1))
    with made(asked, enabled=False):
        assert asked.order == ["started"]


def test_families_of_all_plugins_are_seen_by_each() -> None:
    asked = Asked()
    with made(asked, Counting()):
        assert [attrs.asdict(one) for one in asked.hosts[0].families()] == FAMILIES


def test_a_plugin_that_fails_shows_nothing_and_keeps_nobody_else_from_it(caplog: pytest.LogCaptureFixture) -> None:
    asked = Asked()
    with made(Failing(), asked, Counting()):
        assert [attrs.asdict(one) for one in asked.hosts[0].families()] == FAMILIES
    assert [record.getMessage() for record in caplog.records] == [
        "failing: e11y_collect failed: ZeroDivisionError (1 times)"
    ]


def test_a_plugin_knows_which_others_are_active() -> None:
    asked = Asked()
    with made(asked, Counting()):
        (host,) = asked.hosts
        assert [host.is_active(name) for name in ("asked", "counting", "absent")] == [True, True, False]
