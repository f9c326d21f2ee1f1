"""Files, environment variables and code: which one counts, and what is wrong with them."""

from __future__ import annotations

import os
import string
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y import ConfigError
from e11y.settings import Loaded, load

LoadHere = Callable[..., Loaded]
Refused = Callable[..., str]

KEYS = (
    "service, environment, enabled, plugins, trusted, on_invalid, memory_limit, shutdown_timeout, retention, "
    "strict_adapters, debug_checks, adapters, routes, scope"
)
VARIABLES = ", ".join(sorted(f"E11Y_{key.upper()}" for key in KEYS.split(", ")))


def test_without_any_source_everything_has_its_default(load_here: LoadHere) -> None:
    loaded = load_here()
    settings = loaded.settings
    assert (settings.service, settings.environment, settings.enabled, settings.plugins) == (
        "",
        "production",
        True,
        None,
    )
    assert (settings.memory_limit, settings.shutdown_timeout_s, settings.retention_s) == (
        100 * 1024**2,
        5.0,
        30 * 86400,
    )
    assert (settings.scope.buffer_bytes, settings.scope.total_bytes) == (256 * 1024, 32 * 1024**2)
    assert (settings.scope.flush_severity, settings.scope.flush_on_statuses) == ("error", ())
    assert (settings.routes.of("info"), settings.routes.fallback) == (None, ())
    assert loaded.source == "no configuration found"
    assert loaded.origin("service").text == "default"


def test_a_complete_file(load_here: LoadHere, tmp_path: Path) -> None:
    loaded = load_here(
        """
        [tool.e11y]
        service = "shop"
        environment = "staging"
        enabled = false
        plugins = ["pii", "shop.plugins:Region"]
        trusted = ["region"]
        on_invalid = "raise"
        memory_limit = "50MiB"
        shutdown_timeout = "500ms"
        retention = "1y"
        strict_adapters = false
        debug_checks = true
        [tool.e11y.adapters.logs]
        type = "loki"
        url = "http://loki"
        originals = true
        batch_interval = "1s"
        batch_bytes = "2MiB"
        max_retries = 3
        backpressure = "block"
        [tool.e11y.routes]
        error = ["logs", "tracker"]
        default = ["logs"]
        fallback = ["console"]
        [tool.e11y.scope]
        flush_on_severity = "never"
        flush_on_statuses = [404]
        [tool.e11y.pii]
        mode = "strict"
        """
    )
    settings = loaded.settings
    assert loaded.source == f"pyproject.toml at {tmp_path / 'pyproject.toml'}"
    assert (settings.plugins, settings.trusted) == (("pii", "shop.plugins:Region"), ("region",))
    assert (settings.on_invalid, settings.raises_on_invalid, settings.shutdown_timeout_s) == ("raise", True, 0.5)
    assert (settings.retention_s, settings.memory_limit) == (365 * 86400.0, 50 * 1024**2)
    logs = settings.adapters["logs"]
    assert (logs.type, logs.originals, logs.options) == ("loki", True, {"url": "http://loki"})
    lane = logs.lane
    assert (lane.batch_interval_s, lane.batch_bytes, lane.max_retries, lane.backpressure) == (
        1.0,
        2 * 1024**2,
        3,
        "block",
    )
    assert (lane.give_up_after_s, lane.batch_records) == (300.0, 1000)
    assert (settings.routes.of("error"), settings.routes.of("info")) == (("logs", "tracker"), ("logs",))
    assert (settings.scope.flush_severity, settings.scope.flush_on_statuses) == (None, (404,))
    assert settings.plugin_tables == {"pii": {"mode": "strict"}}


@pytest.mark.parametrize(
    ("environment", "on_invalid", "raises"),
    [("test", None, True), ("development", None, True), ("production", None, False), ("test", "report", False)],
)
def test_invalid_events_raise_where_people_develop(
    load_here: LoadHere, environment: str, on_invalid: str | None, raises: bool
) -> None:
    loaded = load_here(environment=environment, on_invalid=on_invalid)
    assert loaded.settings.raises_on_invalid is raises


# Which file


