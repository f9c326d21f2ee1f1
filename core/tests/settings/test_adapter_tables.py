"""The table of an adapter is shared by core, the lane and the adapter's type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import pytest

from e11y import ConfigError, Runtime, hookimpl, units
from e11y.adapter import AdapterType
from e11y.settings import Loaded, adapter_settings

LoadHere = Callable[..., Loaded]


@attrs.frozen(eq=False)
class LokiSettings:
    url: str
    timeout_s: float = units.duration("5s")
    tenant: str | None = None


@attrs.frozen(eq=False)
class GreedySettings:
    type: str = ""
    batch_interval_s: float = units.duration("5s")


def never(_settings: Any, _host: Any) -> Any:
    raise NotImplementedError


LOKI = AdapterType(name="loki", settings=LokiSettings, make=never)


def test_options_become_the_settings_of_the_type(load_here: LoadHere) -> None:
    loaded = load_here('[tool.e11y.adapters.logs]\ntype = "loki"\nurl = "x"\ntimeout = "1m"\nbatch_interval = "1s"')
    place = loaded.place("adapters.logs", owner="e11y-loki 0.1.0")
    settings = adapter_settings(LOKI, loaded.settings.adapters["logs"], place)
    assert (settings.url, settings.timeout_s) == ("x", 60.0)


def test_wrong_options_name_the_table_and_who_reads_it(load_here: LoadHere) -> None:
    toml = '[tool.e11y.adapters.logs]\ntype = "loki"\nbatch_intervall = "1s"\ntenant = 1'
    loaded = load_here(toml, {"E11Y_ADAPTERS__LOGS__TIMEOUT": "soon"})
    with pytest.raises(ConfigError) as caught:
        adapter_settings(LOKI, loaded.settings.adapters["logs"], loaded.place("adapters.logs", owner="e11y-loki 0.1.0"))
    where = f"{loaded.home('adapters.logs')} (e11y-loki 0.1.0)"
    assert where.startswith("[tool.e11y.adapters.logs] in /")
    assert str(caught.value) == "4 problems stop the start:\n\n" + "\n\n".join(
        [
            "setting 'batch_intervall' is unknown, did you mean 'batch_interval'?\n"
            f"  where: {where}\n"
            "  fix:   remove it, or use one of: url, timeout, tenant",
            f"setting 'url' is missing\n  where: {where}\n  fix:   add  url = \"...\"",
            f"setting 'timeout' must be a duration: {units.DURATION_FORMS}\n"
            "  where: environment variable E11Y_ADAPTERS__LOGS__TIMEOUT (e11y-loki 0.1.0)\n"
            "  fix:   set it to  5s",
            f"setting 'tenant' must be text, not a whole number\n  where: {where}\n  fix:   write  tenant = \"...\"",
        ]
    )


def test_a_type_cannot_read_what_core_reads(load_here: LoadHere) -> None:
    loaded = load_here(adapters={"logs": {"type": "greedy"}})
    kind = AdapterType(name="greedy", settings=GreedySettings, make=never)
    with pytest.raises(ConfigError) as caught:
        adapter_settings(kind, loaded.settings.adapters["logs"], loaded.place("adapters.logs"))
    assert str(caught.value) == (
        "adapter type 'greedy' reads settings that core reads: 'batch_interval', 'type'\n"
        f"  where: {__name__}.GreedySettings\n"
        "  fix:   rename these fields of the settings class"
    )


class PickyPlugin:
    """Offers an adapter type whose adapters refuse their settings while they are made."""

    name = "picky"

    @hookimpl
    def e11y_export(self) -> AdapterType:
        return AdapterType(name="picky", settings=LokiSettings, make=self.refuse)

    def refuse(self, settings: LokiSettings, _host: Any) -> Any:
        problems = [ConfigError("'url' is no URL", fix="write one"), ConfigError("no", where="here", fix="yes")]
        raise problems[0] if settings.url == "one" else ConfigError.joined(problems)


@pytest.mark.parametrize(("url", "more"), [("one", ""), ("two", "\n\nno\n  where: here\n  fix:   yes")])
def test_what_an_adapter_finds_wrong_is_said_of_its_table(url: str, more: str) -> None:
    adapters = {"logs": {"type": "picky", "url": url}}
    with pytest.raises(ConfigError) as caught:
        Runtime({"adapters": adapters}, environ={}, event_types=(), plugins=[PickyPlugin])
    says = "'url' is no URL\n  where: [adapters.logs] in e11y.configure()"
    assert says in str(caught.value)
    assert str(caught.value).endswith(f"  fix:   write one{more}")
