"""Each promise of the step contract is noticed when it is broken, and nothing else is."""

from collections.abc import Callable
from typing import Any

import pytest

from e11y.testing.step_contract import StepContract

pytest_plugins = ["pytester"]


@pytest.mark.timeout(300)
def test_each_promise_is_broken_by_some_plugin_which_fails_only_its_test(
    run_contracts: Callable[[str], Any],
) -> None:
    run = run_contracts("broken_steps.py")
    assert run.failed == run.declared
    promises = {name for name in vars(StepContract) if name.startswith("test_")}
    assert set().union(*run.declared.values()) == promises


@pytest.mark.parametrize(
    ("fixture", "example"), [("plugin", "YourPlugin(settings, host)"), ("event_types", "[[]YourEvent, AnotherEvent]")]
)
def test_a_contract_without_a_fixture_says_what_to_add(pytester: pytest.Pytester, fixture: str, example: str) -> None:
    other = {"plugin": "event_types", "event_types": "plugin"}[fixture]
    pytester.makepyfile(
        f"""
        import pytest
        from e11y.testing import StepContract

        class TestMine(StepContract):
            @pytest.fixture
            def {other}(self):
                return object()
        """
    )
    result = pytester.runpytest("-p", "no:cacheprovider", "-k", "test_routes_to_names")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            f"*ConfigError: fixture '{fixture}' is missing",
            "*where: class TestMine",
            f"*fix: *add a pytest fixture '{fixture}' that returns  {example}",
        ]
    )
