"""Chance: what is drawn by whom, and after a fork."""

from __future__ import annotations

from e11y.clock import Ids


def draws(ids: Ids, name: str) -> list[int]:
    return [ids.stream(name).getrandbits(64) for _ in range(20)]


def test_streams_are_repeatable_and_each_for_itself() -> None:
    assert draws(Ids(1), "pii") == draws(Ids(1), "pii")
    assert draws(Ids(1), "pii") != draws(Ids(1), "loki")
    assert draws(Ids(1), "pii") != draws(Ids(2), "pii")
    assert draws(Ids(), "pii") != draws(Ids(), "pii")


def test_ids_and_streams_do_not_disturb_each_other() -> None:
    untouched, used = Ids(1), Ids(1)
    before = draws(used, "pii")
    assert [used.span_id() for _ in range(20)] == [untouched.span_id() for _ in range(20)]
    assert (before, draws(used, "pii")) == (draws(untouched, "pii"), draws(untouched, "pii"))


def test_a_fork_takes_new_entropy_for_all_of_them() -> None:
    parent, child = Ids(1), Ids(1)
    assert draws(parent, "pii") == draws(child, "pii")
    held = child.stream("pii")
    child.reseed()
    assert draws(parent, "pii") != draws(child, "pii")
    assert parent.span_id() != child.span_id()
    assert child.stream("pii") is held