def test_the_nearest_file_upward_counts_and_one_without_a_table_says_nothing(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.e11y]\nservice = "far"')
    (tmp_path / "a" / "pyproject.toml").write_text('[tool.other]\nservice = "near"')
    assert load(None, environ={}, directory=inner).settings.service == "far"
    (tmp_path / "a" / "e11y.toml").write_text('service = "own"\n[scope]\nbuffer_records = 5')
    loaded = load(None, environ={}, directory=inner)
    assert (loaded.settings.service, loaded.source) == ("own", f"e11y.toml at {tmp_path / 'a' / 'e11y.toml'}")
    assert (loaded.origin("service").text, loaded.origin("scope.buffer_records").text) == (
        "e11y.toml",
        "e11y.toml [scope]",
    )


def test_the_named_file_counts_alone(load_here: LoadHere, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.e11y]\nservice = "near"')
    (tmp_path / "prod.toml").write_text('service = "named"')
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "pyproject.toml").write_text('[tool.e11y]\nservice = "sub"')
    assert load_here(None, {"E11Y_CONFIG": "prod.toml"}).settings.service == "named"
    assert load_here(None, {"E11Y_CONFIG": str(tmp_path / "sub/pyproject.toml")}).settings.service == "sub"
    assert load_here(None, {"E11Y_CONFIG": ""}).settings.service == "near"


def test_files_that_cannot_be_used(refused: Refused, tmp_path: Path) -> None:
    assert refused(None, {"E11Y_CONFIG": "none.toml"}) == (
        "the file cannot be read: No such file or directory\n"
        "  where: ~/none.toml\n"
        "  fix:   name an existing, readable file in E11Y_CONFIG, or repair the permissions of this one"
    )
    assert refused("[tool.other]", {"E11Y_CONFIG": "pyproject.toml"}) == (
        "the file has no table [tool.e11y]\n"
        "  where: ~/pyproject.toml, named by environment variable E11Y_CONFIG\n"
        "  fix:   add the table, or name another file in E11Y_CONFIG"
    )
    assert refused("[tool\n").startswith("the file is not valid TOML: ")
    assert refused("[tool\n").endswith("\n  where: ~/pyproject.toml\n  fix:   correct the line")
    assert refused("[tool]\ne11y = 1") == (
        "'tool.e11y' must be a table\n  where: ~/pyproject.toml\n  fix:   write  [tool.e11y]"
    )
    (tmp_path / "pyproject.toml").write_bytes(b"\xff")
    assert refused() == "the file is not UTF-8\n  where: ~/pyproject.toml\n  fix:   save it as UTF-8"
    (tmp_path / "e11y.toml").write_text("")
    assert refused("[tool.e11y]") == (
        "two files configure e11y: e11y.toml and pyproject.toml\n"
        "  where: ~\n"
        "  fix:   keep one: move everything into e11y.toml, or into [tool.e11y] of pyproject.toml"
    )


def test_a_pyproject_whose_tool_is_no_table_says_nothing(load_here: LoadHere) -> None:
    assert load_here("tool = 1").source == "no configuration found"


# Precedence


def test_code_wins_over_variables_over_overlay_over_file(load_here: LoadHere) -> None:
    toml = """
    [tool.e11y]
    service = "file"
    retention = "1d"
    memory_limit = "1MiB"
    shutdown_timeout = "1s"
    [tool.e11y.env.production]
    retention = "2d"
    memory_limit = "2MiB"
    shutdown_timeout = "2s"
    """
    environ = {"E11Y_MEMORY_LIMIT": "3MiB", "E11Y_SHUTDOWN_TIMEOUT": "3s"}
    loaded = load_here(toml, environ, shutdown_timeout="4s")
    settings = loaded.settings
    assert (settings.service, settings.retention_s) == ("file", 2 * 86400.0)
    assert (settings.memory_limit, settings.shutdown_timeout_s) == (3 * 1024**2, 4.0)
    texts = [loaded.origin(key).text for key in ("service", "retention", "memory_limit", "shutdown_timeout", "enabled")]
    assert texts == [
        "pyproject.toml [tool.e11y]",
        "pyproject.toml [tool.e11y.env.production]",
        "environment E11Y_MEMORY_LIMIT",
        "configure()",
        "default",
    ]


def test_tables_are_merged_key_by_key_and_lists_replaced(load_here: LoadHere) -> None:
    toml = """
    [tool.e11y]
    trusted = ["a", "b"]
    [tool.e11y.adapters.logs]
    type = "loki"
    url = "x"
    labels = { team = "a", zone = "b" }
    [tool.e11y.env.production.adapters.logs]
    labels = { team = "c" }
    """
    loaded = load_here(toml, {"E11Y_ADAPTERS__LOGS__URL": "y"}, trusted=["c"], adapters={"logs": {"batch_records": 7}})
    logs = loaded.settings.adapters["logs"]
    assert (logs.type, logs.options, logs.lane.batch_records) == (
        "loki",
        {"url": "y", "labels": {"team": "c", "zone": "b"}},
        7,
    )
    assert loaded.settings.trusted == ("c",)


