"""Each promise of the adapter contract is noticed when it is broken, and nothing else is."""

from collections.abc import Callable
from typing import Any

import pytest

from e11y.testing.adapter_contract import AdapterContract

pytest_plugins = ["pytester"]


@pytest.mark.timeout(300)
def test_each_promise_is_broken_by_some_adapter_which_fails_only_its_test(
    run_contracts: Callable[[str], Any],
) -> None:
    run = run_contracts("broken_adapters.py")
    assert run.failed == run.declared
    promises = {name for name in vars(AdapterContract) if name.startswith("test_")}
    assert set().union(*run.declared.values()) == promises


def test_a_contract_without_an_adapter_says_what_to_add(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from e11y.testing.adapter_contract import AdapterContract

        class TestMine(AdapterContract):
            pass
        """
    )
    result = pytester.runpytest("-p", "no:cacheprovider", "-k", "returns_nothing")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ConfigError: fixture 'make_adapter' is missing",
            "*where: class TestMine",
            "*fix: *add a pytest fixture 'make_adapter' that returns  lambda host: YourAdapter(settings, host)",
        ]
    )


def test_what_cannot_be_checked_is_skipped_with_the_missing_fixture(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from e11y.adapter import Capabilities
        from e11y.testing.adapter_contract import AdapterContract

        class Nowhere:
            capabilities = Capabilities()
            closed = False
            def write_batch(self, records):
                assert not self.closed
            def healthy(self):
                return True
            def close(self):
                self.closed = True

        class TestNowhere(AdapterContract):
            @pytest.fixture
            def make_adapter(self):
                return lambda host: Nowhere()
        """
    )
    result = pytester.runpytest("-p", "no:cacheprovider", "-rs")
    assert set(result.parseoutcomes()) == {"passed", "skipped"}
    result.stdout.fnmatch_lines(
        [
            "*add the fixture 'arrived' to check this",
            "*add the fixture 'break_destination' to check this",
            "*add the fixture 'silence_destination' to check this",
        ],
    )
