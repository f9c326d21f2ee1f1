"""Settings that cannot work stop the start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from e11y import ConfigError
from e11y_sentry import SentrySettings

from .conftest import App

SECRET = "0123456789abcdef"


@pytest.mark.parametrize(
    "dsn",
    [
        f"https://{SECRET}@sentry.example.com/project",
        f"ftp://{SECRET}@sentry.example.com/1",
        "https://sentry.example.com/1",
        f"https://{SECRET}@:x/1",
        f"https://{SECRET}@[::1/1",
        SECRET,
    ],
)
def test_a_dsn_that_is_none(make_app: Callable[..., App], dsn: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_app(dsn=dsn)
    assert str(caught.value) == (
        "option 'dsn' is not the DSN of a Sentry project\n"
        '  where: an adapter of type "sentry"\n'
        "  fix:   copy it from the project's settings: https://<key>@<host>/<project number>"
    )


def test_a_required_dsn_that_is_blank(make_app: Callable[..., App]) -> None:
    with pytest.raises(ConfigError) as caught:
        make_app(dsn=" ", required=True)
    assert str(caught.value) == (
        "option 'dsn' is blank although required = true\n"
        '  where: an adapter of type "sentry"\n'
        '  fix:   add  dsn = "${SENTRY_DSN}", or call sentry_sdk.init before e11y.start'
    )


def test_a_proxy_that_is_none(make_app: Callable[..., App]) -> None:
    with pytest.raises(ConfigError) as caught:
        make_app(proxy=f"ftp://u:{SECRET}@proxy")
    assert caught.value.what == "option 'proxy' is not the URL of an HTTP proxy"
    assert SECRET not in str(caught.value)


def test_certificates_that_are_not_there(make_app: Callable[..., App], tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        make_app(ca_certs=str(tmp_path / "absent.pem"))
    assert str(caught.value) == (
        "option 'ca_certs' names a file that is not there\n"
        '  where: an adapter of type "sentry"\n'
        "  fix:   create it, or correct the path"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"sample_rate": 1.5},
        {"timeout_s": 0.0},
        {"sample_rates": {"order.*": -0.1}},
        {"tags": ["ein tag"]},
        {"max_breadcrumbs": 101},
        {"severity": "warning"},
        {"dsnn": "x"},
    ],
)
def test_values_out_of_range(make_app: Callable[..., App], wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        make_app(**wrong)


def test_secrets_are_not_shown() -> None:
    shown = repr(SentrySettings(dsn=f"https://{SECRET}@h/1", proxy=f"http://u:{SECRET}@proxy"))
    assert SECRET not in shown