def test_a_value_replaces_a_table_and_a_table_a_value(load_here: LoadHere) -> None:
    toml = "[tool.e11y.box]\na = {b = 1}\nc = 2\n[tool.e11y.env.production.box]\na = 3\nc = {d = 4}"
    loaded = load_here(toml)
    assert loaded.settings.plugin_tables == {"box": {"a": 3, "c": {"d": 4}}}
    assert "box.a.b" not in loaded.origins


def test_code_has_overlays_too(load_here: LoadHere) -> None:
    loaded = load_here(None, {"E11Y_ENVIRONMENT": "staging"}, service="a", env={"staging": {"service": "b"}})
    assert (loaded.settings.service, loaded.settings.environment) == ("b", "staging")


@pytest.mark.parametrize(
    ("toml", "environ", "explicit", "environment"),
    [
        ("", {}, {}, "production"),
        ("", {"PYTEST_VERSION": "9"}, {}, "test"),
        ("", {"PYTEST_CURRENT_TEST": "x"}, {}, "test"),
        ('environment = "file"', {"PYTEST_VERSION": "9"}, {}, "file"),
        ('environment = "${APP_ENV:-fallback}"', {}, {}, "fallback"),
        ('environment = "${APP_ENV:-fallback}"', {"APP_ENV": "staging"}, {}, "staging"),
        ('environment = "file"', {"E11Y_ENVIRONMENT": "variable"}, {}, "variable"),
        ('environment = "file"', {"E11Y_ENVIRONMENT": ""}, {}, "file"),
        ('environment = "file"', {"E11Y_ENVIRONMENT": "variable"}, {"environment": "code"}, "code"),
    ],
)
def test_the_environment_decides_which_overlay_counts(
    load_here: LoadHere, toml: str, environ: dict[str, str], explicit: dict[str, Any], environment: str
) -> None:
    overlay = f'\n[tool.e11y.env.{environment}]\nservice = "overlay"\n[tool.e11y.env.none]\nservice = "${{NEVER}}"'
    settings = load_here(f"[tool.e11y]\n{toml}{overlay}", environ, **explicit).settings
    assert (settings.environment, settings.service) == (environment, "overlay")


def test_an_interactive_interpreter_is_a_development_environment(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from e11y.settings import load; "
        "loaded = load(None, environ={}, directory=Path()); "
        "print(loaded.settings.environment, loaded.origin('environment').text, sep=': ')"
    )
    command = [sys.executable, "-i", "-c", program]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run(command, capture_output=True, text=True, input="", cwd=tmp_path, env=environ, check=True)
    assert run.stdout == "development: detected: interactive interpreter\n"


def test_the_origin_of_a_detected_environment(load_here: LoadHere) -> None:
    assert load_here(None, {"PYTEST_VERSION": "9"}).origin("environment").text == "detected: pytest"
    assert load_here().origin("environment").text == "default"


def test_overlays_that_cannot_work(refused: Refused) -> None:
    assert refused("[tool.e11y]\nenv = 1") == (
        "setting 'env' must be a table of tables, one per environment\n"
        "  where: [tool.e11y] in ~/pyproject.toml\n"
        "  fix:   write  [tool.e11y.env.production]"
    )
    assert refused("[tool.e11y.env]\nproduction = 1") == (
        "setting 'env.production' must be a table with the settings of that environment\n"
        "  where: [tool.e11y.env] in ~/pyproject.toml\n"
        "  fix:   write  [tool.e11y.env.production]"
    )
    assert refused('[tool.e11y.env.other]\nenvironment = "x"') == (
        "setting 'environment' cannot stand in the overlay of an environment\n"
        "  where: [tool.e11y.env.other] in ~/pyproject.toml\n"
        "  fix:   move it to the top level"
    )


# Environment variables


