"""What processes that live and die do to one folder of dead letters."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from e11y.testing import Answer, LoopbackServer
from e11y_dlq import DeadLetters, Unread
from e11y_dlq.segment import Segment

pytestmark = pytest.mark.timeout(240)  # some start ten processes, each of which takes seconds on a busy machine

APPLICATION = """
import os, sys, time
from decimal import Decimal
import attrs, e11y

@attrs.frozen(eq=False)
class PostSettings:
    url: str

class Post:
    capabilities = e11y.Capabilities()
    def __init__(self, settings, host):
        import urllib3
        self.url, self.pool = settings.url, urllib3.PoolManager(retries=False, timeout=60)
    def write_batch(self, records):
        import urllib3
        body = b"".join(record.encoded() + b"\\n" for record in records)
        try:
            status = self.pool.request("POST", self.url, body=body).status
        except urllib3.exceptions.HTTPError as error:
            raise e11y.Retryable(type(error).__name__) from None
        if status >= 500:
            raise e11y.Retryable(str(status))
        if status >= 400:
            raise e11y.Rejected(str(status))
    def healthy(self): return True
    def close(self): self.pool.clear()

class PostPlugin:
    @e11y.hookimpl
    def e11y_export(self):
        return e11y.AdapterType(name="post", settings=PostSettings, make=Post)

class Paid(e11y.Event, adapters=["logs", "others"]):
    order_id: int
    amount: Decimal

def configured(tool={}, **dlq):
    e11y.configure(
        tool,
        plugins=["dlq", PostPlugin], service="shop",
        adapters={
            "logs": {"type": "post", "url": os.environ["LOGS"], "give_up_after": "300ms",
                     "batch_records": int(os.environ.get("BATCH", 500)), "breaker_failures": 10_000},
            "others": {"type": "post", "url": os.environ["OTHERS"]},
        },
        dlq={"directory": "letters", **dlq},
    )
