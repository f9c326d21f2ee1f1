"""What an application's dead letters are: kept at once, readable, bounded, without what must not be in them."""

from __future__ import annotations

import errno
import json
import logging
import os
import re
import stat
import threading
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

import e11y
from e11y import (
    AuditEvent,
    Drop,
    Event,
    Filter,
    Outcome,
    Partial,
    Record,
    Rejected,
    Retryable,
    Sample,
    Schema,
    Severity,
    hookimpl,
)
from e11y.testing import FrozenClock, StandaloneHost, make_record
from e11y_dlq import DeadLetters, DlqPlugin, DlqSettings, Selection, Unread


class DlqOrderPaid(Event, severity="success"):
    order_id: str
    amount: Decimal = Decimal("1.50")


class DlqSeen(Event):
    page: str


class DlqCardRead(Event, severity="debug"):
    brand: str


class DlqOrderFailed(Event, severity="error"):
    order_id: str


@pytest.mark.parametrize("name", ["max_age_s", "segment_age_s", "upload_timeout_s"])
def test_a_time_of_no_length_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"^'{name}' must be > 0: 0.0$"):
        DlqSettings(**{name: 0.0})


def test_a_record_that_was_refused_is_kept_and_counted(bench: Any) -> None:
    DlqOrderPaid.track(order_id="1")
    counts = bench.flush()
    assert counts == {"kept": 1}
    (letter,) = bench.letters
    assert (letter.adapter, letter.reason, letter.word) == ("logs", "rejected: too old", "rejected")
    assert letter.event_type == f"{__name__}.DlqOrderPaid"
    assert letter.payload == {"order_id": "1", "amount": "1.50"}
    (delivered,) = bench.others.records
    assert (letter.time_ns, letter.span_id) == (delivered.time_ns, delivered.span_id)
    assert bench.runtime.ledger.check().lanes["logs"].dead_lettered == 1
    assert json.loads(bench.files[0].read_bytes())["record"] == json.loads(delivered.encoded())


def test_of_a_batch_only_what_failed_is_kept(bench: Any) -> None:
    def answer(records: Sequence[Record]) -> Partial:
        bad = [index for index, record in enumerate(records) if record.payload["order_id"] == "1"]
        return Partial(dict.fromkeys(bad, Rejected("too old")))

    bench.logs.answer = answer
    for n in range(3):
        DlqOrderPaid.track(order_id=str(n))
    assert bench.flush() == {"kept": 1}
    assert bench.runtime.ledger.check().lanes["logs"].delivered == 2
    assert [letter.payload["order_id"] for letter in bench.letters] == ["1"]


def test_a_letter_is_in_the_file_before_it_counts_as_kept(bench: Any) -> None:
    assert bench.plugin.e11y_dead_letter(make_record(1), "logs", "expired")
    assert [letter.span_id for letter in bench.letters] == [make_record(1).span_id]


def test_nothing_is_made_before_the_first_letter(bench: Any) -> None:
    bench.logs.answer = None
    DlqOrderPaid.track(order_id="1")
    bench.flush()
    assert not bench.folder.exists()
    assert list(bench.letters) == []
    assert bench.letters.stats().letters == 0


def test_only_the_owner_may_read(bench: Any) -> None:
    before = os.umask(0)
    try:
        bench.plugin.e11y_dead_letter(make_record(1), "logs", "expired")
    finally:
        os.umask(before)
    modes = {path.name.partition(".")[2]: stat.S_IMODE(path.stat().st_mode) for path in bench.folder.iterdir()}
    assert bench.folder.stat().st_mode & 0o777 == 0o700  # setgid comes from the folder that it is in
    assert modes == {"gitignore": 0o600, "jsonl": 0o600}
    assert (bench.folder / ".gitignore").read_text() == "*\n"


def test_a_folder_that_was_there_before_ignores_itself_too(bench: Any) -> None:
    """A volume of a container is; so is what was made by hand, with the permissions it needs."""
    bench.folder.mkdir(mode=0o700)
    bench.plugin.e11y_dead_letter(make_record(1), "logs", "expired")
    assert (bench.folder / ".gitignore").read_text() == "*\n"
    (bench.folder / ".gitignore").write_text("*.jsonl\n")
    bench.plugin.e11y_dead_letter(make_record(2), "logs", "expired")
    with bench.letters.folder.held():
        assert (bench.folder / ".gitignore").read_text() == "*.jsonl\n"


