"""A test run sends nothing because of where it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from e11y import ConfigError
from e11y.adapters import MemoryAdapter, NullAdapter
from e11y.runtime import Runtime

UNDER_PYTEST = {"PYTEST_VERSION": "9.0"}


def make(directory: Path, toml: str, environ: dict[str, str], settings: dict[str, object] | None = None) -> Runtime:
    (directory / "e11y.toml").write_text(toml)
    return Runtime({"plugins": [], **(settings or {})}, environ=environ, directory=directory, event_types=())


TWO = '[adapters.logs]\ntype = "null"\n[adapters.audit]\ntype = "null"\n'


def test_what_a_file_configures_stays_in_memory(tmp_path: Path) -> None:
    runtime = make(tmp_path, TWO, UNDER_PYTEST)
    assert {name: type(adapter) for name, adapter in runtime.adapters.items()} == {
        "logs": MemoryAdapter,
        "audit": MemoryAdapter,
    }


def test_what_code_configures_is_made(tmp_path: Path) -> None:
    runtime = make(tmp_path, TWO, UNDER_PYTEST, {"adapters": {"logs": {"type": "null"}}})
    assert type(runtime.adapters["logs"]) is NullAdapter
    assert type(runtime.adapters["audit"]) is MemoryAdapter


@pytest.mark.parametrize("environ", [{}, {**UNDER_PYTEST, "E11Y_ENVIRONMENT": "test"}])
def test_elsewhere_and_on_request_adapters_are_made(tmp_path: Path, environ: dict[str, str]) -> None:
    runtime = make(tmp_path, TWO, environ)
    assert {type(adapter) for adapter in runtime.adapters.values()} == {NullAdapter}


def test_settings_of_adapters_are_checked_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        make(tmp_path, '[adapters.logs]\ntype = "console"\ncolour = "blue"\n', UNDER_PYTEST)
    assert caught.value.what == "setting 'colour' is unknown, did you mean 'color'?"
