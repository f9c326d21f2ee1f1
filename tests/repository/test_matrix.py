"""What ``./run tests`` makes of a test that fails once, and of tests that fail always."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tools import matrix

TOX_INI = f"""
[tox]
env_list = checks
[testenv]
package = skip
allowlist_externals = {sys.executable}
commands = {sys.executable} -m pytest -q {{env:SECOND_TRY:}} -o cache_dir={{work_dir}}/cache/{{env_name}} \
    --junitxml={{work_dir}}/reports/{{env_name}}.xml test_project.py
"""
TESTS = """
from pathlib import Path
import pytest

def test_sound():
    pass

def test_chance():
    marker = Path(__file__).with_name("ran-before")
    ran_before = marker.exists()
    marker.touch()
    assert ran_before
"""
WRONG = """
@pytest.mark.parametrize("number", range({number}))
def test_wrong(number):
    assert False
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own, with one environment named ``checks``."""
    for variable in [name for name in os.environ if name.startswith("TOX_")]:  # of the tox that runs this test
        monkeypatch.delenv(variable)
    monkeypatch.setattr(matrix, "ROOT", tmp_path)
    for name, folder in (("WORK", ""), ("REPORTS", "reports"), ("CACHES", "cache")):
        monkeypatch.setattr(matrix, name, tmp_path / ".tox" / folder)
    (tmp_path / "tox.ini").write_text(TOX_INI)
    return tmp_path


def run(project: Path, tests: str) -> matrix.Result:
    """Return what becomes of ``tests``."""
    (project / "test_project.py").write_text(tests)
    return matrix.run_env("checks", "")


def test_one_that_fails_once_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(project, TESTS)
    assert (result.ok, result.passed, result.failed) == (True, 2, 0)
    assert result.by_chance == ("test_project.py::test_chance",)
    matrix.report(result)
    assert "assert ran_before" in capsys.readouterr().out
    matrix.summarise([result], [])
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "2 passed, 0 failed, 0 skipped",
        "failed, and passed when run again; mend the test or what it tests:",
        "    checks: test_project.py::test_chance",
    ]


def test_one_that_fails_again_is_a_failure(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(project, TESTS + WRONG.format(number=1))
    assert (result.ok, result.passed, result.failed) == (False, 2, 1)
    assert result.by_chance == ("test_project.py::test_chance",)
    matrix.report(result)
    assert "test_wrong[0]" in capsys.readouterr().out


def test_many_that_fail_are_not_run_again(project: Path) -> None:
    result = run(project, TESTS + WRONG.format(number=matrix.TRIED_AGAIN))
    assert (result.ok, result.passed, result.failed) == (False, 1, matrix.TRIED_AGAIN + 1)
    assert result.by_chance == ()
    assert result.log.read_text().count("short test summary") == 1
