"""The ledger: it balances, says so readably, and names what is off."""

from __future__ import annotations

import threading

import pytest

from e11y import Event, Host, Runtime, hookimpl
from e11y.adapters import MemoryAdapter
from e11y.delivery.ledger import Counter, LaneLedger, Ledger, LedgerError


def test_a_counter_counts() -> None:
    counter = Counter()
    counter.add()
    counter.add_many(5)
    counter.add_many(0)
    assert [counter.value(), counter.value()] == [6, 6]


def test_a_counter_is_exact_with_many_threads_and_a_reader() -> None:
    counter = Counter()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            assert counter.value() >= 0

    reader = threading.Thread(target=read)
    reader.start()
    writers = [threading.Thread(target=lambda: [counter.add() for _ in range(20_000)]) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    reader.join()
    assert counter.value() == 80_000


def test_reset_keeps_what_hot_code_has_bound() -> None:
    counter = Counter()
    add = counter.add
    add()
    counter.reset()
    assert counter.value() == 0
    add()
    assert counter.value() == 1


def filled() -> Ledger:
    ledger = Ledger()
    ledger.tracked.add_many(100)
    ledger.invalid.add()
    ledger.drop_counter("sampled_out").add_many(9)
    ledger.discarded.add_many(20)
    ledger.routed = 60
    ledger.buffered = lambda: 10
    lane = ledger.lanes["logs"] = LaneLedger()
    lane.routed, lane.replayed, lane.delivered = 60, 2, 59
    lane.dead_lettered.add()
    lane.give_up("shed")
    lane.in_lane = lambda: 1
    return ledger


def test_a_balanced_ledger_reads_as_a_table() -> None:
    ledger = filled()
    ledger.plugin_counter("pii.scanned").add()
    snapshot = ledger.check()
    assert snapshot.plugins == {"pii.scanned": 1}
    assert str(snapshot) == (
        "  events                100 tracked  = 60 routed + 1 invalid + 9 dropped (sampled_out)\n"
        "                                       + 20 discarded + 10 buffered\n"
        "  logs                   60 routed   = - 2 replayed + 59 delivered + 1 dead-lettered\n"
        "                                       + 1 given up (shed) + 1 in lane"
    )


def test_an_empty_ledger_reads_as_zero() -> None:
    assert str(Ledger().snapshot()) == "  events                  0 tracked  = 0"


def test_what_is_off_is_named_whole() -> None:
    ledger = filled()
    ledger.tracked.add_many(2)
    ledger.lanes["logs"].delivered += 1
    with pytest.raises(LedgerError) as caught:
        ledger.check(quiet_s=0.01)
    assert str(caught.value) == (
        "the ledger does not balance: events +2; lane 'logs' -1\n"
        "  where: tracked = refused + dropped + discarded + buffered + unrouted + shed + in intake + routed\n"
        "  fix:   report it with the printed ledger: a positive number vanished, a negative one was counted twice"
    )
    assert "  events: +2 not accounted for" in str(ledger.snapshot())


def test_while_events_move_nothing_is_proven() -> None:
    ledger = Ledger()
    ledger.in_intake = lambda: -ledger.tracked.value() - int(ledger.tracked.add())
    assert ledger.check(patience_s=0.03).imbalances


def test_reset_clears_everything() -> None:
    ledger = filled()
    ledger.buffered = lambda: 0
    ledger.lanes["logs"].in_lane = lambda: 0
    ledger.plugin_counter("a.b").add()
    ledger.reset()
    snapshot = ledger.check()
    assert snapshot.tracked == snapshot.routed == snapshot.lanes["logs"].routed == 0
    assert snapshot.plugins == {"a.b": 0}


def test_names_that_are_made_per_event_do_not_grow_the_ledger() -> None:
    ledger = LaneLedger()
    for number in range(1_000):
        ledger.give_up(f"reason {number}")
    given_up = ledger.snapshot().given_up
    assert len(given_up) <= 101
    assert sum(given_up.values()) == 1_000
    assert given_up["other"] == 900


class LedgerHostSeen(Event):
    pass


class Auditor:
    def __init__(self) -> None:
        self.host: Host | None = None

    @hookimpl
    def e11y_started(self, host: Host) -> None:
        self.host = host


def test_a_plugin_reads_the_ledger_of_its_own_runtime() -> None:
    auditor = Auditor()
    settings = {"environment": "test", "plugins": []}
    adapters = {"logs": MemoryAdapter()}
    with Runtime(settings, plugins=[auditor], adapters=adapters, environ={}, event_types=()) as runtime:
        LedgerHostSeen.track()
        runtime.flush(30)
        assert auditor.host is not None
        assert auditor.host.ledger() == runtime.ledger.snapshot()
        assert auditor.host.ledger().routed == 1
