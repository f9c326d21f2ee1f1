"""Which plugins are active, how they are made, and what stops the start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest

from e11y import Host, PluginError, hookimpl
from e11y.plugins import LoadedPlugin, PluginSet
from e11y.runtime import Runtime
from e11y.zones import Zone

Install = Callable[..., None]
LoadPlugins = Callable[..., PluginSet]
Refused = Callable[..., str]

PLAIN = """
    from e11y import hookimpl

    class {0}Plugin:
        @hookimpl
        def e11y_stopped(self): return "{0}"
"""


class RegionPlugin:
    @hookimpl
    def e11y_enrich(self, schema: Any) -> None: ...

    @hookimpl
    def e11y_export(self) -> None: ...

    @hookimpl
    def e11y_started(self, host: Host) -> None: ...


class MaskPlugin:
    @hookimpl
    def e11y_filter(self, schema: Any) -> None: ...


class Odd:
    name = "renamed"

    @hookimpl
    def e11y_forked(self) -> None: ...


@attrs.frozen(eq=False)
class TunedSettings:
    size: int
    token: str = attrs.field(default="", repr=False)


class TunedPlugin:
    Settings = TunedSettings

    def __init__(self, settings: TunedSettings, host: Host) -> None:
        self.settings = settings
        self.host = host

    @hookimpl
    def e11y_stopped(self) -> None: ...


def own(plugins: PluginSet, *names: str) -> Sequence[LoadedPlugin]:
    """What else may be installed in this environment is not looked at."""
    return [plugin for plugin in plugins.plugins if plugin.name in names]


# Which


def test_without_a_list_every_installed_plugin_is_active(install: Install, load_plugins: LoadPlugins) -> None:
    install("e11y-beta", {"beta": "beta_module:BetaPlugin"}, {"beta_module": PLAIN.format("Beta")})
    install("e11y-alfa", {"alfa": "alfa_module:AlfaPlugin"}, {"alfa_module": PLAIN.format("Alfa")}, version="0.2")
    plugins = load_plugins(extra=[RegionPlugin], core=[Odd])
    found = own(plugins, "alfa", "beta", "region", "renamed")
    assert [(one.name, one.distribution, one.version, one.active, one.why, one.owner) for one in found] == [
        ("renamed", "", "", True, "part of core", ""),
        ("alfa", "e11y-alfa", "0.2", True, "installed", "e11y-alfa 0.2"),
        ("beta", "e11y-beta", "1.0", True, "installed", "e11y-beta 1.0"),
        ("region", "", "", True, "given in code", ""),
    ]
    assert [call() for name, call in plugins.implementations("e11y_stopped") if name in ("alfa", "beta")] == [
        "Alfa",
        "Beta",
    ]


def test_with_a_list_exactly_these_are_active_in_its_order(install: Install, load_plugins: LoadPlugins) -> None:
    install("e11y-beta", {"beta": "beta_module:BetaPlugin"}, {"beta_module": PLAIN.format("Beta")})
    install("e11y-alfa", {"alfa": "alfa_module:AlfaPlugin"}, {"alfa_module": PLAIN.format("Alfa")})
    install("other", {}, {"shop_plugins": PLAIN.format("Shop") + "\n    class Box:\n        ready = ShopPlugin()\n"})
    install("e11y-idle", {"idle": "not_imported:Idle"})
    listed = ["beta", "shop_plugins:ShopPlugin", "alfa", RegionPlugin, Odd()]
    plugins = load_plugins({"plugins": listed})
    assert [one.name for one in plugins.plugins if one.active] == ["beta", "shop", "alfa", "region", "renamed"]
    assert {one.why for one in plugins.plugins if one.active} == {"in the plugins list"}
    assert [call() for _, call in plugins.implementations("e11y_stopped")] == ["Beta", "Shop", "Alfa"]
    (idle,) = own(plugins, "idle")
    assert (idle.active, idle.why, idle.instance, idle.hooks) == (False, "not in the plugins list", None, ())
    assert plugins.plugins[-1].active is False
    ready = load_plugins({"plugins": ["shop_plugins:Box.ready"]})
    assert [one.name for one in ready.plugins if one.active] == ["shop"]


def test_what_is_known_about_an_active_plugin(load_plugins: LoadPlugins) -> None:
    plugins = load_plugins({"plugins": [RegionPlugin]})
    region = plugins.plugin("region")
    assert region is not None
    assert (region.zones, region.hooks) == (
        (Zone.PRE_PROCESSING, Zone.ADAPTERS),
        ("e11y_started", "e11y_enrich", "e11y_export"),
    )
    assert isinstance(region.instance, RegionPlugin)
    assert (plugins.is_active("region"), plugins.is_active("nobody"), plugins.plugin("nobody")) == (True, False, None)
    with pytest.raises(KeyError):
        plugins.implementations("e11y_nonsense")


def test_a_missing_plugin_stops_the_start(install: Install, refused: Refused) -> None:
    install("e11y-loki", {"loki": "loki_module:LokiPlugin"})
    toml = '[tool.e11y]\nplugins = ["lokki", "no_such.module:X", "e11y.severity:Nothing", "e11y.severity:Severty", "e11y.settings.nope:X"]'
    where = "[tool.e11y] in ~/pyproject.toml"
    path_fix = "write it as  package.module:Class, or remove it from  plugins = [...]"
    assert refused(toml=toml) == "5 problems stop the start:\n\n" + "\n\n".join(
        [
            "plugin 'lokki' is not installed, did you mean 'loki'?\n"
            f"  where: {where}\n"
            "  fix:   write 'loki', or remove it from  plugins = [...]",
            f"plugin 'no_such.module:X' cannot be found: there is no module 'no_such'\n  where: {where}\n  fix:   {path_fix}",
            f"plugin 'e11y.severity:Nothing' cannot be found: there is no 'Nothing'\n  where: {where}\n  fix:   {path_fix}",
            "plugin 'e11y.severity:Severty' cannot be found: there is no 'Severty', did you mean 'Severity'?\n"
            f"  where: {where}\n  fix:   {path_fix}",
            "plugin 'e11y.settings.nope:X' cannot be found: there is no module 'e11y.settings.nope'\n"
            f"  where: {where}\n  fix:   {path_fix}",
        ]
    )


def test_a_table_of_pyproject_in_a_file_of_its_own_is_told(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "e11y.toml").write_text('[tool.e11y]\nservice = "shop"')
    assert refused() == (
        "setting 'tool' is unknown\n"
        "  where: [tool] in ~/e11y.toml\n"
        "  fix:   leave  tool.e11y  out of the names of tables: it belongs into pyproject.toml only"
    )


# Broken


def test_a_broken_plugin_is_left_out_and_told(install: Install, load_plugins: LoadPlugins) -> None:
    install("e11y-lame", {"lame": "lame_module:LamePlugin"}, {"lame_module": "import no_such_thing"})
    install("e11y-loud", {"loud": "loud_module:LoudPlugin"}, {"loud_module": "raise RuntimeError('hunter2')"})
    weak = "class WeakPlugin:\n    def __init__(self): raise ValueError('hunter2')\n"
    install("other", {}, {"weak_module": weak, "torn_module": "import no_such_thing"})
    listed = ["lame", "loud", "weak_module:WeakPlugin", "torn_module:TornPlugin", RegionPlugin]
    plugins = load_plugins({"plugins": listed, "lame": {"size": 1}})
    assert "\n\n".join(str(error) for error in plugins.broken) == "\n\n".join(
        [
            "plugin 'lame' cannot be imported: ModuleNotFoundError: No module named 'no_such_thing'\n"
            "  where: e11y-lame 1.0 (lame_module:LamePlugin)\n"
            "  fix:   pip install --force-reinstall e11y-lame",
            "plugin 'loud' cannot be imported: RuntimeError\n"
            "  where: e11y-loud 1.0 (loud_module:LoudPlugin)\n"
            "  fix:   pip install --force-reinstall e11y-loud",
            "plugin 'weak' cannot be made: ValueError in WeakPlugin.__init__\n"
            "  where: weak_module:WeakPlugin, in the plugins list\n"
            "  fix:   repair its code",
            "plugin 'torn' cannot be imported: ModuleNotFoundError: No module named 'no_such_thing'\n"
            "  where: torn_module:TornPlugin, in the plugins list\n"
            "  fix:   repair its code",
        ]
    )
    assert [one.name for one in plugins.plugins if one.active] == ["region"]
    assert [one.why for one in own(plugins, "loud", "weak")] == [
        "broken: cannot be imported: RuntimeError",
        "broken: cannot be made: ValueError in WeakPlugin.__init__",
    ]


class FailingFilterPlugin:
    def __init__(self) -> None:
        raise RuntimeError("hunter2")

    @hookimpl
    def e11y_filter(self, schema: Any) -> None: ...


def test_a_broken_security_plugin_stops_the_start(install: Install, refused: Refused) -> None:
    install("e11y-guard", {"guard": "guard_module:GuardPlugin"}, {"guard_module": "1 / 0"})
    settings = {"plugins": ["guard", FailingFilterPlugin], "trusted": ["guard"], "guard": {"a": 1}}
    assert refused(settings) == "2 problems stop the start:\n\n" + "\n\n".join(
        [
            "security plugin 'guard' cannot be imported: ZeroDivisionError\n"
            "  where: e11y-guard 1.0 (guard_module:GuardPlugin)\n"
            "  fix:   pip install --force-reinstall e11y-guard",
            "security plugin 'failingfilter' cannot be made: RuntimeError in FailingFilterPlugin.__init__\n"
            f"  where: {__name__}.FailingFilterPlugin, given in code\n"
            "  fix:   repair its code",
        ]
    )


# Security


def test_only_trusted_plugins_stand_in_the_security_zone(load_plugins: LoadPlugins, refused: Refused) -> None:
    assert refused({"plugins": [MaskPlugin]}) == (
        "plugin 'mask' implements 'e11y_filter' in zone 'security', where only trusted plugins may stand\n"
        f"  where: {__name__}.MaskPlugin, given in code\n"
        '  fix:   trust it with  trusted = ["mask"], or use hooks of the zones '
        "pre_processing, routing, post_processing, adapters"
    )
    assert load_plugins({"plugins": [MaskPlugin], "trusted": ["mask"]}).is_active("mask")


FILTER = """
    from e11y import hookimpl

    class PiiPlugin:
        @hookimpl
        def e11y_filter(self, schema): ...
