"""Pushes over TLS: who proves what to whom."""

from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer
from typing import Any

import pytest
import trustme

from e11y import Retryable
from e11y.testing import StandaloneHost, make_record
from e11y_loki import LokiAdapter, LokiSettings


class Accepting(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class Quiet(TCPServer):  # not HTTPServer, which asks the resolver for a name
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Handshakes that fail are what is tested."""


class Site:
    """A server with a certificate of its own authority, and the files that clients need."""

    def __init__(self, folder: Path, *, asks_for_proof: bool) -> None:
        authority, other = trustme.CA(), trustme.CA()
        self.ca_file, self.other_ca_file = folder / "ca.pem", folder / "other.pem"
        self.client_cert, self.client_key = folder / "client.pem", folder / "client.key"
        authority.cert_pem.write_to_path(str(self.ca_file))
        other.cert_pem.write_to_path(str(self.other_ca_file))
        client = authority.issue_cert("client@example.com")
        client.cert_chain_pems[0].write_to_path(str(self.client_cert))
        client.private_key_pem.write_to_path(str(self.client_key))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED if asks_for_proof else ssl.CERT_NONE
        self.server = Quiet(("127.0.0.1", 0), Accepting)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def push(self, **settings: Any) -> None:
        adapter = LokiAdapter(LokiSettings(url=self.url, timeout_s=20.0, **settings), StandaloneHost())
        try:
            adapter.write_batch([make_record()])
        finally:
            adapter.close()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, asks_for_proof=getattr(request, "param", False))
    yield site
    site.stop()


def test_a_server_that_proves_who_it_is_is_trusted(site: Site) -> None:
    site.push(ca_file=site.ca_file)


def test_a_stranger_is_not_trusted(site: Site) -> None:
    with pytest.raises(Retryable, match="^SSLError$"):
        site.push()
    with pytest.raises(Retryable, match="^SSLError$"):
        site.push(ca_file=site.other_ca_file)


def test_without_the_check_anybody_is_trusted_and_the_log_says_so(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    site.push(verify=False)
    assert caplog.messages == ["verify = false: anybody between here and 127.0.0.1 can read and change what is sent"]


@pytest.mark.parametrize("site", [True], indirect=True)
def test_a_server_may_ask_who_we_are(site: Site) -> None:
    site.push(ca_file=site.ca_file, client_cert=site.client_cert, client_key=site.client_key)
    with pytest.raises(Retryable):
        site.push(ca_file=site.ca_file)
