"""Whoever uses one framework, or none, imports no other: not when importing, and not while a request is served."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import e11y_web

FOREIGN = ("aiohttp", "asgiref", "django", "fastapi", "flask", "httpx", "requests", "starlette", "urllib3", "werkzeug")
ALLOWED = {
    "aiohttp": {"aiohttp"},
    "django": {"asgiref", "django"},
    "flask": {"asgiref", "flask", "werkzeug"},  # Flask and Werkzeug import asgiref where it is installed
    "httpx": {"httpx"},
    "requests": {"requests", "urllib3"},
    "starlette": {"starlette"},
    "urllib3": {"urllib3"},
}
"""Module of e11y_web that is named like what it is for -> what comes with that."""

MODULES = sorted(file.stem for file in Path(e11y_web.__file__).parent.glob("[!_]*.py"))

SERVED = """
import asyncio
import e11y
from e11y.adapters import NullAdapter
from e11y_web import AsgiMiddleware, WsgiMiddleware

async def asgi(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})

async def receive(): return {"type": "http.request"}
async def send(message): pass

def wsgi(environ, start_response):
    start_response("200 OK", [])
    return [b""]

with e11y.Runtime({"plugins": ["web"]}, adapters={"logs": NullAdapter()}, environ={}, event_types=()) as runtime:
    asyncio.run(AsgiMiddleware(asgi)({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send))
    WsgiMiddleware(wsgi)({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda *_: None)
    assert runtime.ledger.check().tracked == 2
"""


def brought(code: str) -> set[str]:
    """Return what of ``FOREIGN`` an interpreter has imported after ``code``."""
    asked = f"{code}\nimport json, sys\nprint(json.dumps([name for name in {FOREIGN} if name in sys.modules]))"
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False, timeout=30)
    assert answer.returncode == 0, answer.stderr
    return set(json.loads(answer.stdout.splitlines()[-1]))


def test_every_framework_and_client_is_installed_so_that_it_could_be_imported() -> None:
    assert [name for name in FOREIGN if find_spec(name) is None] == []


def test_every_module_for_a_framework_is_one() -> None:
    assert set(ALLOWED) <= set(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_no_framework_but_its_own(name: str) -> None:
    assert brought(f"import e11y_web.{name}") <= ALLOWED.get(name, set())


def test_no_framework_is_imported_while_requests_are_served() -> None:
    assert brought(SERVED) == set()
