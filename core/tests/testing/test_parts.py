"""The smaller parts of the kit: clock, host, watch, samples."""

import collections.abc
import gc
import socket
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, Optional
from uuid import UUID

import attrs
import pytest

import e11y.testing
from e11y.encode import encode
from e11y.host import Host
from e11y.testing.deadline import call_within
from e11y.testing.frozen_clock import FrozenClock
from e11y.testing.io_watch import IoWatch
from e11y.testing.samples import CANARY, HARD_PAYLOADS, make_record, value_of
from e11y.testing.standalone_host import StandaloneHost


def test_a_frozen_clock_moves_only_when_told() -> None:
    clock = FrozenClock(datetime(2026, 1, 31, 12, 0, 0, 250_000, tzinfo=UTC))
    start = clock.time_ns()
    assert start == 1_769_860_800_250_000_000
    assert clock.time_ns() - start == 1
    assert clock.monotonic() == clock.monotonic() == 0.0
    clock.advance(1.5)
    assert clock.time_ns() - start == 1_500_000_002
    assert clock.monotonic() == 1.5
    with pytest.raises(ValueError, match=r"^a clock cannot be moved back; make a new one with start=\.\.\.$"):
        clock.advance(-1)


@pytest.mark.parametrize("microsecond", [0, 499_999, 500_001, 999_999])
@pytest.mark.parametrize("second", [-1, 1_769_860_800])
def test_a_frozen_clock_starts_where_it_is_told(second: int, microsecond: int) -> None:
    start = datetime.fromtimestamp(second, UTC).replace(microsecond=microsecond)
    assert FrozenClock(start).time_ns() == second * 10**9 + microsecond * 1_000


def test_a_standalone_host_writes_down_what_it_is_told() -> None:
    host: Host = StandaloneHost(service="shop")
    host.count("seen")
    host.count("seen", 2)
    error = ValueError()
    host.fault("sending", error)
    receipt = host.submit([make_record(1)], "logs")
    host.every(1.0, host.schemas)
    assert isinstance(host, StandaloneHost)
    assert host.counts == {"seen": 3}
    assert host.faults == [("sending", error)]
    assert [(name, record.payload["mark"]) for name, record in host.submitted] == [("logs", "kit-mark-00001-end")]
    assert [record.payload["mark"] for record in receipt.delivered] == ["kit-mark-00001-end"]
    assert (receipt.taken, receipt.outstanding, receipt.failed) == (1, 0, ())
    assert host.jobs == [(1.0, host.schemas)]
    assert (host.service, host.environment) == ("shop", "test")
    assert (list(host.schemas()), dict(host.adapters())) == ([], {})
    host.known_ledger.tracked.add()
    assert host.ledger().tracked == 1


def test_a_call_that_is_late_is_left_behind() -> None:
    assert call_within(5, divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        call_within(5, divmod, 1, 0)
    with pytest.raises(AssertionError, match=r"^not done within 0\.01 s$"):
        call_within(0.01, threading.Event().wait, 5)


def test_the_watch_notices_files_sockets_processes_and_threads(tmp_path: Path) -> None:
    with IoWatch() as watch:
        (tmp_path / "folder").mkdir()
        with (tmp_path / "file").open("w"):
            pass
        with socket.socket() as one, pytest.raises(ConnectionRefusedError):
            one.connect(("127.0.0.1", 1))
        sqlite3.connect(":memory:").close()
        subprocess.run([sys.executable, "-c", ""], check=True)
        threading.Thread(target=int).start()
    seen = set(watch.seen)
    assert {"mkdir", "open", "socket.connect", "connect"} <= seen
    assert {"fork_exec", "posix_spawn"} & seen
    assert {"start_new_thread", "start_joinable_thread"} & seen


def test_the_watch_leaves_everything_else_alone() -> None:
    before = sys.getprofile()
    with IoWatch() as watch:
        sorted([3, 1, 2])
        assert not gc.isenabled()  # what somebody else left behind may close files
    assert watch.seen == []
    assert sys.getprofile() is before
    assert gc.isenabled()


def test_every_hard_payload_can_be_written() -> None:
    for payload in HARD_PAYLOADS.values():
        assert encode(payload)


class Colour(Enum):
    RED = "red"


@attrs.frozen
class Address:
    street: str
    number: int
    tags: "list[str]"


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (str, CANARY),
        (int, 4_111_111_111_111_111),
        (float, 12.5),
        (bool, True),
        (bytes, CANARY.encode()),
        (Decimal, Decimal("9.99")),
        (datetime, datetime(2026, 1, 31, 12, tzinfo=UTC)),
        (date, date(2026, 1, 31)),
        (time, time(12, 0)),
        (timedelta, timedelta(seconds=90)),
        (UUID, UUID(int=0x1234)),
        (None.__class__, None),
        (Literal["a", "b"], "a"),
        (Optional[str], CANARY),  # noqa: UP045
        (int | None, 4_111_111_111_111_111),
        (Annotated[str, "marker"], CANARY),
        (Colour, Colour.RED),
        (list[str], [CANARY]),
        (list, [CANARY]),
        (set[int], {4_111_111_111_111_111}),
        (frozenset[str], frozenset({CANARY})),
        (tuple[str, int], (CANARY, 4_111_111_111_111_111)),
        (tuple[str, ...], (CANARY,)),
        (collections.abc.Sequence[str], [CANARY]),
        (dict[str, int], {CANARY: 4_111_111_111_111_111}),
        (collections.abc.Mapping[str, list[str]], {CANARY: [CANARY]}),
        (dict, {CANARY: CANARY}),
        (Address, Address(CANARY, 4_111_111_111_111_111, [CANARY])),
        (Any, CANARY),
        (object, CANARY),
    ],
)
def test_a_value_fits_its_type(annotation: Any, value: Any) -> None:
    assert value_of(annotation) == value


def test_the_package_offers_every_name_and_nothing_else() -> None:
    assert {getattr(e11y.testing, name).__name__ for name in e11y.testing.__all__} == set(e11y.testing.__all__)
    with pytest.raises(AttributeError, match=r"^module 'e11y\.testing' has no attribute 'Adaptercontract'$"):
        _ = e11y.testing.Adaptercontract


def test_importing_the_package_does_not_import_pytest() -> None:
    code = "import sys, e11y.testing; print('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.strip() == b"False"