def test_variables_are_typed_by_what_they_set(load_here: LoadHere) -> None:
    environ = {
        "E11Y_ENABLED": "false",
        "E11Y_PLUGINS": "pii, audit",
        "E11Y_SCOPE__BUFFER_RECORDS": "7",
        "E11Y_SCOPE__FLUSH_ON_STATUSES": "404,409",
        "E11Y_SCOPE__FLUSH_ON_SEVERITY": "warn",
        "E11Y_ADAPTERS__LOGS__TYPE": "loki",
        "E11Y_ADAPTERS__LOGS__BATCH_RECORDS": "9",
        "E11Y_ADAPTERS__LOGS__BACKOFF_JITTER": "0.5",
        "E11Y_ROUTES__ERROR": "logs",
        "E11Y_PII__KEY": "k",
        "E11Y_RETENTION": "",
        "OTEL_SERVICE_NAME": "otel",
        "OTHER": "x",
    }
    settings = load_here('[tool.e11y]\nservice = "file"', environ).settings
    assert (settings.enabled, settings.plugins, settings.service) == (False, ("pii", "audit"), "otel")
    assert (settings.scope.buffer_records, settings.scope.flush_on_statuses) == (7, (404, 409))
    assert (settings.scope.flush_severity, settings.routes.error) == ("warn", ("logs",))
    assert settings.adapters["logs"].lane.batch_records == 9
    assert settings.adapters["logs"].lane.backoff_jitter == 0.5
    assert (settings.plugin_tables, settings.retention_s) == ({"pii": {"key": "k"}}, 30 * 86400.0)
    assert load_here(None, {"OTEL_SERVICE_NAME": "otel", "E11Y_SERVICE": "own"}).settings.service == "own"


def test_a_variable_finds_the_key_as_it_is_spelt(load_here: LoadHere) -> None:
    toml = '[tool.e11y.adapters.Error-Tracker]\ntype = "sentry"\n[tool.e11y.adapters.error_tracker]\ntype = "loki"'
    environ = {"E11Y_ADAPTERS__ERROR_TRACKER__BATCH_RECORDS": "3", "E11Y_ADAPTERS__AUDIT_LOG__TYPE": "file"}
    adapters = load_here(toml, environ, adapters={"Audit-Log": {"path": "x"}}).settings.adapters
    assert {name: (table.type, table.lane.batch_records) for name, table in adapters.items()} == {
        "Error-Tracker": ("sentry", 1000),
        "error_tracker": ("loki", 3),
        "Audit-Log": ("file", 1000),
    }


def test_variables_that_name_nothing(refused: Refused) -> None:
    fix = f"unset it, or use one of: {VARIABLES}; two underscores lead into a table"
    where = "the environment of the process"
    hints = {
        "E11Y_SERVCE": ", did you mean 'E11Y_SERVICE'?",
        "E11Y_ZZZ": "",
        "E11Y___X": "",
        "E11Y_SCOPE__": ", did you mean 'E11Y_SCOPE'?",
        "E11Y_ENV__TEST__SERVICE": ", did you mean 'E11Y_SERVICE'?",
    }
    for name, hint in hints.items():
        text = refused(None, {name: "secret-value"})
        assert text == f"environment variable {name!r} names no setting{hint}\n  where: {where}\n  fix:   {fix}"
    both = refused(None, {"E11Y_ZZZ": "", "E11Y_YYY": ""})
    assert both.startswith("2 problems stop the start:\n\nenvironment variable 'E11Y_YYY' names no setting\n")


def test_variables_that_exclude_each_other(refused: Refused) -> None:
    assert refused(None, {"E11Y_SCOPE": "x", "E11Y_SCOPE__BUFFER_BYTES": "1kB"}) == (
        "environment variables 'E11Y_SCOPE' and 'E11Y_SCOPE__BUFFER_BYTES' exclude each other\n"
        "  where: the environment of the process\n"
        "  fix:   unset E11Y_SCOPE: what the other one names is a table"
    )


def test_a_wrong_variable_is_named_with_a_value_that_would_do(refused: Refused) -> None:
    environ = {"E11Y_SCOPE__BUFFER_RECORDS": "many", "E11Y_MEMORY_LIMIT": "9", "E11Y_SCOPE__BUFER_BYTES": "1kB"}
    assert refused(None, environ) == "3 problems stop the start:\n\n" + "\n\n".join(
        [
            "setting 'memory_limit' must be a size: a number with one of B, kB, MB, GB, KiB, MiB, GiB, for example \"32MiB\"\n"
            "  where: environment variable E11Y_MEMORY_LIMIT\n"
            "  fix:   set it to  100MiB",
            "setting 'scope.bufer_bytes' is unknown, did you mean 'buffer_bytes'?\n"
            "  where: environment variable E11Y_SCOPE__BUFER_BYTES\n"
            "  fix:   remove it, or use one of: debug_buffer, buffer_bytes, buffer_records, total_bytes, "
            "flush_on_severity, flush_on_error, flush_on_statuses",
            "setting 'scope.buffer_records' must be a whole number, not other text\n"
            "  where: environment variable E11Y_SCOPE__BUFFER_RECORDS\n"
            "  fix:   set it to  1000",
        ]
    )