"""


def test_core_trusts_its_own_distributions_and_nobody_of_the_same_name(install: Install, refused: Refused) -> None:
    install("evil-pii", {"pii": "evil_pii_module:PiiPlugin"}, {"evil_pii_module": FILTER})
    assert refused({"plugins": ["pii"]}).startswith("plugin 'pii' implements 'e11y_filter' in zone 'security'")


def test_the_trusted_distribution_needs_no_word(install: Install, load_plugins: LoadPlugins) -> None:
    install("e11y-audit", {"audit": "audit_module:PiiPlugin"}, {"audit_module": FILTER})
    assert load_plugins({"plugins": ["audit"]}).is_active("audit")


def test_trusting_nobody_is_told(refused: Refused, load_plugins: LoadPlugins) -> None:
    toml = '[tool.e11y]\ntrusted = ["regoin"]'
    assert refused({"plugins": [RegionPlugin]}, toml=toml) == (
        "plugin 'regoin' is trusted but not there, did you mean 'region'?\n"
        "  where: [tool.e11y] in ~/pyproject.toml\n"
        "  fix:   write 'region', or remove it from  trusted = [...]"
    )
    assert load_plugins({"plugins": [], "trusted": ["pii"]}).broken == ()


# Names


@pytest.mark.parametrize("name", ["scope", "adapters", "env", "config", "service", "routes"])
def test_names_of_core_are_reserved(install: Install, refused: Refused, name: str) -> None:
    install("taker", {name: "taker_module:TakerPlugin"}, {"taker_module": PLAIN.format("Taker")})
    assert refused({"plugins": [name]}) == (
        f"plugin name {name!r} belongs to the settings of core\n"
        "  where: taker 1.0 (taker_module:TakerPlugin)\n"
        "  fix:   rename its entry point"
    )


def test_names_that_no_table_can_have(refused: Refused) -> None:
    bad = type("Plugin", (), {})
    assert refused(
        {"plugins": [bad, SimpleNamespace(name="My Plugin")]}
    ) == "2 problems stop the start:\n\n" + "\n\n".join(
        [
            "plugin name '' is not usable\n"
            f"  where: {__name__}.Plugin, given in code\n"
            "  fix:   give the class an attribute  name = \"...\", of lowercase letters, digits, '_' and '-', a letter first",
            "plugin name 'My Plugin' is not usable\n"
            "  where: types.SimpleNamespace, given in code\n"
            "  fix:   give the class an attribute  name = \"...\", of lowercase letters, digits, '_' and '-', a letter first",
        ]
    )


def test_a_plugin_without_any_hook_stops_the_start(refused: Refused) -> None:
    assert refused(toml='[tool.e11y]\nplugins = ["os.path:join"]') == (
        "plugin 'function' implements no hook, so it would do nothing\n"
        "  where: os.path:join, in the plugins list\n"
        "  fix:   name a class whose methods carry  @hookimpl, or remove it"
    )


def test_two_plugins_of_one_name_stop_the_start(refused: Refused) -> None:
    assert refused({"plugins": [RegionPlugin]}, extra=[RegionPlugin()]) == (
        "two plugins are named 'region'\n"
        f"  where: {__name__}.RegionPlugin, given in code; {__name__}.RegionPlugin, given in code\n"
        '  fix:   name it once in  plugins = [...], or give one class an attribute  name = "..."'
    )


@attrs.frozen
class EqualPlugin:
    secret: str = "hunter2"

    @property
    def name(self) -> str:
        return f"equal{id(self)}"

    @hookimpl
    def e11y_stopped(self) -> None: ...


def test_plugins_that_compare_equal_cannot_be_told_apart(refused: Refused) -> None:
    first, second = EqualPlugin(), EqualPlugin()
    assert refused({"plugins": [first, second]}) == (
        f"plugin {second.name!r} is equal to another plugin, so the two cannot be told apart\n"
        f"  where: {__name__}.EqualPlugin, given in code\n"
        "  fix:   name it once; if they are two, let the class compare by identity: attrs.frozen(eq=False)"
    )


# Settings of plugins


def test_a_plugin_gets_its_settings_and_its_host(load_plugins: LoadPlugins) -> None:
    hosts = {"tuned": SimpleNamespace()}
    plugins = load_plugins({"plugins": [TunedPlugin], "tuned": {"size": 3}}, hosts=hosts.__getitem__)
    tuned = plugins.plugin("tuned")
    assert tuned is not None
    assert isinstance(tuned.instance, TunedPlugin)
    assert (tuned.instance.settings.size, tuned.instance.host, tuned.settings) == (3, hosts["tuned"], TunedSettings)
    assert plugins.settings_classes == {"tuned": TunedSettings}


def test_wrong_settings_of_a_plugin_stop_the_start(install: Install, refused: Refused) -> None:
    source = """
        import attrs
        from e11y import ConfigError

        @attrs.frozen(eq=False)
        class PickySettings:
            size: int
            token: str = attrs.field(default="", repr=False)

        class PickyPlugin:
            Settings = PickySettings

            def __init__(self, settings, host):
                if settings.size < 0:
                    raise ConfigError("size is negative", where="[tool.e11y.picky]", fix="write  size = 1")
    """
    install("e11y-picky", {"picky": "picky_module:PickyPlugin"}, {"picky_module": source})
    where = "[tool.e11y.picky] in ~/pyproject.toml (e11y-picky 1.0 (picky_module:PickyPlugin))"
    head = '[tool.e11y]\nplugins = ["picky"]\n'
    assert refused(
        toml=head + "[tool.e11y.picky]\nsise = 1\ntoken = 7"
    ) == "3 problems stop the start:\n\n" + "\n\n".join(
        [
            f"setting 'sise' is unknown, did you mean 'size'?\n  where: {where}\n  fix:   remove it, or use one of: size, token",
            f"setting 'size' is missing\n  where: {where}\n  fix:   add  size = 1",
            f"setting 'token' must be text, not a whole number\n  where: {where}\n  fix:   write  token = \"...\"",
        ]
    )
    assert refused(toml=head) == f"setting 'size' is missing\n  where: {where}\n  fix:   add  size = 1"
    assert refused(toml=head + "[tool.e11y.picky]\nsize = -1") == (
        "size is negative\n  where: [tool.e11y.picky]\n  fix:   write  size = 1"
    )


def test_tables_that_nobody_reads(install: Install, refused: Refused) -> None:
    install("e11y-idle", {"idle": "not_imported:Idle"})
    toml = """
    [tool.e11y]
    plugins = []
    [tool.e11y.idle]
    [tool.e11y.adaptors]
    [tool.e11y.region]
    [tool.e11y.renamed]
    """
    adapter = "remove the table; settings of an adapter stand in  [tool.e11y.adapters.<purpose>]"
    assert refused(toml=toml, extra=[RegionPlugin, Odd()]) == "4 problems stop the start:\n\n" + "\n\n".join(
        [
            "plugin 'region' reads no settings, but there are settings for it\n"
            f"  where: [tool.e11y.region] in ~/pyproject.toml ({__name__}.RegionPlugin, given in code)\n"
            f"  fix:   {adapter}",
            "plugin 'renamed' was given ready made, but there are settings for it\n"
            f"  where: [tool.e11y.renamed] in ~/pyproject.toml ({__name__}.Odd, given in code)\n"
            f"  fix:   {adapter}",
            "plugin 'idle' has settings but is not active\n"
            "  where: [tool.e11y.idle] in ~/pyproject.toml\n"
            '  fix:   add "idle" to  plugins = [...], or remove the table',
            "setting 'adaptors' is unknown, did you mean 'adapters'?\n"
            "  where: [tool.e11y.adaptors] in ~/pyproject.toml\n"
            "  fix:   write 'adapters', or remove the table",
        ]
    )


def test_settings_that_are_no_attrs_class(refused: Refused) -> None:
    bad = type("BadPlugin", (), {"Settings": dict})
    assert refused({"plugins": [bad]}) == (
        "'Settings' of plugin 'bad' is no attrs class\n"
        f"  where: {__name__}.BadPlugin, given in code\n"
        "  fix:   write  Settings = RegionSettings  with a class made by @attrs.frozen(eq=False)"
    )


# Adapter types that no active plugin offers


def test_the_error_for_an_unknown_adapter_type_knows_why(install: Install, load_plugins: LoadPlugins) -> None:
    install("e11y-idle", {"idle": "not_imported:Idle"})
    install("e11y-lame", {"lame": "lame_module:LamePlugin"}, {"lame_module": "import no_such_thing"})
    plugins = load_plugins({"plugins": ["lame", RegionPlugin]})
    known = ["memory", "console"]
    texts = [
        str(plugins.unknown_adapter_type(kind, "HERE", known)) for kind in ("consle", "loki", "region", "idle", "lame")
    ]
    assert texts == [
        "adapter type 'consle' is unknown, did you mean 'console'?\n  where: HERE\n"
        "  fix:   write 'console', or use one of: console, memory",
        "adapter type 'loki' is unknown\n  where: HERE\n  fix:   pip install e11y-loki, or use one of: console, memory",
        "plugin 'region' offers no adapter type of its name\n  where: HERE\n  fix:   use one of: console, memory",
        "adapter type 'idle' is not there, because its plugin is not active: not in the plugins list\n  where: HERE\n"
        '  fix:   add "idle" to  plugins = [...], or use one of: console, memory',
        "adapter type 'lame' is not there, because its plugin is not active: broken: cannot be imported: "
        "ModuleNotFoundError: No module named 'no_such_thing'\n  where: HERE\n"
        "  fix:   repair e11y-lame, or use one of: console, memory",
    ]


class Given:
    name = "given"

    @hookimpl
    def e11y_stopped(self) -> None:
        return None


def test_an_installed_plugin_may_be_named_in_code(install: Install) -> None:
    install("e11y-alfa", {"alfa": "alfa_module:AlfaPlugin"}, {"alfa_module": PLAIN.format("Alfa")})
    for settings in ({"plugins": []}, {"plugins": ["alfa"]}, {}):
        runtime = Runtime(settings, plugins=["alfa", Given], environ={}, event_types=())
        named = [plugin for plugin in runtime.plugins.plugins if plugin.name in ("alfa", "given")]
        assert [(plugin.name, plugin.active) for plugin in named] == [("alfa", True), ("given", True)]


def test_a_name_in_code_that_nobody_has_stops_the_start() -> None:
    with pytest.raises(PluginError) as caught:
        Runtime({"plugins": []}, plugins=["regoin"], environ={}, event_types=())
    assert caught.value.what == "plugin 'regoin' is not installed"
