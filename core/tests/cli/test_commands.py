"""Core's commands, for people and for machines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from e11y.settings import CORE_KEYS

from .conftest import Run

Configure = Callable[[str], None]


def test_plugins_shows_what_stands_where(run: Run, configure: Configure) -> None:
    configure('plugins = ["app_plugins:RegionPlugin"]')
    ended = run("plugins")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == (
        "NAME     DISTRIBUTION  VERSION  ZONES           ACTIVE  WHY\n"
        "console  -             -        adapters        yes     part of core\n"
        "memory   -             -        adapters        yes     part of core\n"
        "null     -             -        adapters        yes     part of core\n"
        "region   -             -        pre_processing  yes     in the plugins list\n"
    )


def test_plugins_as_json_names_the_hooks(run: Run, configure: Configure) -> None:
    configure('plugins = ["app_plugins:RegionPlugin"]')
    assert run("plugins", "--json").json[-1] == {
        "name": "region",
        "distribution": "",
        "version": "",
        "zones": ["pre_processing"],
        "hooks": ["e11y_enrich", "e11y_commands"],
        "active": True,
        "why": "in the plugins list",
    }


def test_plugins_shows_the_table_with_the_problem_in_it(run: Run, configure: Configure, app: Path) -> None:
    for name in ("idle", "torn"):
        installed = app / f"e11y_{name}-1.0.dist-info"
        installed.mkdir()
        (installed / "METADATA").write_text(f"Metadata-Version: 2.1\nName: e11y-{name}\nVersion: 1.0\n")
        (installed / "entry_points.txt").write_text(f"[e11y]\n{name} = nothing_of_that_name:Plugin\n")
    configure('plugins = ["torn"]\n[idle]\nsize = 3')
    ended = run("plugins")
    rows = [line.split(maxsplit=5) for line in ended.out.splitlines()]
    assert [row for row in rows if row[0] in ("idle", "torn")] == [
        ["idle", "e11y-idle", "1.0", "-", "no", "not in the plugins list, has settings but is not active"],
        ["torn", "e11y-torn", "1.0", "-", "no", "a start would fail"],
    ]
    assert ended.status == 1
    assert ended.err.startswith("\nplugin 'idle' has settings but is not active\n  where: ")
    shown = run("plugins", "--json")
    assert (shown.status, {"idle", "torn"} <= {row["name"] for row in shown.json}) == (1, True)


def test_config_shows_values_and_origins(run: Run, configure: Configure, app: Path) -> None:
    configure(
        'service = "shop"\nplugins = ["app_plugins:RegionPlugin"]\n'
        '[region]\napi_key = "hush"\n[adapters.logs]\ntype = "memory"\n'
    )
    ended = run("config", E11Y_ENVIRONMENT="staging")
    lines = ended.out.splitlines()
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in lines[3:]}
    assert (ended.status, ended.err, lines[0]) == (0, "", f"e11y.toml at {app / 'e11y.toml'}")
    assert rows["service"] == ['"shop"', "e11y.toml"]
    assert rows["environment"] == ['"staging"', "environment E11Y_ENVIRONMENT"]
    assert rows["memory_limit"] == ['"100MiB"', "default"]
    assert rows["on_invalid"] == ["-", "default"]
    assert rows["region.default"] == ['"eu"', "default"]
    assert rows["region.api_key"][0] == "[hidden]"
    assert rows["adapters.logs.max_records"] == ["1000", "default"]
    assert "hush" not in ended.out


def test_config_as_json_names_the_source(run: Run) -> None:
    shown = run("config", "--json").json
    assert shown["source"] == "no configuration found"
    assert {"key": "enabled", "value": "true", "origin": "default"} in shown["settings"]


def test_config_works_with_plugins_that_do_not(run: Run, configure: Configure) -> None:
    configure('service = "shop"\nplugins = ["nowhere:Plugin"]')
    ended = run("config")
    assert ended.status == 0
    assert '"shop"' in ended.out
    assert ended.err.startswith("tables of plugins and adapters are shown as they were written:\n")


def test_events_list(run: Run) -> None:
    ended = run("--app", "app_events", "events", "list")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == (
        "NAME          VERSION  SEVERITY  ADAPTERS   TYPE\n"
        "anything      1        info      nowhere    app_events.Anything\n"
        "login.failed  1        error     by routes  app_events.LoginFailed\n"
        "order.paid    1        success   by routes  app_events.OrderPaid\n"
    )


def test_events_list_without_an_application(run: Run) -> None:
    assert run("events", "list").out == (
        "no event types are known; import the application's with  e11y --app your.module events list\n"
    )
    assert run("events", "list", "--json").json == []


def test_events_list_needs_no_working_configuration(run: Run, configure: Configure) -> None:
    configure("servce = 1")
    assert len(run("--app", "app_events", "events", "list", "--json").json) == 3


def test_events_show(run: Run, configure: Configure) -> None:
    configure('plugins = ["app_plugins:RegionPlugin"]')
    ended = run("--app", "app_events", "events", "show", "OrderPaid")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == (
        "order.paid\n"
        "  type: app_events.OrderPaid\n"
        "  doc: An order was paid in full.\n"
        "  version: 1\n"
        "  severity: success\n"
        "  adapters: by routes\n"
        "  retention_s: 7776000.0\n"
        "\n"
        "FIELD     REQUIRED  EXPECTS\n"
        "order_id  yes       a str\n"
        "amount    yes       a Decimal\n"
        "currency  yes       one of 'USD', 'EUR'\n"
        "note      no        a str or None\n"
        "region    no        added by a plugin\n"
    )


def test_events_show_of_an_open_type_without_fields(run: Run, configure: Configure) -> None:
    configure("plugins = []")
    ended = run("--app", "app_events", "events", "show", "anything")
    assert ended.out.splitlines()[-2:] == ["  retention_s: 2592000.0", "  open: yes"]


def test_events_show_as_json(run: Run, configure: Configure) -> None:
    configure("plugins = []")
    shown = run("--app", "app_events", "events", "show", "app_events.LoginFailed", "--json").json
    assert shown == {
        "name": "login.failed",
        "type": "app_events.LoginFailed",
        "doc": "",
        "version": 1,
        "severity": "error",
        "adapters": "by routes",
        "retention_s": 2592000.0,
        "audit": False,
        "dead_letter": None,
        "open": False,
        "options": [],
        "fields": [{"field": "user_id", "required": True, "expects": "a str"}],
    }


def test_options_are_named_with_their_plugin(run: Run, app: Path) -> None:
    (app / "app_options.py").write_text(
        "import attrs\nfrom e11y import Event, Option, option, option_off\n"
        "@attrs.frozen\nclass Limit(Option):\n    plugin = 'limits'\n    advisory = True\n    n: int = 1\n"
        "@attrs.frozen\nclass Count(Option):\n    plugin = 'counts'\n    advisory = True\n"
        "@option(Limit(3))\n@option_off(Count)\nclass Ping(Event): pass\n"
    )
    shown = run("--app", "app_options", "events", "show", "ping")
    assert "  options: counts.Count (off), limits.Limit\n" in shown.out


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_events_schema_is_json_schema(run: Run, configure: Configure, flags: tuple[str, ...]) -> None:
    configure('plugins = ["app_plugins:RegionPlugin"]')
    schema = run("--app", "app_events", "events", "schema", "order.paid", *flags).json
    assert {key: schema[key] for key in ("$schema", "title", "type", "description", "required")} == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "order.paid",
        "type": "object",
        "description": "An order was paid in full.",
        "required": ["order_id", "amount", "currency"],
    }
    assert schema["additionalProperties"] is False
    assert schema["properties"]["currency"] == {"enum": ["USD", "EUR"], "description": "one of 'USD', 'EUR'"}
    assert schema["properties"]["order_id"] == {"type": "string", "description": "a str"}
    assert schema["properties"]["region"] == {}


def test_the_schema_of_an_open_type_allows_more(run: Run, configure: Configure) -> None:
    configure("plugins = []")
    schema = run("--app", "app_events", "events", "schema", "Anything").json
    assert (schema["additionalProperties"], schema["properties"], "description" in schema) == (True, {}, False)


def test_an_unknown_event_shows_the_nearest(run: Run, configure: Configure) -> None:
    configure("plugins = []")
    ended = run("--app", "app_events", "explain", "ordr.paid")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (
        "no event type 'ordr.paid' is known, did you mean 'order.paid'?\n"
        "  where: 3 event types of the imported modules\n"
        "  fix:   import the module that declares it with  e11y --app your.module ...\n"
    )


def test_explain_tells_the_way_of_an_event(run: Run, configure: Configure) -> None:
    configure('plugins = ["app_plugins:RegionPlugin"]')
    ended = run("--app", "app_events", "explain", "order.paid")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.splitlines()[0] == "order.paid  (app_events.OrderPaid, version 1, success)"
    assert "    region: adds region by order_id" in ended.out
    assert "def track(" not in ended.out


def test_explain_shows_the_source(run: Run, configure: Configure) -> None:
    configure('plugins = ["app_plugins:RegionPlugin"]')
    shown = run("--app", "app_events", "explain", "order.paid", "--source").out
    source = shown[shown.index("def track(") :]
    compile(source, "shown", "exec")
    assert (
        run("--app", "app_events", "explain", "order.paid", "--source", "--json").json["source"].rstrip()
        == source.rstrip()
    )


def test_explain_as_json_is_the_facts(run: Run, configure: Configure) -> None:
    configure('plugins = ["app_plugins:RegionPlugin"]')
    facts = run("--app", "app_events", "explain", "OrderPaid", "--json").json
    assert facts["event"] == "order.paid"
    assert facts["zones"][0]["steps"] == [
        {"plugin": "region", "hook": "e11y_enrich", "does": "adds region by order_id"}
    ]
    assert "source" not in facts


def test_explain_shows_the_words_of_a_step(run: Run, app: Path, configure: Configure) -> None:
    (app / "app_thrift.py").write_text(
        "from e11y import Drop, Sample, hookimpl\n"
        "LESS = Drop('less')\n"
        "class ThriftPlugin:\n"
        "    @hookimpl\n"
        "    def e11y_sample(self, schema):\n"
        "        return Sample(lambda: LESS, doc='none, because of thrift')\n"
    )
    configure('plugins = ["app_thrift:ThriftPlugin"]')
    shown = run("--app", "app_events", "explain", "order.paid")
    assert "    thrift: keeps or drops: none, because of thrift\n" in shown.out


def test_doctor_finds_nothing_wrong(run: Run, configure: Configure, app: Path) -> None:
    configure('plugins = []\n[adapters.logs]\ntype = "memory"')
    ended = run("--app", "app_events", "doctor")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == (
        f"ok       settings: e11y.toml at {app / 'e11y.toml'}\n"
        "ok       plugins: 3 active: console, memory, null\n"
        "ok       event types: 3 can be compiled\n"
        "ok       adapter logs: MemoryAdapter answers\n"
    )


def test_doctor_reminds_of_the_application(run: Run, configure: Configure) -> None:
    configure("plugins = []")
    assert "ok       event types: none is known; import the application's with  e11y --app your.module doctor\n" in (
        run("doctor").out
    )


def test_doctor_stops_where_a_start_would(run: Run, configure: Configure) -> None:
    configure("servce = 1")
    ended = run("doctor")
    assert ended.status == 1
    assert ended.out.startswith("PROBLEM  start: setting 'servce' is unknown, did you mean 'service'?\n")
    assert "\n           where: " in ended.out


def test_doctor_names_event_types_that_cannot_work(run: Run, configure: Configure, app: Path) -> None:
    configure('plugins = []\n[adapters.logs]\ntype = "memory"')
    (app / "app_lost.py").write_text("from e11y import Event\nclass Lost(Event, adapters=['nowhere']): pass")
    ended = run("--app", "app_events", "--app", "app_lost", "doctor", "--json")
    found = {finding["subject"]: finding for finding in ended.json}
    assert (ended.status, found["event type Lost"]["ok"]) == (1, False)
    assert "'nowhere'" in found["event type Lost"]["says"]
    assert found["event types"]["says"] == "3 of 4 can be compiled"


@pytest.mark.parametrize(
    ("raises", "says"), [("false", "SickAdapter does not answer"), ("true", "SickAdapter raised RuntimeError")]
)
def test_doctor_names_adapters_that_do_not_answer(run: Run, configure: Configure, raises: str, says: str) -> None:
    configure(f'plugins = ["app_plugins:SickPlugin"]\n[adapters.logs]\ntype = "sick"\nraises = {raises}')
    ended = run("doctor")
    assert (ended.status, ended.err) == (1, "")
    assert f"PROBLEM  adapter logs: {says}\n" in ended.out


def test_doctor_names_installed_plugins_that_are_broken(run: Run, app: Path) -> None:
    installed = app / "e11y_torn-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: e11y-torn\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[e11y]\ntorn = nothing_of_that_name:Plugin\n")
    ended = run("doctor")
    assert ended.status == 1
    assert "PROBLEM  plugins: plugin 'torn' " in ended.out
    assert "e11y-torn 1.0" in ended.out


def test_doctor_says_that_the_library_is_disabled(run: Run, configure: Configure, app: Path) -> None:
    configure("plugins = []\nenabled = false")
    ended = run("doctor")
    assert ended.status == 0
    assert "ok       disabled: enabled = false in e11y.toml: nothing is checked, kept or sent\n" in ended.out


def test_doctor_finds_wrong_names_in_routes(run: Run, configure: Configure, app: Path) -> None:
    configure('plugins = []\n[adapters.logs]\ntype = "memory"\n[routes]\nerror = ["lgs"]')
    ended = run("doctor")
    assert ended.status == 1
    assert ended.out.endswith(
        "PROBLEM  start: setting 'routes.error' names adapter 'lgs', which is not configured, did you mean 'logs'?\n"
        f"           where: [routes] in {app / 'e11y.toml'}\n"
        "           fix:   add [tool.e11y.adapters.lgs], or use one of: logs\n"
    )


OVERLAYS = """
plugins = ["app_plugins:RegionPlugin"]
[adapters.logs]
type = "null"
[env.good]
service = "${SHOP}"
[env.good.region]
default = "${REGION}"
[env.good.adapters.logs]
max_retries = "${RETRIES}"
[env.core]
servce = "shop"
[env.plugin.region]
defualt = "us"
[env.table.regoin]
default = "us"
[env.adapter.adapters.logs]
type = "nul"
[env.option.adapters.logs]
colour = true
[env.route.routes]
error = ["lgs"]
[env.other]
plugins = []
[env.other.region]
default = "us"
"""


@pytest.mark.parametrize("command", ["doctor", "check"])
def test_every_overlay_is_checked(run: Run, configure: Configure, command: str) -> None:
    configure(OVERLAYS)
    found = {finding["subject"]: finding for finding in run(command, "--json").json}
    told = {
        subject.removeprefix("environment "): finding["says"].splitlines()[0].partition(",")[0]
        for subject, finding in found.items()
        if subject.startswith("environment ")
    }
    assert told == {
        "good": "its overlay fits",
        "core": "setting 'servce' is unknown",
        "plugin": "setting 'defualt' is unknown",
        "table": "setting 'regoin' is unknown",
        "adapter": "adapter type 'nul' is unknown",
        "option": "setting 'colour' is unknown",
        "route": "setting 'routes.error' names adapter 'lgs'",
        "other": "its overlay fits",
    }
    assert [finding["ok"] for finding in found.values()].count(False) == 6
    assert "environment core" not in {
        finding["subject"] for finding in run("doctor", "--json", E11Y_ENVIRONMENT="core").json
    }


def test_check_says_one_line_when_all_is_well(run: Run, configure: Configure, app: Path) -> None:
    configure('plugins = []\n[adapters.logs]\ntype = "memory"')
    ended = run("--app", "app_events", "check")
    assert (ended.status, ended.out, ended.err) == (0, f"ok: 3 event types, e11y.toml at {app / 'e11y.toml'}\n", "")
    configure("plugins = []\nenabled = false")
    assert run("check").out == f"ok, but disabled: 0 event types, e11y.toml at {app / 'e11y.toml'}\n"


def test_check_tells_every_problem(run: Run, configure: Configure, app: Path) -> None:
    configure(
        'plugins = ["app_plugins:SickPlugin"]\n[adapters.logs]\ntype = "sick"\nraises = true\n[env.prod]\nservce = "shop"'
    )
    (app / "app_lost.py").write_text("from e11y import Event\nclass Lost(Event, adapters=['nowhere']): pass")
    ended = run("--app", "app_events", "--app", "app_lost", "check")
    assert (ended.status, ended.out) == (1, "")
    assert ended.err == (
        "event type Lost: event Lost names adapter 'nowhere', which is not configured\n"
        "  where: class app_lost.Lost\n"
        "  fix:   add [tool.e11y.adapters.nowhere], or use one of: logs\n"
        "\n"
        "event types: 3 of 4 can be compiled\n"
        "\n"
        "environment prod: setting 'servce' is unknown, did you mean 'service'?\n"
        f"  where: [env.prod] in {app / 'e11y.toml'}\n"
        f"  fix:   remove it, or use one of: {', '.join(CORE_KEYS)}; what a plugin reads is a table\n"
    )


def test_check_and_doctor_ask_the_plugins(run: Run, configure: Configure, app: Path) -> None:
    (app / "app_asked.py").write_text(
        "from e11y import ConfigError, hookimpl\n"
        "class Asked:\n"
        "    @hookimpl\n"
        "    def e11y_check(self, host):\n"
        "        yield ConfigError('version is missing', where='own.yml, line 1', fix='write  version: 1')\n"
    )
    configure('plugins = ["app_asked:Asked"]\n[adapters.logs]\ntype = "null"')
    told = "version is missing\n  where: own.yml, line 1\n  fix:   write  version: 1"
    ended = run("--app", "app_events", "check")
    assert (ended.status, ended.err) == (1, f"plugin asked: {told}\n")
    found = run("doctor", "--json")
    assert [one for one in found.json if not one["ok"]] == [{"subject": "plugin asked", "ok": False, "says": told}]
