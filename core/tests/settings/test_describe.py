"""Every setting can be shown with its origin, and no secret is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from e11y import units
from e11y.settings import Loaded, describe

LoadHere = Callable[..., Loaded]


class Region:
    """A plugin given as a class."""


@attrs.frozen(eq=False)
class Nested:
    token: str = "inner"
    depth: int = 1


@attrs.frozen(eq=False)
class PiiSettings:
    needed: str
    connection: str = attrs.field(default="hunter2", repr=False)
    blank: str = attrs.field(default="", repr=False)
    path: Path = Path("/var")
    window_s: float = units.duration("1m")
    cap: int = units.byte_size("2MiB")
    nested: Nested = attrs.field(factory=Nested)
    headers: Mapping[str, str] = attrs.field(factory=dict)
    computed: int = attrs.field(default=attrs.Factory(lambda self: 1, takes_self=True))


def rows_of(loaded: Loaded, classes: Mapping[str, type[Any]] | None = None) -> dict[str, tuple[str, str]]:
    return {row.key: (row.value, row.origin) for row in describe(loaded, classes)}


def test_all_settings_of_core_are_shown(load_here: LoadHere) -> None:
    toml = '[tool.e11y]\nretention = "90d"\n[tool.e11y.adapters.logs]\ntype = "loki"\nbatch_interval = "1s"'
    rows = rows_of(load_here(toml, {"E11Y_SERVICE": 'a "b"'}, plugins=["pii", Region, Region()]))
    assert list(rows)[:11] == [
        "service", "environment", "enabled", "plugins", "trusted", "on_invalid", "memory_limit", "shutdown_timeout",
        "retention", "strict_adapters", "debug_checks",
    ]  # fmt: skip
    assert rows["service"] == ('"a \\"b\\""', "environment E11Y_SERVICE")
    assert rows["plugins"] == (f'["pii", {__name__}.Region, {__name__}.Region]', "configure()")
    assert rows["on_invalid"] == ("", "default")
    assert rows["enabled"] == ("true", "default")
    assert rows["memory_limit"] == ('"100MiB"', "default")
    assert rows["retention"] == ('"90d"', "pyproject.toml [tool.e11y]")
    assert rows["scope.buffer_records"] == ("1000", "default")
    assert rows["adapters.logs.type"] == ('"loki"', "pyproject.toml [tool.e11y.adapters.logs]")
    assert rows["adapters.logs.batch_interval"] == ('"1s"', "pyproject.toml [tool.e11y.adapters.logs]")
    assert rows["adapters.logs.retries_per_s"] == ("50.0", "default")


@pytest.mark.parametrize(
    "key",
    [
        "key",
        "api_key",
        "hmac-key",
        "apiKey",
        "APIKey",
        "password",
        "dsn",
        "auth_token",
        "client_secret",
        "Authorization",
    ],
)
def test_what_reads_like_a_secret_is_hidden(load_here: LoadHere, key: str) -> None:
    rows = rows_of(load_here(pii={key: "hunter2", "deep": {key: {"a": "hunter2"}}, "many": [{key: "hunter2"}]}))
    assert rows[f"pii.{key}"] == ("[hidden]", "configure()")
    assert rows[f"pii.deep.{key}.a"][0] == "[hidden]"
    assert rows["pii.many"][0] == f"[{{ {key} = [hidden] }}]"


@pytest.mark.parametrize("key", ["keys", "monkey", "allowed_keys", "tokenizer", "author"])
def test_what_does_not_is_shown(load_here: LoadHere, key: str) -> None:
    assert rows_of(load_here(pii={key: "shown"}))[f"pii.{key}"] == ('"shown"', "configure()")


def test_credentials_in_addresses_and_replaced_references_are_hidden(load_here: LoadHere) -> None:
    toml = (
        '[tool.e11y.adapters.logs]\ntype = "loki"\nurl = "https://user:pw@host/x"\nproxy = "http://${PROXY}:${PORT:-1}"'
    )
    rows = rows_of(load_here(toml, {"PROXY": "user:pw@proxy"}))
    assert rows["adapters.logs.url"][0] == '"https://[hidden]@host/x"'
    assert rows["adapters.logs.proxy"][0] == '"http://${PROXY}:${PORT:-1}"'


def test_with_its_class_a_table_shows_defaults_and_hides_what_has_no_repr(load_here: LoadHere) -> None:
    loaded = load_here(pii={"needed": "x", "headers": {"Cookie": "c", "Accept": "a"}, "window": "2m", "extra": {}})
    rows = rows_of(loaded, {"pii": PiiSettings, "other": Nested})
    assert {key: value for key, (value, _) in rows.items() if key.startswith(("pii.", "other."))} == {
        "pii.needed": '"x"',
        "pii.connection": "[hidden]",
        "pii.blank": '""',
        "pii.path": '"/var"',
        "pii.window": '"2m"',
        "pii.cap": '"2MiB"',
        "pii.nested.token": "[hidden]",
        "pii.nested.depth": "1",
        "pii.headers.Cookie": "[hidden]",
        "pii.headers.Accept": '"a"',
        "pii.computed": "",
        "pii.extra": "{}",
        "other.token": "[hidden]",
        "other.depth": "1",
    }
    assert (rows["pii.window"][1], rows["pii.cap"][1]) == ("configure()", "default")


def test_settings_never_show_raw_tables_in_their_repr(load_here: LoadHere) -> None:
    toml = '[tool.e11y.adapters.logs]\ntype = "loki"\npassword = "hunter2"\n[tool.e11y.pii]\nkey = "hunter2"'
    loaded = load_here(toml)
    assert "hunter2" not in repr(loaded)
    assert "hunter2" not in repr(loaded.place("pii"))