names = st.text(string.ascii_uppercase + "_", max_size=20).map(lambda rest: f"E11Y_{rest}")


@given(st.dictionaries(names, st.text(max_size=10), max_size=4))
def test_any_variable_is_taken_or_named(environ: dict[str, str]) -> None:
    environ.pop("E11Y_CONFIG", None)
    try:
        load(None, environ=environ, directory=Path(os.devnull).parent)
    except ConfigError as error:
        assert any(name in str(error) for name in environ)  # noqa: PT017 - either answer is right


@given(st.integers(), st.booleans(), st.lists(st.text("abc", min_size=1)), st.text(min_size=1))
def test_a_variable_says_the_same_as_the_file(number: int, switch: bool, texts: list[str], text: str) -> None:
    environ = {
        "E11Y_SERVICE": text,
        "E11Y_ENABLED": str(switch).lower(),
        "E11Y_TRUSTED": ",".join(texts),
        "E11Y_SCOPE__FLUSH_ON_STATUSES": str(number),
    }
    explicit = {"service": text, "enabled": switch, "trusted": texts, "scope": {"flush_on_statuses": [number]}}
    nowhere = Path(os.devnull).parent
    by_variables = load(None, environ=environ, directory=nowhere).settings
    by_code = load(explicit, environ={}, directory=nowhere).settings
    for settings in (by_variables, by_code):
        assert (settings.service, settings.enabled, settings.trusted) == (text, switch, tuple(texts))
        assert settings.scope.flush_on_statuses == (number,)


# ${NAME}


def test_references_read_the_environment(load_here: LoadHere) -> None:
    toml = """
    [tool.e11y]
    service = "${NAME}"
    plugins = ["${FIRST:-pii}", "b"]
    trusted = "${TRUSTED}"
    [tool.e11y.scope]
    buffer_records = "${RECORDS}"
    [tool.e11y.adapters.logs]
    type = "loki"
    url = "http://${USER:-nobody}@${HOST:-}${EMPTY:-x}/$${NAME}"
    rules = [{ name = "${NAME}" }]
    """
    environ = {"NAME": "a ${NOT} b", "RECORDS": "5", "EMPTY": "", "TRUSTED": "x,y"}
    settings = load_here(toml, environ).settings
    assert (settings.service, settings.scope.buffer_records, settings.trusted) == ("a ${NOT} b", 5, ("x", "y"))
    assert settings.plugins == ("pii", "b")
    assert settings.adapters["logs"].options == {"url": "http://nobody@x/${NAME}", "rules": [{"name": "a ${NOT} b"}]}


def test_code_and_variables_are_taken_literally(load_here: LoadHere) -> None:
    assert load_here(None, {}, service="${X}").settings.service == "${X}"
    assert load_here(None, {"E11Y_SERVICE": "${X}"}).settings.service == "${X}"
    assert load_here('[tool.e11y]\nservice = "${X}"', {"E11Y_SERVICE": "own"}).settings.service == "own"


def test_references_that_cannot_be_read(refused: Refused) -> None:
    toml = '[tool.e11y]\nservice = "${A}${B}"\n[tool.e11y.adapters.logs]\ntype = "loki"\nurl = "${1x}"'
    assert refused(toml, {"C": "x"}) == "3 problems stop the start:\n\n" + "\n\n".join(
        [
            "setting 'service' reads environment variable 'A', which is not set\n"
            "  where: [tool.e11y] in ~/pyproject.toml\n"
            "  fix:   set A, or write a default: ${A:-...}",
            "setting 'service' reads environment variable 'B', which is not set\n"
            "  where: [tool.e11y] in ~/pyproject.toml\n"
            "  fix:   set B, or write a default: ${B:-...}",
            "setting 'adapters.logs.url' holds a '${' that begins no reference\n"
            "  where: [tool.e11y.adapters.logs] in ~/pyproject.toml\n"
            "  fix:   write  ${NAME}  or  ${NAME:-default}, or  $${  for a plain  ${",
        ]
    )
    assert refused('[tool.e11y]\nenvironment = "${A}"').startswith(
        "setting 'environment' reads environment variable 'A'"
    )


