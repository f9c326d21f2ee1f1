"""The signed header that keeps the trail of one request, and the command that makes one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y import ConfigError
from e11y_web import AsgiMiddleware
from e11y_web.debug_header import is_valid, sign

from .asgi import get
from .conftest import Bench, MakeBench, WebStep

PASS = "correct horse battery staple"


async def app(scope: Any, receive: Any, send: Any) -> None:
    WebStep.track(number=1)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    WebStep.track(number=2)
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def signing(make_bench: MakeBench) -> Bench:
    return make_bench(debug_key=PASS)


def now_s(bench: Bench) -> int:
    return bench.clock.time_ns() // 1_000_000_000


def test_a_valid_header_keeps_the_trail_of_a_healthy_request(signing: Bench) -> None:
    get(AsgiMiddleware(app), headers={"X-E11y-Debug": sign(PASS, now_s(signing) + 60)})
    get(AsgiMiddleware(app))
    assert signing.names == ["web.step", "web.step", "request.completed", "request.completed"]
    kept = signing.records[2]
    assert (kept.severity, kept.payload["ended"], kept.payload["status"]) == ("success", "completed", 200)
    assert [(report.trigger, report.attributes["error"]) for report in signing.scopes] == [
        ("debug header", ""),
        ("", ""),
    ]


def test_a_header_has_no_effect_after_its_time(signing: Bench) -> None:
    header = {"X-E11y-Debug": sign(PASS, now_s(signing) + 60)}
    signing.clock.advance(59)
    get(AsgiMiddleware(app), headers=header)
    signing.clock.advance(1)
    get(AsgiMiddleware(app), headers=header)
    assert [bool(report.trigger) for report in signing.scopes] == [True, False]
    assert signing.counts == {"web.debug_header_refused": 1}


@pytest.mark.parametrize(
    "value", ["", "1", "9999999999", f"9999999999.{'0' * 64}", sign("another key of 32 letters", 9999999999)]
)
def test_unsigned_headers_have_no_effect_and_are_counted(signing: Bench, value: str) -> None:
    get(AsgiMiddleware(app), headers={"X-E11y-Debug": value})
    assert signing.names == ["request.completed"]
    assert signing.counts == {"web.debug_header_refused": 1}


def test_without_a_key_no_header_has_an_effect(bench: Bench) -> None:
    get(AsgiMiddleware(app), headers={"X-E11y-Debug": sign("", now_s(bench) + 60)})
    assert bench.names == ["request.completed"]
    assert bench.counts == {}


def test_the_header_may_have_another_name(make_bench: MakeBench) -> None:
    bench = make_bench(debug_key=PASS, debug_header="X-Trail")
    get(AsgiMiddleware(app), headers={"X-Trail": sign(PASS, now_s(bench) + 60)})
    assert bench.scopes[0].trigger == "debug header"


@given(value=st.text(max_size=200) | st.from_regex(r"[0-9]{1,12}\.[0-9a-f]{64}", fullmatch=True))
def test_nothing_but_a_signature_is_valid(value: str) -> None:
    assert not is_valid(PASS, value, 0)


@given(key=st.text(min_size=16), expires_s=st.integers(1, 10**12 - 1))
def test_what_was_signed_is_valid_until_it_expires(key: str, expires_s: int) -> None:
    value = sign(key, expires_s)
    assert is_valid(key, value, expires_s - 1)
    assert not is_valid(key, value, expires_s)
    assert not is_valid(key + "x", value, 0)
    assert not is_valid(key, f"{expires_s + 1}{value[len(str(expires_s)) :]}", 0)


def test_a_short_key_is_refused(make_bench: MakeBench) -> None:
    with pytest.raises(ConfigError) as caught:
        make_bench(debug_key="short")
    assert str(caught.value) == (
        "debug_key has fewer than 16 characters and could be guessed\n"
        "  where: [tool.e11y.web] debug_key\n"
        "  fix:   make one with  openssl rand -hex 32"
    )


def run(folder: Path, toml: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    (folder / "e11y.toml").write_text(toml, "utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("E11Y_", "PYTEST_"))}
    command = [sys.executable, "-W", "error", "-m", "e11y", "web", "debug-header", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environ, check=False)


def test_the_command_prints_a_header(tmp_path: Path) -> None:
    answer = run(tmp_path, f'plugins = ["web"]\n[web]\ndebug_key = "{PASS}"\n', "--for", "5m")
    found = re.fullmatch(r"X-E11y-Debug: ((\d+)\.[0-9a-f]{64})\n", answer.stdout)
    assert found is not None, answer.stderr
    expires_s = int(found[2])
    assert is_valid(PASS, found[1], expires_s - 1)
    assert PASS not in answer.stdout + answer.stderr


def test_the_command_needs_a_key(tmp_path: Path) -> None:
    answer = run(tmp_path, 'plugins = ["web"]\n')
    assert answer.returncode == 1
    assert answer.stderr == (
        "no key is set to sign the header with\n"
        "  where: [tool.e11y.web] debug_key\n"
        '  fix:   set  debug_key = "${E11Y_DEBUG_KEY}"  and the variable to what  openssl rand -hex 32  prints\n'
    )


def test_the_command_wants_a_duration(tmp_path: Path) -> None:
    answer = run(tmp_path, f'plugins = ["web"]\n[web]\ndebug_key = "{PASS}"\n', "--for", "soon")
    assert answer.returncode == 2
    assert "must be a number with one of" in answer.stderr
