"""Settings of an adapter of type ``loki``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import attrs

from e11y.units import duration

_PATH = re.compile(r"/[\w.~/-]*", re.ASCII)


def _is_path(_settings: object, attribute: attrs.Attribute[str], value: str) -> None:
    if not _PATH.fullmatch(value):
        raise ValueError(f"{attribute.name} must begin with '/' and be a path, without query")


@attrs.frozen(eq=False)
class LokiSettings:
    """Table ``[tool.e11y.adapters.<purpose>]`` with ``type = "loki"``.

    Args:
        url: Where the server is, for example ``https://loki.example.com``; a path in it stands before
            ``push_path`` and ``ready_path``.
        push_path: Where batches are posted.
        ready_path: What is asked whether the server is ready.
        labels: Further labels of every stream; constants of the process.
        structured_metadata: What stands beside each line, to be searched without reading it: ``trace_id``,
            ``span_id`` and names of context values. Empty for servers that take none.
        line: What a line holds: ``"body"`` leaves out what Loki has as time, as label or as the trace id beside it;
            ``"record"`` is all of the record, as every adapter writes it.
        tenant: Value of ``X-Scope-OrgID``; empty: the header is not sent.
        tenant_context: Name of the context value that is the tenant of an event; events without it belong to
            ``tenant``.
        username: For HTTP basic authentication, with ``password``.
        password: Belongs to ``username``.
        bearer_token: Sent as ``Authorization: Bearer ...``.
        headers: Sent with every request.
        ca_file: Certificates to trust instead of the system's, in PEM.
        client_cert: Certificate to show to the server, in PEM, with its chain.
        client_key: Its key, in PEM, when it is not in ``client_cert``.
        verify: Whether the server has to prove who it is.
        timeout_s: Longest wait for an answer.
        gzip: Whether bodies are compressed.
    """

    url: str
    push_path: str = attrs.field(default="/loki/api/v1/push", validator=_is_path)
    ready_path: str = attrs.field(default="/ready", validator=_is_path)
    labels: Mapping[str, str] = attrs.field(factory=dict)
    structured_metadata: tuple[str, ...] = ("trace_id",)
    line: Literal["body", "record"] = "body"
    tenant: str = ""
    tenant_context: str = ""
    username: str = ""
    password: str = attrs.field(default="", repr=False)
    bearer_token: str = attrs.field(default="", repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    ca_file: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    verify: bool = True
    timeout_s: float = duration("5s")
    gzip: bool = True
