"""A real nginx on loopback, with one path for each way in which a destination answers."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

from e11y.testing import free_port

CONFIG = """
daemon off;
pid "{folder}/nginx.pid";
error_log "{folder}/error.log" warn;
worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_buffer_size 8m;
  client_body_temp_path "{folder}/body";
  proxy_temp_path "{folder}/proxy";
  fastcgi_temp_path "{folder}/fastcgi";
  uwsgi_temp_path "{folder}/uwsgi";
  scgi_temp_path "{folder}/scgi";
  log_format received escape=json '{{"status":"$status","body":"$request_body"}}';
  limit_req_zone $binary_remote_addr zone=all:64k rate=5r/s;
  limit_req_status 429;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      client_max_body_size 8m;
      access_log "{folder}/received.log" received;
      proxy_pass http://127.0.0.1:{port}/sink/;
    }}
    location /limited {{
      limit_req zone=all;
      access_log "{folder}/received.log" received;
      proxy_pass http://127.0.0.1:{port}/sink/;
    }}
    location /small {{
      client_max_body_size 2k;
      access_log "{folder}/received.log" received;
      proxy_pass http://127.0.0.1:{port}/sink/;
    }}
    location /sink/ {{ client_max_body_size 8m; return 204; }}
  }}
}}
"""


class Nginx:
    """One nginx process; ``start`` and ``stop`` may alternate, the port stays the same.

    Attributes:
        url: Accepts everything. ``url + "limited"`` answers 429 above five requests a second,
            ``url + "small"`` answers 413 above two KiB.
    """

    def __init__(self, folder: Path) -> None:
        binary = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
        if binary is None:
            pytest.fail("this test needs nginx; install it with: bash .ci/servers, or: apt-get install nginx-light")
        self.binary: str = binary
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.process: subprocess.Popen[bytes] | None = None
        (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, port=self.port), "utf-8")

    def start(self) -> None:
        """Start and wait until the port answers."""
        command = [self.binary, "-p", str(self.folder), "-e", str(self.folder / "error.log")]
        self.process = subprocess.Popen([*command, "-c", str(self.folder / "nginx.conf")])
        deadline = time.monotonic() + 30
        while not self._answers():
            assert self.process.poll() is None, (self.folder / "error.log").read_text("utf-8")
            assert time.monotonic() < deadline, "nginx does not answer"
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop at once; connections are cut."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def lines(self) -> list[str]:
        """Return every line of every body that was accepted, in order."""
        accepted = [request["body"] for request in self._requests() if request["status"].startswith("2")]
        return [line for body in accepted for line in body.split("\n") if line]

    def answers(self) -> set[str]:
        """Return the statuses that were given."""
        return {request["status"] for request in self._requests()}

    def _requests(self) -> list[dict[str, str]]:
        log = self.folder / "received.log"
        # Not splitlines(): it also splits at U+2028, which JSON lets stand inside a line. The last line may be half one.
        return [json.loads(line) for line in log.read_bytes().split(b"\n")[:-1]] if log.exists() else []

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True