def test_many_threads_write_whole_lines(bench: Any) -> None:
    def write(first: int) -> None:
        for n in range(first, first + 50):
            assert bench.plugin.e11y_dead_letter(make_record(n), "logs", "expired")

    threads = [threading.Thread(target=write, args=(50 * n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    unread = Unread()
    found = [letter.payload["mark"] for letter in bench.letters.find(unread=unread)]
    assert sorted(found) == [make_record(n).payload["mark"] for n in range(1000)]
    assert unread == Unread()


def test_an_invalid_event_leaves_names_types_and_reasons(bench: Any) -> None:
    assert DlqOrderPaid.track(order_id="secret", amount="secret") is Outcome.INVALID  # type: ignore[arg-type]
    assert bench.flush() == {"kept": 1}
    (letter,) = bench.letters
    assert (letter.adapter, letter.reason, letter.is_withheld) == ("", "invalid", True)
    assert letter.payload == {"problems": {"amount": "must be a Decimal, not a str"}}
    assert b"secret" not in bench.files[0].read_bytes()


def test_letters_hold_what_the_filters_left(make_bench: Any) -> None:
    class Masking:
        name = "pii"

        @hookimpl
        def e11y_filter(self, schema: Schema) -> Filter | None:
            if "page" not in schema.fields:
                return None
            return Filter({"page": lambda _: "masked"})

    bench = make_bench(plugins=[Masking()], tool={"trusted": ["pii"]}, capabilities={"originals": True})
    DlqSeen.track(page="a@example.com")
    bench.flush()
    (letter,) = bench.letters
    assert letter.payload == {"page": "masked"}
    assert letter.metadata["masked"] is True
    assert b"example.com" not in bench.files[0].read_bytes()
    bench.logs.answer = None
    assert bench.letters.replay(bench.runtime).delivered == 1
    assert bench.logs.records[0].payload == {"page": "masked"}


def test_the_trail_of_an_error_is_kept_with_it(make_bench: Any) -> None:
    bench = make_bench(capabilities={"wants_trail": True})
    with e11y.scope("POST /orders"):
        DlqCardRead.track(brand="visa")
        DlqSeen.track(page="/cart")
        DlqOrderFailed.track(order_id="1")
    assert bench.flush() == {"kept": 3}
    trail = [record.encoded() for record in bench.others.records if record.severity < Severity.ERROR]
    (letter,) = bench.letters.find(Selection(event=f"{__name__}.DlqOrderFailed"))
    assert {record.name for record in letter.trail} == {"dlq.card.read", "dlq.seen"}
    assert sorted(record.encoded() for record in letter.trail) == sorted(trail)
    bench.logs.answer = None
    bench.letters.replay(bench.runtime)
    (failed,) = [record for record in bench.logs.records if record.severity is Severity.ERROR]
    assert sorted(record.encoded() for record in failed.trail) == sorted(trail)


def test_segments_are_finished_by_size_and_all_of_them_are_read(make_bench: Any) -> None:
    bench = make_bench(segment_size="2KiB")
    for n in range(10):
        bench.plugin.e11y_dead_letter(make_record(n), "logs", "expired")
    assert len(bench.files) == 5
    assert all(path.stat().st_size <= 2048 for path in bench.files)
    assert len(list(bench.letters)) == 10


def test_a_letter_larger_than_a_segment_gets_one_of_its_own(make_bench: Any) -> None:
    bench = make_bench(segment_size="1KiB")
    for n in range(3):
        bench.plugin.e11y_dead_letter(make_record(n, {"text": "x" * 5000}), "logs", "expired")
    assert len(bench.files) == 3
    assert len(list(bench.letters)) == 3


def test_segments_are_finished_by_age(make_bench: Any) -> None:
    clock = FrozenClock()
    bench = make_bench(clock=clock, segment_age="10m")
    bench.plugin.e11y_dead_letter(make_record(1), "logs", "expired")
    clock.advance(599)
    bench.plugin.e11y_dead_letter(make_record(2), "logs", "expired")
    assert len(bench.files) == 1
    clock.advance(1)
    bench.plugin.e11y_dead_letter(make_record(3), "logs", "expired")
    assert len(bench.files) == 2


def test_what_is_too_old_is_deleted_as_a_whole_segment(make_bench: Any) -> None:
    clock = FrozenClock()
    bench = make_bench(clock=clock, segment_age="1h", max_age="2d")
    for n in range(3):
        bench.plugin.e11y_dead_letter(make_record(n), "logs", "expired")
    clock.advance(3600)
    bench.plugin.e11y_dead_letter(make_record(3), "logs", "expired")
    days = 2 * 86_400
    assert bench.letters.tidy(clock.time_ns() + (days - 10) * 10**9, days, 3600) == 0
    assert bench.letters.tidy(clock.time_ns() + (days + 10) * 10**9, days, 3600) == 3
    assert [letter.payload["mark"] for letter in bench.letters] == [make_record(3).payload["mark"]]


def test_old_letters_go_while_the_application_runs(make_bench: Any, tmp_path: Path) -> None:
    old = tmp_path / "letters" / "20200101T000000-1-0001-000000.jsonl"
    old.parent.mkdir()
    old.write_bytes(b"")
    bench = make_bench()
    bench.logs.answer = None
    DlqSeen.track(page="/")
    deadline = threading.Event()
    for _ in range(1500):
        if not old.exists():
            break
        deadline.wait(0.02)
    assert not old.exists()


def test_when_the_room_is_full_the_newest_are_refused_the_least_important_first(make_bench: Any) -> None:
    class DlqWanted(Event, severity="debug", dead_letter=True):
        """A type that says it matters."""

    bench = make_bench(max_size="20KiB", segment_size="4KiB")
    kinds: dict[str, Any] = {
        "withheld": {"severity": Severity.ERROR, "metadata": {"withheld": True}},
        "ordinary": {"severity": Severity.WARN, "metadata": {}},
        "wanted": {"severity": Severity.DEBUG, "metadata": {}, "event_type": f"{__name__}.{DlqWanted.__qualname__}"},
        "audit": {"severity": Severity.INFO, "metadata": {"audit": True}},
        "error": {"severity": Severity.ERROR, "metadata": {}},
    }
    refused: dict[str, int] = {}
    for n in range(60):
        for kind, given in kinds.items():
            record = make_record(n, {"kind": kind}, **given)
            if not bench.plugin.e11y_dead_letter(record, "logs", "expired"):
                refused.setdefault(kind, sum(path.stat().st_size for path in bench.files))
    assert refused["withheld"] == pytest.approx(10 * 1024, abs=700)
    assert refused["ordinary"] == pytest.approx(16 * 1024, abs=700)
    for kind in ("wanted", "audit", "error"):
        assert refused[kind] == pytest.approx(20 * 1024, abs=700)
    assert sum(path.stat().st_size for path in bench.files) <= 20 * 1024
    kept = [letter.payload["mark"] for letter in bench.letters if letter.payload["kind"] == "error"]
    assert kept == [make_record(n).payload["mark"] for n in range(len(kept))]
    assert bench.flush()["refused_full"] == 300 - bench.letters.stats().letters


def test_a_full_room_is_reported_and_the_ledger_says_given_up(make_bench: Any, caplog: Any) -> None:
    bench = make_bench(max_size="1B")
    DlqSeen.track(page="/")
    assert bench.flush() == {"refused_full": 1}
    assert bench.runtime.ledger.check().lanes["logs"].given_up == {"rejected": 1}
    bench.runtime.shutdown()
    assert "dlq: making room for a dead letter failed: DeadLettersFull (1 times)" in caplog.messages


def test_room_that_others_fill_counts_after_some_seconds(make_bench: Any) -> None:
    clock = FrozenClock()
    bench = make_bench(clock=clock, max_size="10KiB")
    assert bench.plugin.e11y_dead_letter(make_record(1), "logs", "expired")
    (bench.folder / "20260131T120000-1-0001-000000.jsonl").write_bytes(b"x" * 10_000)
    assert bench.plugin.e11y_dead_letter(make_record(2), "logs", "expired")
    clock.advance(5)
    assert not bench.plugin.e11y_dead_letter(make_record(3), "logs", "expired")


def test_a_folder_that_cannot_be_made_costs_nothing_but_the_letters(
    make_bench: Any, tmp_path: Path, caplog: Any
) -> None:
    (tmp_path / "letters").write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING, "e11y"):
        bench = make_bench()
    assert caplog.messages == [f"dead letters cannot be kept: {tmp_path / 'letters'} is not writable"]
    assert DlqSeen.track(page="/") is Outcome.ACCEPTED
    assert bench.flush() == {"unwritable": 1}
    assert bench.runtime.ledger.check().lanes["logs"].given_up == {"rejected": 1}
    bench.runtime.shutdown()
    assert "dlq: writing a dead letter (ENOTDIR) failed: NotADirectoryError (1 times)" in caplog.messages


@pytest.mark.parametrize("mode", [0o700, 0o710, 0o755, 0o1777])
def test_a_folder_that_is_open_to_others_is_told_once(make_bench: Any, tmp_path: Path, caplog: Any, mode: int) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    folder.chmod(mode)
    bench = make_bench()
    for n in range(2):
        bench.plugin.e11y_dead_letter(make_record(n), "logs", "expired")
    told = f"dead letters are in a folder open to others: {folder} has mode {mode:04o}"
    assert caplog.messages == ([] if mode == 0o700 else [told])


def test_a_full_disk_leaves_no_half_letter(tmp_path: Path) -> None:
    """/dev/full refuses every byte; a file-size limit lets some of them through."""
    import resource
    import signal

    host = StandaloneHost()
    plugin = DlqPlugin(DlqSettings(directory=str(tmp_path / "letters")), host)
    assert plugin.e11y_dead_letter(make_record(1), "logs", "expired")
    size = sum(path.stat().st_size for path in (tmp_path / "letters").glob("*.jsonl"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100, hard))
    try:
        assert not plugin.e11y_dead_letter(make_record(2), "logs", "expired")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert plugin.e11y_dead_letter(make_record(3), "logs", "expired")
    unread = Unread()
    letters = list(DeadLetters(tmp_path / "letters").find(unread=unread))
    assert [letter.payload["mark"] for letter in letters] == [make_record(n).payload["mark"] for n in (1, 3)]
    assert unread == Unread()
    ((operation, error),) = host.faults
    assert operation == "writing a dead letter (EFBIG)"
    assert isinstance(error, OSError)
    assert error.errno == errno.EFBIG


def test_damaged_lines_are_skipped_and_counted(bench: Any) -> None:
    for n in range(3):
        bench.plugin.e11y_dead_letter(make_record(n), "logs", "expired")
    bench.plugin.e11y_stopped()
    (file,) = bench.files
    first, second, third = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(
        first + second[:100] + b"\n" + b"\xff\xfe\n" + third.replace(b'"format":1', b'"format":9') + third[:50]
    )
    unread = Unread()
    assert [letter.payload["mark"] for letter in bench.letters.find(unread=unread)] == [make_record(0).payload["mark"]]
    assert unread == Unread(damaged=3, foreign=1)
    assert bench.letters.purge() == 1
    assert file.exists()  # somebody else's letter is in it
    stats = bench.letters.stats()
    assert (stats.letters, stats.damaged, stats.foreign) == (0, 3, 1)


def test_a_line_that_its_writer_is_about_to_finish_is_not_damaged(bench: Any) -> None:
    bench.plugin.e11y_dead_letter(make_record(1), "logs", "expired")
    with bench.files[0].open("ab") as file:
        file.write(b'{"format":1,')
    unread = Unread()
    assert len(list(bench.letters.find(unread=unread))) == 1
    assert unread == Unread()


@pytest.mark.parametrize(("fsync", "first", "expected"), [("always", 2, 3), ("second", 2, 1), ("never", 0, 0)])
def test_fsync_is_as_often_as_it_was_asked_for(
    make_bench: Any, monkeypatch: Any, fsync: str, first: int, expected: int
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    clock = FrozenClock()
    bench = make_bench(clock=clock, fsync=fsync)
    bench.plugin.e11y_dead_letter(make_record(0), "logs", "expired")
    assert len(synced) == first  # the name of the segment, and the letter
    synced.clear()
    clock.advance(0.5)
    bench.plugin.e11y_dead_letter(make_record(1), "logs", "expired")
    bench.plugin.e11y_dead_letter(make_record(2), "logs", "expired")
    clock.advance(0.5)
    bench.plugin.e11y_dead_letter(make_record(3), "logs", "expired")
    assert len(synced) == expected


def test_purged_letters_are_gone_from_the_disk(bench: Any) -> None:
    for n in range(3):
        bench.plugin.e11y_dead_letter(make_record(n, {"email": f"customer-{n}"}), "logs", "expired")
    assert bench.letters.purge(Selection(since_ns=make_record(1).time_ns, until_ns=make_record(2).time_ns)) == 1
    assert re.findall(rb"customer-\d", bench.files[0].read_bytes()) == [b"customer-0", b"customer-2"]
    assert bench.plugin.e11y_dead_letter(make_record(3), "logs", "expired")  # the writer goes on
    assert bench.letters.purge() == 3
    assert bench.letters.purge() == 0
    bench.plugin.e11y_stopped()
    assert bench.files == []


def test_find_and_get_by_what_is_known(bench: Any) -> None:
    kinds = [("logs", "rejected: 400 too old"), ("logs", "rejected: 413"), ("audit", "expired"), ("", "invalid")]
    for n, (adapter, reason) in enumerate(kinds):
        bench.plugin.e11y_dead_letter(make_record(n), adapter, reason)

    def marks(**chosen: Any) -> list[str]:
        return [letter.payload["mark"][-7:-4] for letter in bench.letters.find(Selection(**chosen))]

    assert marks(adapter="logs") == ["000", "001"]
    assert marks(adapter="") == ["003"]
    assert marks(reason="rejected") == ["000", "001"]
    assert marks(reason="rejected: 4?? *") == ["000"]
    assert (
        marks(event="kit.*")
        == marks(event="kit.sample")
        == marks(event="kit.events.Sample")
        == ["000", "001", "002", "003"]
    )
    assert marks(event="kit") == []
    assert marks(since_ns=make_record(1).time_ns, until_ns=make_record(3).time_ns) == ["001", "002"]
    third = list(bench.letters)[2]
    assert bench.letters.get(third.id) == third
    assert bench.letters.get("no-such:1") is None
    assert bench.letters.get(third.id + "9") is None


LIMITED = Drop("rate limited", dead_letter=True, outcome="RATE_LIMITED")


class Limiting:
    """Drops every event of this module."""

    @hookimpl
    def e11y_sample(self, schema: Schema) -> Sample | None:
        return Sample(lambda: LIMITED) if schema.event_type.__module__ == __name__ else None


class DlqFailed(Event, severity="error"):
    page: str


class DlqPrecious(Event, severity="info", dead_letter=True):
    page: str


class DlqHealthFailed(Event, severity="error", dead_letter=False):
    page: str


class DlqGranted(AuditEvent, adapters=["logs"], dead_letter=False):
    right: str


def names(bench: Any) -> list[str]:
    return [letter.name for letter in bench.letters]


def test_of_what_a_limit_drops_errors_and_the_trait_are_kept(make_bench: Any) -> None:
    bench = make_bench(plugins=[Limiting()])
    for event_type in (DlqSeen, DlqFailed, DlqPrecious, DlqHealthFailed):
        assert event_type.track(page="/") is Outcome.RATE_LIMITED
    counts = bench.flush()
    assert sorted(names(bench)) == ["dlq.failed", "dlq.precious"]
    assert counts == {"kept": 2, "refused_severity_rate_limited": 1, "refused_trait_rate_limited": 1}
    assert {letter.reason for letter in bench.letters} == {"rate limited"}
    snapshot = bench.runtime.ledger.check()
    assert (snapshot.letters_kept, snapshot.letters_lost) == (2, 2)


def test_of_what_an_adapter_gives_up_everything_is_kept_unless_the_type_says_never(bench: Any) -> None:
    for event_type in (DlqSeen, DlqFailed, DlqPrecious, DlqHealthFailed):
        event_type.track(page="/")
    DlqGranted.track(right="refund")
    counts = bench.flush()
    assert names(bench) == ["dlq.seen", "dlq.failed", "dlq.precious", "dlq.granted"]
    assert counts == {"kept": 4, "refused_trait_rejected": 1}


def test_severities_and_patterns_are_settings(make_bench: Any) -> None:
    bench = make_bench(
        severities=["error", "fatal"], ignore_events=["*.precious", "*.granted"], ignore_reasons=["invalid"]
    )
    for event_type in (DlqSeen, DlqFailed, DlqPrecious):
        event_type.track(page="/")
    DlqFailed.track()  # type: ignore[call-arg]
    DlqGranted.track(right="refund")
    assert bench.flush() == {
        "kept": 2,
        "refused_severity_rejected": 1,
        "refused_event_rejected": 1,
        "refused_reason_invalid": 1,
    }
    assert names(bench) == ["dlq.failed", "dlq.granted"]


def only_pages(record: Record, adapter: str, reason: str) -> bool:
    assert (adapter, reason) == ("logs", "rejected: too old")
    if record.payload["page"] == "/broken":
        raise RuntimeError("the predicate is broken")
    return bool(record.payload["page"] == "/kept")


def test_a_predicate_is_asked_last_and_its_failure_keeps(make_bench: Any, monkeypatch: Any, caplog: Any) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "dlq_predicates", sys.modules[__name__])
    bench = make_bench(predicate="dlq_predicates:only_pages")
    for page in ("/kept", "/refused", "/broken"):
        DlqSeen.track(page=page)
    DlqPrecious.track(page="/refused")
    assert bench.flush() == {"kept": 3, "refused_predicate_rejected": 1}
    assert [letter.payload["page"] for letter in bench.letters] == ["/kept", "/broken", "/refused"]
    bench.runtime.shutdown()
    assert "dlq: predicate failed: RuntimeError (1 times)" in caplog.messages


@pytest.mark.parametrize(
    ("path", "trouble"),
    [
        ("no_such_module:f", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("json:no_such", "AttributeError: module 'json' has no attribute 'no_such'"),
        ("json:__name__", "__name__ cannot be called"),
        ("", None),
    ],
)
def test_a_predicate_that_leads_nowhere_stops_the_start(make_bench: Any, path: str, trouble: str | None) -> None:
    from e11y import ConfigError

    if trouble is None:
        make_bench(predicate=path)
        return
    with pytest.raises(ConfigError) as caught:
        make_bench(predicate=path)
    assert str(caught.value) == (
        f"{path!r} leads to no function: {trouble}\n"
        "  where: [tool.e11y.dlq] predicate\n"
        "  fix:   write it as  package.module:function"
    )


def test_what_was_refused_can_be_logged(make_bench: Any, caplog: Any) -> None:
    bench = make_bench(severities=["error"], log_refused=True)
    for n in range(3):
        DlqSeen.track(page=f"/secret/{n}")
    bench.flush()
    with caplog.at_level(logging.INFO, "e11y"):
        bench.runtime.shutdown()
    told = [message for message in caplog.messages if "refused" in message]
    assert told == ["3 dead letters of dlq.seen for 'logs' (rejected) were refused by the severity rule"]


def test_an_unknown_event_type_has_no_trait(bench: Any) -> None:
    assert bench.plugin.e11y_dead_letter(make_record(1), "logs", "expired")


def test_an_outage_ends_in_dead_letters(make_bench: Any) -> None:
    bench = make_bench(
        tool={"adapters": {"logs": {"type": "null", "give_up_after": "200ms"}, "others": {"type": "null"}}}
    )
    bench.logs.answer = Retryable("503")
    DlqOrderPaid.track(order_id="1")
    assert bench.flush() == {"kept": 1}
    assert [letter.reason for letter in bench.letters] == ["expired: not accepted for 0.2 s"]


def test_letters_of_the_exit_are_kept(make_bench: Any) -> None:
    bench = make_bench(tool={"shutdown_timeout": "5s"})
    bench.logs.answer = Retryable("503")
    DlqOrderPaid.track(order_id="1")
    bench.runtime.shutdown()
    assert [letter.reason for letter in bench.letters] == ["deadline: the process shut down"]
    assert not DeadLetters(bench.folder).folder.segments()[0].is_in_use()


def test_unknown_settings_are_refused(make_bench: Any) -> None:
    from e11y import ConfigError

    with pytest.raises(ConfigError, match="setting 'fsync' must be one of 'always', 'second', 'never'"):
        make_bench(fsync="sometimes")


def test_secrets_of_the_storage_are_not_shown() -> None:
    settings = DlqSettings(storage="s3://bucket", storage_options={"secret": "hush"})
    assert "hush" not in repr(settings)
    assert attrs.asdict(settings)["storage_options"] == {"secret": "hush"}