# What is wrong in several places at once


def test_every_problem_is_told_with_its_place(refused: Refused) -> None:
    toml = """
    [tool.e11y]
    servce = "x"
    shutdown_timeout = 3
    [tool.e11y.adapters.logs]
    batch_interval = "5 s"
    batch_records = 0
    batch_bytes = "0B"
    [tool.e11y.adapters]
    mail = 1
    [tool.e11y.env.production.routes]
    eror = ["logs"]
    """
    assert refused(toml, {}, adapters={"audit": {"originals": 1}}) == "10 problems stop the start:\n\n" + "\n\n".join(
        [
            "setting 'servce' is unknown, did you mean 'service'?\n"
            "  where: [tool.e11y] in ~/pyproject.toml\n"
            f"  fix:   remove it, or use one of: {KEYS}; what a plugin reads is a table",
            "setting 'type' is missing\n"
            "  where: [tool.e11y.adapters.logs] in ~/pyproject.toml\n"
            '  fix:   add  type = "..."',
            "setting 'batch_interval' must be a duration: a number with one of us, ms, s, m, h, d, w, y, "
            'for example "200ms" or "90d"\n'
            "  where: [tool.e11y.adapters.logs] in ~/pyproject.toml\n"
            '  fix:   write  batch_interval = "200ms"',
            "setting 'batch_records' is refused: 'batch_records' must be >= 1: 0\n"
            "  where: [tool.e11y.adapters.logs] in ~/pyproject.toml\n"
            "  fix:   write  batch_records = 1000",
            "setting 'batch_bytes' is refused: 'batch_bytes' must be > 0: 0\n"
            "  where: [tool.e11y.adapters.logs] in ~/pyproject.toml\n"
            '  fix:   write  batch_bytes = "1MiB"',
            "setting 'type' is missing\n  where: [adapters.audit] in e11y.configure()\n  fix:   add  type = \"...\"",
            "setting 'originals' must be true or false, not a whole number\n"
            "  where: [adapters.audit] in e11y.configure()\n"
            "  fix:   write  originals = false",
            "setting 'shutdown_timeout' must be a duration as text, not a whole number\n"
            "  where: [tool.e11y] in ~/pyproject.toml\n"
            '  fix:   write  shutdown_timeout = "5s"',
            "setting 'adapters.mail' must be a table, not a whole number\n"
            "  where: [tool.e11y.adapters] in ~/pyproject.toml\n"
            "  fix:   write  mail = { ... }",
            "setting 'routes.eror' is unknown, did you mean 'error'?\n"
            "  where: [tool.e11y.env.production.routes] in ~/pyproject.toml\n"
            "  fix:   remove it, or use one of: debug, info, success, warn, error, fatal, default, fallback",
        ]
    )


def test_tables_and_values_in_the_wrong_place(refused: Refused) -> None:
    assert refused(None, {}, adapters=1) == (
        "setting 'adapters' must be a table, not a whole number\n  where: e11y.configure()\n  fix:   write  adapters = { ... }"
    )
    assert refused(None, {}, service={"name": "x"}) == (
        "setting 'service' must be text, not a table\n  where: [service] in e11y.configure()\n  fix:   write  service = \"...\""
    )
    assert refused(None, {}, environment=1) == (
        "setting 'environment' must be text, not a whole number\n"
        "  where: e11y.configure()\n"
        '  fix:   write  environment = "production"'
    )
    assert refused(None, {}, scope={3: 1}) == (
        "a key of type 'int' stands in the settings\n  where: [scope] in e11y.configure()\n  fix:   write every key as text"
    )
    assert refused(None, {}, nonsense=1) == (
        "setting 'nonsense' is unknown\n"
        "  where: e11y.configure()\n"
        f"  fix:   remove it, or use one of: {KEYS}; what a plugin reads is a table"
    )
    assert refused(None, {"E11Y_ROUTES": "x"}) == (
        "setting 'routes' must be a table, not other text\n"
        "  where: environment variable E11Y_ROUTES\n"
        "  fix:   set it to  { ... }"
    )
