"""Rows that wait to be added up: none is lost, none is added twice, and nobody waits."""

from __future__ import annotations

import threading

from e11y.journal import SOFT_LIMIT, Journal


def test_the_journal_stays_short_without_anybody_who_settles() -> None:
    journal = Journal()
    seen: list[int] = []
    write = journal.writer(lambda row: seen.append(row[0]))
    longest = 0
    for number in range(10 * SOFT_LIMIT):
        write(number)
        longest = max(longest, len(journal))
    assert longest <= SOFT_LIMIT + 1
    journal.settle()
    assert seen == list(range(10 * SOFT_LIMIT))


def test_a_writer_does_not_wait_for_the_one_who_adds_up() -> None:
    journal = Journal()
    write = journal.writer(lambda row: None)
    with journal.lock:
        for _ in range(2 * SOFT_LIMIT):
            write()
        assert len(journal) == 2 * SOFT_LIMIT
    write()
    assert len(journal) < 2 * SOFT_LIMIT


def test_rows_of_several_writers_are_added_up_in_the_order_in_which_they_were_written() -> None:
    journal = Journal()
    seen: list[tuple[object, ...]] = []
    here = journal.writer(lambda row: seen.append(("here", *row)))
    there = journal.writer(lambda row: seen.append(("there", *row)))
    here(1, "a")
    there()
    here(2, "b")
    assert (seen, len(journal)) == ([], 3)
    journal.settle()
    assert (seen, len(journal)) == ([("here", 1, "a"), ("there",), ("here", 2, "b")], 0)


def test_many_threads_lose_nothing_while_others_settle() -> None:
    journal = Journal()
    sums = [0, 0]
    done = threading.Event()

    def fold(row: tuple[int, ...]) -> None:
        sums[0] += 1
        sums[1] += row[0]

    write = journal.writer(fold)

    def settle() -> None:
        while not done.is_set():
            journal.settle()

    def work() -> None:
        for number in range(20_000):
            write(number)

    settlers = [threading.Thread(target=settle) for _ in range(2)]
    writers = [threading.Thread(target=work) for _ in range(4)]
    for thread in (*settlers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in settlers:
        thread.join()
    journal.settle()
    assert sums == [4 * 20_000, 4 * sum(range(20_000))]


def test_a_forked_child_begins_anew_also_when_its_parent_was_adding_up() -> None:
    journal = Journal()
    seen: list[int] = []
    write = journal.writer(lambda row: seen.append(row[0]))
    write(1)
    journal.lock.acquire()  # by a thread that the child does not have
    journal.forget()
    write(2)
    journal.settle()
    assert seen == [2]
