"""logrotate takes the file away while an application writes to it: no line is lost, none comes twice."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import e11y

ROTATIONS = 15


class LineRotated(e11y.Event, severity="info"):
    number: int


def program(name: str) -> str:
    found = shutil.which(name, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    assert found, f"{name} is missing; install it with .ci/servers"
    return found


@contextmanager
def tracking(path: Path, **table: Any) -> Iterator[list[int]]:
    """Track events without a pause; the list holds how many there were, at the end."""
    e11y.configure(
        {
            "plugins": ["file"],
            "adapters": {
                "logs": {"type": "file", "path": str(path), "rotate": "never", "batch_interval": "1ms", **table}
            },
            "routes": {"default": ["logs"]},
        }
    )
    e11y.start()
    over, count = threading.Event(), [0]

    def work() -> None:
        while not over.wait(0.0005):
            for _ in range(20):
                assert LineRotated.track(number=count[0])
                count[0] += 1

    worker = threading.Thread(target=work)
    worker.start()
    try:
        yield count
    finally:
        over.set()
        worker.join()
        assert e11y.flush(20).undelivered == {}
        assert e11y.ledger().check().lanes["logs"].delivered == count[0]
        e11y.shutdown(5)


def rotate(path: Path, directives: str, *, under_lock: bool) -> None:
    config, state = path.parent / "logrotate.conf", path.parent / "logrotate.state"
    config.write_text(f'"{path}" {{\n  size 1\n  rotate 1000\n  missingok\n  {directives}\n}}\n', "utf-8")
    config.chmod(0o644)
    command = [program("logrotate"), "--force", "--state", str(state), str(config)]
    if under_lock:
        command = [program("flock"), str(path), *command]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


def numbers(path: Path) -> list[int]:
    found: list[int] = []
    for file in path.parent.glob(f"{path.name}*"):
        content = file.read_bytes()
        lines = gzip.decompress(content) if file.suffix == ".gz" else content
        found += [json.loads(line)["payload"]["number"] for line in lines.split(b"\n")[:-1]]
    return found


@pytest.mark.parametrize(
    ("directives", "under_lock"),
    [
        ("nocreate\n  compress\n  delaycompress", False),
        ("nocreate\n  compress", True),
        ("create 0640\n  compress", True),
        ("copytruncate\n  compress", True),
    ],
    ids=["nocreate and delaycompress", "nocreate, locked", "create, locked", "copytruncate, locked"],
)
def test_no_line_is_lost_while_logrotate_rotates(tmp_path: Path, directives: str, under_lock: bool) -> None:
    path = tmp_path / "events.jsonl"
    with tracking(path) as count:
        pause = threading.Event()
        for _ in range(ROTATIONS):
            before = count[0]
            while count[0] < before + 200 or not path.exists():
                pause.wait(0.002)
            rotate(path, directives, under_lock=under_lock)
    assert sorted(numbers(path)) == list(range(count[0]))
    assert len(list(tmp_path.glob("events.jsonl.*"))) == ROTATIONS
