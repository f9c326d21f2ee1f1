"""The command itself: help, errors, exit status, and what plugins add."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import Run

HELP = """\
Usage: e11y [OPTIONS] COMMAND [ARGS]...

  Look at the events, the plugins and the configuration of an application.

Options:
  --app MODULE  Import this module of the application first, so that its event
                types and its e11y.configure(...) are known. May be repeated.
  --json        Print JSON, for machines. For core's commands.
  --version     Show the version and exit.
  --help        Show this message and exit.

Commands:
  check    Check that a start would succeed.
  config   Show every setting, its value and its origin.
  doctor   Check settings, plugins, event types and adapters.
  events   List, show and describe the event types of the application.
  explain  Show the checks, zones and steps that EVENT passes.
  plugins  List the plugins, their zones, and why they are active or not.

  Exit status: 0 well, 1 a problem was found, 2 wrong arguments.
"""

Configure = Callable[[str], None]


def test_help_is_one_screen(run: Run, configure: Configure) -> None:
    configure("plugins = []")
    ended = run("--help")
    assert (ended.status, ended.out, ended.err) == (0, HELP, "")


def test_the_script_is_the_same_as_the_module(run: Run, configure: Configure) -> None:
    configure("plugins = []")
    assert run("--help", command=("-c", "from e11y.cli import main; main()")).out == HELP


def test_an_unknown_command_ends_with_status_two(run: Run) -> None:
    ended = run("explode")
    assert (ended.status, ended.out) == (2, "")
    assert ended.err.endswith("Error: No such command 'explode'.\n")


def test_errors_are_told_in_three_parts_without_a_traceback(run: Run, configure: Configure) -> None:
    configure('plugins = ["pi"]\nservice = 3')
    ended = run("plugins")
    assert (ended.status, ended.out) == (1, "")
    assert "  where: " in ended.err
    assert "  fix:   " in ended.err
    assert "Traceback" not in ended.err


def test_an_app_that_cannot_be_imported_is_told(run: Run, app: Path) -> None:
    (app / "app_broken.py").write_text("import nothing_of_that_name")
    ended = run("--app", "app_broken", "events", "list")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (
        "the module 'app_broken' cannot be imported: ModuleNotFoundError: No module named 'nothing_of_that_name'\n"
        "  where: --app app_broken\n"
        "  fix:   see the whole traceback with  python -c 'import app_broken'\n"
    )


@pytest.mark.parametrize(
    ("module", "fix"),
    [
        ("app_events:OrderPaid", "write  --app app_events"),
        (":x", "write it as in an import:  --app package.module"),
        ("my-app", "write it as in an import:  --app package.module"),
    ],
)
def test_an_app_that_is_no_module_is_refused(run: Run, module: str, fix: str) -> None:
    ended = run("--app", module, "events")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (f"{module!r} is no name of a module\n  where: --app {module}\n  fix:   {fix}\n")


def test_json_may_stand_anywhere(run: Run) -> None:
    texts = {
        run("--app", "app_events", *arguments).out
        for arguments in [
            ("--json", "events"),
            ("events", "--json"),
            ("events", "list", "--json"),
            ("--json", "events", "list"),
            ("events", "--json", "list"),
        ]
    }
    assert len(texts) == 1
    assert texts.pop().startswith("[\n")


def test_several_modules_can_be_imported_from_the_current_directory(run: Run, app: Path) -> None:
    (app / "app_more.py").write_text("from e11y import Event\nclass UserSeen(Event): pass")
    script = ("-c", "import sys; sys.path.remove(''); from e11y.cli import main; main()")
    rows = run("--app", "app_events", "--app", "app_more", "events", "list", "--json", command=script).json
    assert [row["name"] for row in rows] == ["anything", "login.failed", "order.paid", "user.seen"]


def test_what_the_application_configures_counts(run: Run, app: Path) -> None:
    (app / "app_main.py").write_text(
        "import e11y, app_plugins\n"
        "e11y.configure({'region': {'default': 'us'}}, plugins=[app_plugins.RegionPlugin], service='shop')\n"
    )
    assert run("--app", "app_main", "regions").out == "us\n"
    rows = run("--app", "app_main", "config", "--json").json["settings"]
    assert {"key": "service", "value": '"shop"', "origin": "configure()"} in rows


def test_plugins_add_commands(run: Run, configure: Configure) -> None:
    configure('plugins = ["app_plugins:RegionPlugin"]')
    assert "\n  regions  List the regions.\n" in run("--help").out
    assert run("regions").out == "eu\n"


def test_a_plugin_cannot_take_the_name_of_another_command(run: Run, configure: Configure) -> None:
    configure('plugins = ["app_plugins:RudePlugin"]')
    ended = run("--help")
    assert (ended.status, ended.out) == (0, HELP)
    assert ended.err == "command 'doctor' of plugin 'rude' is left out: the name is taken\n"


def test_a_plugin_that_fails_leaves_the_other_commands(run: Run, configure: Configure) -> None:
    configure('plugins = ["app_plugins:BrokenPlugin", "app_plugins:RegionPlugin"]')
    ended = run("regions")
    assert (ended.status, ended.out) == (0, "eu\n")
    assert ended.err == "commands of plugin 'broken' are left out: RuntimeError\n"


def test_help_is_there_with_a_broken_configuration(run: Run, configure: Configure) -> None:
    configure("servce = 1")
    ended = run("--help")
    assert (ended.status, ended.out) == (0, HELP)
    assert ended.err.startswith("commands of plugins are left out:\nsetting 'servce' is unknown")
