"""Calls a WSGI application as a server does, and checks it against PEP 3333 on the way."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import attrs


@attrs.define
class Answer:
    status: int | None = None
    headers: dict[str, str] = attrs.field(factory=dict)
    body: bytes = b""
    error: BaseException | None = None


def environ_of(path: str, method: str, headers: Mapping[str, str] | None) -> dict[str, Any]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "page=2",
        "REMOTE_ADDR": "10.0.0.7",
        "wsgi.input": io.BytesIO(),
    }
    setup_testing_defaults(environ)
    for name, value in (headers or {}).items():
        environ["HTTP_" + name.upper().replace("-", "_")] = value
    return environ


def call(
    app: Any,
    path: str = "/",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    *,
    reads: int | None = None,
    strict: bool = True,
    more: Mapping[str, Any] | None = None,
) -> Answer:
    """Serve one request; the client leaves after ``reads`` chunks."""
    answer = Answer()

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        answer.status, answer.headers = int(status[:3]), dict(headers)
        return lambda data: None

    environ = {**environ_of(path, method, headers), **(more or {})}
    body: Iterable[bytes] = ()
    try:
        body = (validator(app) if strict else app)(environ, start_response)
        chunks = iter(body)
        while reads is None or reads > 0:
            try:
                answer.body += next(chunks)
            except StopIteration:
                break
            reads = None if reads is None else reads - 1
    except Exception as error:  # noqa: BLE001 - as a server does
        answer.error = error
    finally:
        try:
            if hasattr(body, "close"):
                body.close()
        except Exception as error:  # noqa: BLE001
            answer.error = error
    return answer
