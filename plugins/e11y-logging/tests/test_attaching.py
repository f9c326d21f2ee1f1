"""One call attaches; everybody else gets what they got before."""

from __future__ import annotations

import io
import logging
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from e11y_logging import E11yHandler, attach, detach

from .conftest import Bench


class Written:
    """A handler of the application's own and what it wrote."""

    def __init__(self, logger: logging.Logger, level: int = logging.NOTSET) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setLevel(level)
        logger.addHandler(self.handler)

    @property
    def lines(self) -> list[str]:
        return self.stream.getvalue().splitlines()


def say_everything(name: str) -> None:
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        logging.getLogger(name).log(level, "%s %s", name, logging.getLevelName(level))


def test_everything_that_is_logged_reaches_it(bench: Bench, root: logging.Logger) -> None:
    import e11y

    handler = attach()
    assert (handler.level, root.level, root.handlers[-1]) == (logging.DEBUG, logging.DEBUG, handler)
    with e11y.scope("work") as scope:
        say_everything("attached.one")
        scope.fail()
    assert sorted(bench.messages) == ["attached.one DEBUG", "attached.one INFO", "attached.one WARNING"]


def test_other_handlers_get_what_they_got_before(bench: Bench, root: logging.Logger) -> None:
    quiet = logging.getLogger("attached.quiet")
    loud = logging.getLogger("attached.loud")
    loud.setLevel(logging.DEBUG)
    at_root, at_quiet, at_loud = Written(root), Written(quiet), Written(loud, logging.INFO)

    def say() -> None:
        for name in ("attached.quiet", "attached.loud", "attached.loud.child", "attached.other", "never.seen", "root"):
            say_everything(name)

    try:
        say()
        before = (at_root.lines, at_quiet.lines, at_loud.lines)
        handler = attach()
        say()
        assert (at_root.lines, at_quiet.lines, at_loud.lines) == tuple(lines * 2 for lines in before)
        detach(handler)
        assert root.level == logging.WARNING
        assert not any(written.handler.filters for written in (at_root, at_quiet, at_loud))
        say()
        assert (at_root.lines, at_quiet.lines, at_loud.lines) == tuple(lines * 3 for lines in before)
    finally:
        quiet.handlers.clear()
        loud.handlers.clear()
        loud.setLevel(logging.NOTSET)


def test_a_second_call_changes_nothing(root: logging.Logger) -> None:
    written = Written(root)
    handler = attach()
    assert attach("INFO") is handler
    assert [type(one) for one in root.handlers] == [logging.StreamHandler, E11yHandler]
    assert len(written.handler.filters) == 1
    detach(handler)
    detach(handler)
    assert (root.handlers, root.level) == ([written.handler], logging.WARNING)


def test_a_root_logger_that_lets_more_through_stays(root: logging.Logger) -> None:
    root.setLevel(5)
    written = Written(root)
    handler = attach("INFO")
    assert (handler.level, root.level, written.handler.filters) == (logging.INFO, 5, [])
    detach(handler)
    assert root.level == 5


def test_the_level_comes_back_also_when_nobody_else_listened(
    root: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "lastResort", None)
    handler = attach("INFO")
    assert (root.level, root.handlers) == (logging.INFO, [handler])
    detach(handler)
    assert (root.level, root.handlers) == (logging.WARNING, [])


def run(source: str) -> subprocess.CompletedProcess[str]:
    prelude = 'import logging, e11y, e11y_logging\ne11y.configure(adapters={"logs": {"type": "console"}})\n'
    command = [sys.executable, "-W", "error", "-c", prelude + textwrap.dedent(source)]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=True, cwd=Path(__file__).parent)


def test_without_any_handler_warnings_are_printed_as_ever() -> None:
    source = """
        other = logging.getLogger("other")
        other.addHandler(logging.NullHandler())
        def say():
            logging.getLogger("shop").info("quiet")
            logging.getLogger("shop").warning("loud")
            other.warning("to its own handler alone")
        say()
        handler = e11y_logging.attach()
        say()
        e11y_logging.detach(handler)
        say()
        assert logging.getLogger().handlers == [] and logging.lastResort.filters == []
        assert logging.getLogger().level == logging.WARNING
    """
    answer = run(source)
    assert answer.stderr == "loud\n" * 3
    assert [line.split('"message":"')[1].split('"')[0] for line in answer.stdout.splitlines()] == [
        "quiet",
        "loud",
        "to its own handler alone",
    ]


def test_a_script_that_only_logs_delivers_at_its_end() -> None:
    answer = run("""
        e11y_logging.attach()
        for number in range(100):
            logging.getLogger("shop").info("line %d", number)
    """)
    assert answer.stdout.count('"event_name":"log.line"') == 100
    assert answer.stderr == ""
