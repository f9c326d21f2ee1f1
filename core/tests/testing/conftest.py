"""Runs files of contract classes inside a test."""

from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

HERE = Path(__file__).parent


@attrs.define(eq=False)
class ContractRun:
    """A pytest plugin that remembers what each class says it breaks, and which of its tests failed."""

    declared: dict[str, set[str]] = attrs.field(factory=dict)
    failed: dict[str, set[str]] = attrs.field(factory=dict)
    reasons: list[str] = attrs.field(factory=list)

    def pytest_collection_modifyitems(self, items: list[pytest.Function]) -> None:
        for item in items:
            assert item.cls is not None
            self.declared[item.cls.__name__] = {item.cls.breaks} - {""}
            self.failed[item.cls.__name__] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        _, class_name, test = report.nodeid.split("::")
        if report.failed:
            self.failed[class_name].add(test.partition("[")[0])
            self.reasons.append(str(report.longrepr))


@pytest.fixture
def run_contracts(pytester: pytest.Pytester) -> Callable[[str], ContractRun]:
    """Return a function that runs a file of this folder."""

    def run(file: str) -> ContractRun:
        recorded = ContractRun()
        options = ("-p", "no:cacheprovider", "--noconftest", "--import-mode=importlib", f"--rootdir={pytester.path}")
        pytester.inline_run(*options, str(HERE / file), plugins=[recorded])
        return recorded

    return run
