"""Settings that cannot work stop the start and say how to mend them."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from e11y import ConfigError, Runtime
from e11y.testing import StandaloneHost, make_record
from e11y_loki import LokiAdapter, LokiSettings

WHERE = "[adapters.logs] in e11y.configure()"


def refusal(**table: Any) -> str:
    """Return what a start says about these settings."""
    adapters = {"logs": {"type": "loki", "url": "http://127.0.0.1:1", **table}}
    with pytest.raises(ConfigError) as caught:
        Runtime({"adapters": adapters}, environ={}, event_types=())
    return str(caught.value)


def says(what: str, fix: str) -> str:
    return f"{what}\n  where: {WHERE} (e11y-loki {version('e11y-loki')})\n  fix:   {fix}"


@pytest.mark.parametrize(
    ("table", "what", "fix"),
    [
        (
            {"url": "loki:3100"},
            "setting 'url' is not the address of a server",
            'write  url = "https://loki.example.com"',
        ),
        ({"url": "ftp://h"}, "setting 'url' is not the address of a server", 'write  url = "https://loki.example.com"'),
        (
            {"url": "http://[x"},
            "setting 'url' is not the address of a server",
            'write  url = "https://loki.example.com"',
        ),
        (
            {"url": "http://h?q"},
            "setting 'url' is not the address of a server",
            'write  url = "https://loki.example.com"',
        ),
        ({"url": "http://u:secret@h"}, "setting 'url' holds credentials", "move them to  username  and  password"),
        ({"timeout": "0s"}, "setting 'timeout' leaves no time at all", 'write  timeout = "5s"'),
        (
            {"tenant": "a/b"},
            "setting 'tenant' is no tenant that Loki takes",
            "use at most 150 letters, digits and  ! - _ . * ' ( )",
        ),
        ({"username": "u"}, "'username' and 'password' need each other", "set both, or neither"),
        ({"password": "p"}, "'username' and 'password' need each other", "set both, or neither"),
        (
            {"username": "a:b", "password": "p"},
            "setting 'username' holds a colon",
            "the part behind it belongs to  password",
        ),
        (
            {"username": "u", "password": "p", "bearer_token": "t"},
            "there are credentials of several kinds",
            "keep one of  username and password,  bearer_token,  an Authorization header",
        ),
        (
            {"bearer_token": "t", "headers": {"authorization": "x"}},
            "there are credentials of several kinds",
            "keep one of  username and password,  bearer_token,  an Authorization header",
        ),
        (
            {"bearer_token": "a\nb"},
            "setting 'bearer_token' cannot be sent",
            "use printable ASCII without spaces around it",
        ),
        ({"headers": {"X-Scope-OrgID": "a"}}, "header 'X-Scope-OrgID' is set by the adapter", 'use  tenant = "..."'),
        ({"headers": {"content-type": "a"}}, "header 'content-type' is set by the adapter", "remove it"),
        (
            {"headers": {"X": "a\r\nY: b"}},
            "header 'X' cannot be sent",
            "use printable ASCII, without spaces around the value",
        ),
        (
            {"headers": {"X Y": "a"}},
            "header 'X Y' cannot be sent",
            "use printable ASCII, without spaces around the value",
        ),
        ({"verify": False}, "there are TLS settings, but 'url' is not https", 'write  url = "https://..."'),
        ({"ca_file": "ca.pem"}, "there are TLS settings, but 'url' is not https", 'write  url = "https://..."'),
        (
            {"url": "https://h", "ca_file": "absent.pem"},
            "setting 'ca_file' names a file that is not there",
            "create it, or correct the path",
        ),
        (
            {"url": "https://h", "client_key": __file__},
            "'client_key' is of no use without 'client_cert'",
            "set both, or neither",
        ),
        (
            {"structured_metadata": ["trace-id"]},
            "setting 'structured_metadata' holds 'trace-id', which is no name that Loki takes",
            "use letters, digits and '_', no digit first",
        ),
        (
            {"labels": {"severity": "x"}},
            "label 'severity' is set by the adapter, from each event",
            "remove it from labels",
        ),
        (
            {"labels": {"user_id": "x"}},
            "label 'user_id' would take another value for each event",
            "remove it; a context value can be named in structured_metadata",
        ),
        (
            {"labels": {"k8s.pod": "x"}},
            "label 'k8s.pod' is no name for a label",
            "use letters, digits and '_', no digit first, not '__' first",
        ),
        (
            {"labels": {"__name": "x"}},
            "label '__name' is no name for a label",
            "use letters, digits and '_', no digit first, not '__' first",
        ),
        ({"labels": {"pod": ""}}, "label 'pod' has no value", "give it one, or remove it"),
        ({"labels": {"pod": "x" * 2049}}, "label 'pod' has a value longer than 2048 bytes", "shorten it"),
        (
            {"labels": {"order": "{order_id}"}},
            "label 'order' has a placeholder in its value",
            "labels are constants: write the value itself",
        ),
        (
            {"labels": {f"l{n}": "x" for n in range(13)}},
            "16 labels are more than the 15 that Loki takes for one stream",
            "keep at most 12, beside event_name, severity, level, which the adapter sets",
        ),
    ],
)
def test_what_cannot_work_stops_the_start(table: dict[str, Any], what: str, fix: str) -> None:
    assert refusal(**table) == says(what, fix)
    assert "secret" not in refusal(**table)


def test_a_name_too_long_is_refused() -> None:
    assert "has a name longer than 1024 bytes" in refusal(labels={"x" * 1025: "y"})


def test_all_labels_are_told_at_once() -> None:
    assert refusal(labels={"trace_id": "x", "pod": ""}).startswith("2 problems stop the start:\n\nlabel 'trace_id'")


@pytest.mark.parametrize("key", ["push_path", "ready_path"])
@pytest.mark.parametrize("path", ["loki/api/v1/push", "/a?b", "/a b", ""])
def test_paths_are_paths(key: str, path: str) -> None:
    assert f"setting {key!r} is refused: {key} must begin with '/' and be a path, without query" in refusal(
        **{key: path}
    )


def test_service_and_environment_are_labels_unless_they_are_given(loki: Any) -> None:
    given = {"service_name": "till", "region": "eu"}
    for service in ("shop", ""):
        host = StandaloneHost(service=service, environment="production")
        LokiAdapter(LokiSettings(url=loki.url, labels=given), host).write_batch([make_record()])
    own = {"event_name": "kit.sample", "severity": "error", "level": "error"}
    assert [request.json()["streams"][0]["stream"] for request in loki.server.requests] == [
        {"environment": "production", **given, **own},
        {**given, **own},
    ]


def test_secrets_are_not_shown() -> None:
    shown = repr(LokiSettings(url="http://h", password="s1", bearer_token="s2", headers={"X": "s3"}, ca_file=Path("x")))
    assert not any(secret in shown for secret in ("s1", "s2", "s3"))
