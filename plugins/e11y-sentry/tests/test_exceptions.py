"""The exception that an error event is tracked in."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from e11y import Event
from e11y_sentry import SentryPlugin, SentryPluginSettings
from e11y_sentry.raised import RaisedTable

from .conftest import App

SECRET = "4111-1111-1111-1111"


class ExcPaymentFailed(Event, severity="error"):
    provider: str = "acme"


class ExcImported(Event, severity="info"):
    rows: int


class Declined(Exception):
    pass


def charge(card: str) -> None:
    digits = card
    raise Declined(f"card {digits} declined")


def charge_twice(card: str) -> None:
    try:
        charge(card)
    except Declined as error:
        raise RuntimeError("no way to pay") from error


def test_an_issue_shows_type_and_stack_and_no_value(app: App) -> None:
    try:
        charge(SECRET)
    except Declined:
        ExcPaymentFailed.track()
    (event,) = app.events
    (value,) = event["exception"]["values"]
    assert (value["type"], value["module"]) == ("Declined", __name__)
    assert value["mechanism"] == {"type": "e11y", "handled": True, "exception_id": 0}
    assert "value" not in value
    frames = value["stacktrace"]["frames"]
    assert [frame["function"] for frame in frames] == ["test_an_issue_shows_type_and_stack_and_no_value", "charge"]
    assert frames[1]["context_line"] == '    raise Declined(f"card {digits} declined")'
    assert frames[1]["pre_context"][-1] == "    digits = card"
    assert (frames[1]["in_app"], frames[1]["module"]) == (True, __name__)
    assert frames[1]["filename"].endswith("tests/test_exceptions.py")
    assert not [frame for frame in frames if "vars" in frame]
    assert SECRET not in str(event).replace(f'SECRET = "{SECRET}"', "")
    assert event["fingerprint"] == ["exc.payment.failed", f"{__name__}.Declined"]


def test_messages_are_sent_when_the_settings_say_so(make_app: Callable[..., App]) -> None:
    class Unreadable(Exception):
        def __str__(self) -> str:
            raise ValueError

    app = make_app(plugin={"exception_messages": True})
    for error in (Declined("x" * 5000), Unreadable()):
        try:
            raise error
        except (Declined, Unreadable):
            ExcPaymentFailed.track()
    first, second = app.events
    assert first["exception"]["values"][0]["value"] == "x" * 1000
    assert "value" not in second["exception"]["values"][0]


def test_source_may_stay_at_home(make_app: Callable[..., App]) -> None:
    app = make_app(source_context=False)
    try:
        charge(SECRET)
    except Declined:
        ExcPaymentFailed.track()
    frame = app.events[0]["exception"]["values"][0]["stacktrace"]["frames"][-1]
    assert {"pre_context", "context_line", "post_context"}.isdisjoint(frame)
    assert frame["lineno"] == charge.__code__.co_firstlineno + 2


def test_causes_are_chained(app: App) -> None:
    try:
        charge_twice(SECRET)
    except RuntimeError:
        ExcPaymentFailed.track()
    values = app.events[0]["exception"]["values"]
    assert [value["type"] for value in values] == ["Declined", "RuntimeError"]
    assert values[0]["mechanism"] == {
        "type": "chained",
        "handled": True,
        "exception_id": 1,
        "parent_id": 0,
        "source": "__cause__",
    }


def test_groups_are_trees(app: App) -> None:
    try:
        raise ExceptionGroup("many", [ValueError("1"), ExceptionGroup("more", [KeyError("2")])])
    except ExceptionGroup:
        ExcPaymentFailed.track()
    values = app.events[0]["exception"]["values"]
    told = [(value["type"], value["mechanism"].get("parent_id"), value["mechanism"].get("source")) for value in values]
    assert told == [
        ("KeyError", 2, "exceptions[0]"),
        ("ExceptionGroup", 0, "exceptions[1]"),
        ("ValueError", 0, "exceptions[0]"),
        ("ExceptionGroup", None, None),
    ]
    assert [value["mechanism"].get("is_exception_group") for value in values] == [None, True, None, True]


def test_a_timed_body_that_fails_shows_its_exception(app: App) -> None:
    with pytest.raises(Declined), ExcImported.timed(rows=1):
        charge(SECRET)
    (event,) = app.events
    assert event["level"] == "error"
    assert event["exception"]["values"][0]["stacktrace"]["frames"][-1]["function"] == "charge"


def test_a_raised_severity_shows_the_exception_too(app: App) -> None:
    try:
        charge(SECRET)
    except Declined:
        ExcImported.track(rows=0)
        ExcImported.at(severity="fatal").track(rows=1)
    (event,) = app.events
    assert event["exception"]["values"][0]["type"] == "Declined"


def test_an_error_without_an_exception_shows_none(app: App) -> None:
    ExcPaymentFailed.track()
    assert "exception" not in app.events[0]


def test_other_severities_pay_nothing(app: App) -> None:
    app.runtime.compile(ExcImported)
    assert "_step" not in app.runtime.compiler.source(ExcImported)
    assert "_step" in app.runtime.compiler.source(ExcPaymentFailed)


def test_without_an_adapter_nothing_is_noted() -> None:
    from e11y import Runtime

    with Runtime({"plugins": ["sentry"]}, environ={}, event_types=(), adapters={}) as runtime:
        runtime.compile(ExcPaymentFailed)
        assert "_step" not in runtime.compiler.source(ExcPaymentFailed)


def test_nothing_of_the_application_is_kept_alive() -> None:
    class Held:
        pass

    def fail() -> weakref.ref[Held]:
        held = Held()
        try:
            raise Declined(held)
        except Declined:
            table.note(1)
        return weakref.ref(held)

    table = RaisedTable(texts=False)
    held = fail()
    gc.collect()
    assert held() is None
    assert [one.type for one in table.of(1)] == ["Declined"]


def test_the_newest_thousand_are_kept_whoever_notes_them() -> None:
    def note(first: int) -> None:
        for number in range(first, first + 1000):
            try:
                raise Declined
            except Declined:
                table.note(number)

    table = RaisedTable(texts=False)
    threads = [threading.Thread(target=note, args=(first,)) for first in (0, 1000, 2000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    note(3000)
    kept = [number for number in range(4000) if table.of(number)]
    assert kept == list(range(3000, 4000))


def test_long_chains_and_deep_stacks_are_cut() -> None:
    def descend(depth: int) -> None:
        if depth:
            descend(depth - 1)
        error: Any = None
        for _ in range(50):
            following = Declined()
            following.__cause__ = error
            error = following
        raise error

    table = RaisedTable(texts=False)
    try:
        descend(200)
    except Declined:
        table.note(1)
    assert len(table.of(1)) == 10
    assert len(table.of(1)[0].frames) == 50
    assert {frame[0].co_name for frame in table.of(1)[0].frames} == {"descend"}


def test_a_chain_that_bites_its_tail_ends() -> None:
    table = RaisedTable(texts=False)
    first, second = Declined(), Declined()
    first.__cause__, second.__cause__ = second, first
    try:
        raise first
    except Declined:
        table.note(1)
    assert len(table.of(1)) == 2


def test_the_plugin_is_made_without_sentry_sdk_in_sight() -> None:
    from e11y.testing import StandaloneHost

    assert SentryPlugin(SentryPluginSettings(), StandaloneHost()).e11y_export().name == "sentry"
