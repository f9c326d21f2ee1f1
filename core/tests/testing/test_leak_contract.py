"""Each promise of the leak contract is noticed when it is broken, and nothing else is."""

from collections.abc import Callable
from typing import Any

import importlib_metadata  # noqa: F401 - it takes the place of the standard finder, which pytester cannot undo
import pytest

from e11y.testing.leak_contract import LeakContract
from e11y.testing.leak_probe import is_in

pytest_plugins = ["pytester"]


@pytest.mark.timeout(300)
def test_each_promise_is_broken_by_somebody_who_fails_only_its_test(run_contracts: Callable[[str], Any]) -> None:
    run = run_contracts("broken_leaks.py")
    assert run.failed == run.declared, run.reasons
    promises = {name for name in vars(LeakContract) if name.startswith("test_")}
    assert set().union(*run.declared.values()) == promises


def test_a_contract_without_hides_says_what_to_add(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("from e11y.testing import LeakContract\nclass TestMine(LeakContract): ...")
    result = pytester.runpytest("-p", "no:cacheprovider", "-k", "test_no_repr")
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(
        [
            "*ConfigError: fixture 'hides' is missing",
            "*where: class TestMine",
            "*fix: *add a pytest fixture 'hides' that returns  [[]lambda secret: YourEvent.track(email=secret)]",
        ]
    )


@pytest.mark.parametrize("blob", [b"x canary-17 y", b"AGNhbmFyeS0xNw==", b"eCBjYW5hcnktMTcgeQ==", b"Y2FuYXJ5LTE3"])
def test_a_secret_is_found_in_the_open_and_in_base64(blob: bytes) -> None:
    assert is_in(blob, "canary-17")
    assert not is_in(blob, "parrot-17")