"""

POST = """
from application import configured
configured()
"""


@attrs.define
class Place:
    """An application in a folder of its own, and the servers that it sends to."""

    folder: Path
    logs: LoopbackServer
    others: LoopbackServer

    @property
    def letters(self) -> DeadLetters:
        return DeadLetters(self.folder / "letters")

    def spawn(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("E11Y_")}
        environ |= {"LOGS": self.logs.url, "OTHERS": self.others.url, "PYTHONPATH": str(self.folder), **variables}
        return subprocess.Popen(
            [sys.executable, *arguments], cwd=self.folder, env=environ, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str, status: int = 0) -> str:
        process = self.spawn(*arguments)
        out, errors = process.communicate(timeout=150)
        assert process.returncode == status, out + errors
        return out

    def python(self, script: str, **more: Any) -> str:
        return self.run("-c", "from application import *\n" + textwrap.dedent(script), **more)

    def dlq(self, *arguments: str, **more: Any) -> str:
        return self.run("-m", "e11y", "--app", "configured_app", "dlq", *arguments, **more)

    def outage(self, number: int) -> list[bytes]:
        """Track while ``logs`` is down; return the lines that it should have got."""
        self.logs.default = Answer(503)
        self.python(
            f"""
            configured()
            for n in range({number}):
                Paid.track(order_id=n, amount=Decimal("9.90"))
            assert not e11y.flush(60).undelivered
            ledger = e11y.ledger().check()
            assert ledger.lanes["logs"].dead_lettered == ledger.lanes["others"].delivered == {number}, ledger
            e11y.shutdown()
            """
        )
        self.logs.default = Answer(204)
        return sorted(lines(self.others))


def lines(server: LoopbackServer, *, since: int = 0) -> list[bytes]:
    """Return what a server was sent, from a number of requests on."""
    return [line for request in server.requests[since:] for line in request.body.splitlines()]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "application.py").write_text(APPLICATION)
    (tmp_path / "configured_app.py").write_text(POST)
    with LoopbackServer() as logs, LoopbackServer() as others:
        yield Place(tmp_path, logs, others)


def test_after_an_outage_a_replay_delivers_everything_unchanged(place: Place) -> None:
    expected = place.outage(3000)
    assert len(expected) == 3000
    assert place.letters.stats().by_reason == {"expired": 3000}
    failed, others = len(place.logs.requests), len(place.others.requests)
    out = place.dlq("replay", "--json")
    assert json.loads(out) == {
        "dry_run": False, "selected": 3000, "delivered": 3000, "failed": 0, "skipped": {}, "to": {"logs": 3000}, "again": {}
    }  # fmt: skip
    assert sorted(lines(place.logs, since=failed)) == expected
    assert len(place.others.requests) == others
    assert place.letters.stats().letters == 0
    assert list((place.folder / "letters").glob("*.jsonl")) == []


def test_a_replay_that_is_killed_again_and_again_loses_nothing(place: Place) -> None:
    expected = place.outage(2000)
    failed = len(place.logs.requests)
    place.logs.default = Answer(204, delay_s=0.1)
    kills = 0
    for wanted in (1, 4, 9):
        process = place.spawn("-m", "e11y", "--app", "configured_app", "dlq", "replay", BATCH="100")
        place.logs.wait_for_requests(failed + wanted, timeout_s=40)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=150)
        kills += 1
        assert place.letters.stats().letters > 0, "it was over before it was killed"
    place.logs.default = Answer(204)
    place.dlq("replay")
    delivered = Counter(lines(place.logs, since=failed))
    assert sorted(delivered) == expected
    assert place.letters.stats().letters == 0
    twice = delivered.total() - len(expected)
    assert twice <= kills * 500, "more than one chunk was sent twice"


def test_a_replay_that_is_interrupted_sends_nothing_twice(place: Place) -> None:
    expected = place.outage(2000)
    failed = len(place.logs.requests)
    place.logs.default = Answer(204, delay_s=0.1)
    process = place.spawn("-m", "e11y", "--app", "configured_app", "dlq", "replay", BATCH="100")
    place.logs.wait_for_requests(failed + 3, timeout_s=40)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=150)
    assert process.returncode == 1, errors
    assert errors == "\nAborted!\n"
    assert 0 < place.letters.stats().letters < 2000
    place.logs.default = Answer(204)
    place.dlq("replay")
    assert sorted(lines(place.logs, since=failed)) == expected


def test_a_replay_that_fails_again_keeps_everything_once(place: Place) -> None:
    place.outage(50)
    place.logs.default = Answer(503)
    assert "50 dead letters: 0 delivered, 50 failed again, 0 skipped" in place.dlq("replay", status=1)
    letters = list(place.letters)
    assert len({letter.span_id for letter in letters}) == len(letters) == 50
    assert {letter.failures for letter in letters} == {2}


def test_two_replays_at_once_deliver_once(place: Place) -> None:
    expected = place.outage(1000)
    failed = len(place.logs.requests)
    place.logs.default = Answer(204, delay_s=0.05)
    both = [place.spawn("-m", "e11y", "--app", "configured_app", "dlq", "replay") for _ in range(2)]
    ends = [(process.communicate(timeout=150), process.returncode) for process in both]
    assert sorted(lines(place.logs, since=failed)) == expected
    busy = [errors for (_, errors), status in ends if status]
    assert all(error.startswith("another replay or purge is under way\n") for error in busy)
    assert len(busy) <= 1


def test_an_application_goes_on_writing_while_a_replay_runs(place: Place) -> None:
    place.outage(500)
    first = len(place.logs.requests)
    place.logs.default = Answer(503)
    writing = place.spawn(
        "-c",
        "from application import *\nconfigured()\n"
        "for n in range(1000, 2000): Paid.track(order_id=n, amount=Decimal(1)); time.sleep(0.001)\n"
        "e11y.flush(60); e11y.shutdown()\n",
    )
    place.logs.wait_for_requests(first + 1, timeout_s=40)
    for _ in range(3):
        place.dlq("replay", status=1)
    out, errors = writing.communicate(timeout=150)
    assert writing.returncode == 0, out + errors
    place.logs.default = Answer(204)
    before = len(place.logs.requests)
    place.dlq("replay")
    numbers = sorted(json.loads(line)["payload"]["order_id"] for line in lines(place.logs, since=before))
    assert numbers == [*range(500), *range(1000, 2000)]


@pytest.mark.parametrize("fsync", ["always", "never"])
def test_a_writer_that_is_killed_damages_at_most_its_last_line(place: Place, fsync: str) -> None:
    script = f"""
    from e11y.testing import make_record
    configured(fsync={fsync!r}, segment_size="64KiB")
    plugin = [one.instance for one in e11y.start().plugins.plugins if one.name == "dlq"][0]
    n = 0
    while True:
        assert plugin.e11y_dead_letter(make_record(n, {{"text": "x" * (n % 3000)}}), "logs", "expired")
        n += 1
        sys.stdout.write(f"{{n}}\\n"); sys.stdout.flush()
    """
    for attempt in range(4):
        process = place.spawn("-c", "from application import *\n" + textwrap.dedent(script))
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(50 + 37 * attempt)]
        process.kill()
        told += process.stdout.readlines()
        process.communicate(timeout=150)
        safe = int(told[-1])
        unread = Unread()
        letters = list(place.letters.find(unread=unread))
        numbers = [int(letter.payload["mark"][9:14]) for letter in letters]
        assert numbers[:safe] == list(range(safe)), "a letter that was safe is gone"
        assert len(numbers) <= safe + 1
        assert unread.damaged <= 1
        assert place.letters.purge() == len(letters)
    assert list((place.folder / "letters").glob("*.jsonl")) == []


def test_a_torn_last_line_is_skipped_counted_and_the_next_process_goes_on(place: Place) -> None:
    place.outage(3)
    (file,) = (place.folder / "letters").glob("*.jsonl")
    file.write_bytes(file.read_bytes()[:-40])
    place.outage(2)
    stats = place.letters.stats()
    assert (stats.letters, stats.damaged, stats.segments) == (4, 1, 2)
    place.dlq("replay")
    assert list((place.folder / "letters").glob("*.jsonl")) == []


def test_processes_write_side_by_side(place: Place) -> None:
    script = """
    from e11y.testing import make_record
    configured(segment_size="16KiB")
    plugin = [one.instance for one in e11y.start().plugins.plugins if one.name == "dlq"][0]
    for n in range(500):
        assert plugin.e11y_dead_letter(make_record(int(sys.argv[1]) * 1000 + n), "logs", "expired")
    e11y.shutdown()
    """
    text = "from application import *\n" + textwrap.dedent(script)
    for process in [place.spawn("-c", text, str(n)) for n in range(4)]:
        out, errors = process.communicate(timeout=150)
        assert process.returncode == 0, out + errors
    unread = Unread()
    numbers = sorted(int(letter.payload["mark"][9:14]) for letter in place.letters.find(unread=unread))
    assert numbers == sorted(p * 1000 + n for p in range(4) for n in range(500))
    assert unread == Unread()


def test_a_forked_child_writes_to_a_segment_of_its_own(place: Place) -> None:
    out = place.python(
        """
        import warnings; warnings.simplefilter("ignore")
        from e11y.testing import make_record
        configured()
        plugin = [one.instance for one in e11y.start().plugins.plugins if one.name == "dlq"][0]
        plugin.e11y_dead_letter(make_record(1), "logs", "expired")
        child = os.fork()
        plugin.e11y_dead_letter(make_record(2 if child else 3), "logs", "expired")
        if not child:
            e11y.shutdown()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print(plugin.letters.stats().segments)
        """
    )
    assert out == "2\n"
    assert {int(letter.payload["mark"][9:14]) for letter in place.letters} == {1, 2, 3}


def test_an_idle_forked_child_does_not_keep_its_parents_segment_in_use(place: Place) -> None:
    out = place.python(
        """
        import warnings; warnings.simplefilter("ignore")
        from e11y.testing import make_record
        configured()
        plugin = [one.instance for one in e11y.start().plugins.plugins if one.name == "dlq"][0]
        plugin.e11y_dead_letter(make_record(1), "logs", "expired")
        reading, writing = os.pipe()
        ready, tell = os.pipe()
        child = os.fork()
        if not child:
            os.close(writing)
            os.write(tell, b"x")
            os.read(reading, 1)
            os._exit(0)
        os.read(ready, 1)
        (segment,) = plugin.letters.folder.segments()
        held = segment.is_in_use()
        e11y.shutdown()
        print(held, segment.is_in_use())
        os.write(writing, b"x")
        assert os.waitpid(child, 0)[1] == 0
        """
    )
    assert out == "True False\n"


def test_a_segment_is_in_use_as_long_as_its_writer_lives(place: Place) -> None:
    process = place.spawn(
        "-c",
        "from application import *\nfrom e11y.testing import make_record\nconfigured()\n"
        "plugin = [one.instance for one in e11y.start().plugins.plugins if one.name == 'dlq'][0]\n"
        "plugin.e11y_dead_letter(make_record(1), 'logs', 'expired')\nprint('written', flush=True)\ntime.sleep(200)\n",
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    (file,) = (place.folder / "letters").glob("*.jsonl")
    assert Segment(file).is_in_use()
    assert place.letters.purge() == 1
    assert file.exists()
    process.kill()
    process.communicate(timeout=150)
    deadline = time.monotonic() + 30
    while Segment(file).is_in_use() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert place.letters.purge() == 0
    assert not file.exists()


def test_the_exit_keeps_what_could_not_be_sent(place: Place) -> None:
    place.logs.default = Answer(hang=True)
    place.python(
        """
        configured(tool={"shutdown_timeout": "5s"})
        for n in range(20):
            Paid.track(order_id=n, amount=Decimal(1))
        e11y.flush(2)  # the lane has its thread; where none can start, the adapter's own time-out has to be short
        """
    )
    assert place.letters.stats().by_reason == {"deadline": 20}
