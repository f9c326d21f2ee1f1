"""What happens to events of a type, by its mode and by the types of its fields."""

from __future__ import annotations

import enum
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import attrs
import pytest

import e11y
from e11y import (
    ConfigError,
    Enrich,
    Event,
    Filter,
    FreeText,
    Observe,
    OpenEvent,
    Outcome,
    PluginError,
    Runtime,
    hookimpl,
)
from e11y.testing import TrackedEvents
from e11y_pii import Allow, Hash, Mask, pii

pytestmark = pytest.mark.e11y_config({"plugins": ["pii"]})

MAIL = "alice@example.com"


class Kind(enum.Enum):
    A = "a"


class ModePlain(Event):
    order_id: str
    count: int
    when: datetime | None = None
    note: str = ""
    tags: list[str] = attrs.field(factory=list)
    token_kind: Literal["a", "b"] = "a"
    token_enum: Kind = Kind.A
    has_password: bool = False


class ModeKeyed(Event):
    order_id: str
    api_key: str | None = None
    more: dict[str, Any] = attrs.field(factory=dict)


class ModeMarked(Event):
    kind: Literal["a", "b"]
    count: int
    amount: Decimal
    when: datetime | None
    key: UUID | None
    enum: Kind
    login: Annotated[str, Hash]
    free: Annotated[str, Allow] = ""


@pii
class ModeDeclared(Event):
    note: str = ""
    password: str = ""


class ModeDeclaredChild(ModeDeclared):
    other: str = ""


class ModeFree(OpenEvent):
    note: str = ""


@pii
class ModeFreeDeclared(OpenEvent):
    note: str = ""


class ModeFreeText(OpenEvent):
    source: str
    note: Annotated[str | None, FreeText] = None


class ModeFreeTextClosed(Event):
    source: str
    note: Annotated[str, FreeText]


@attrs.frozen
class FreePart:
    kind: str
    note: Annotated[str, FreeText] = ""
    below: FreePart | None = None


class ModeFreeTextInside(Event):
    optional: Annotated[str, FreeText] | None = None
    several: list[Annotated[str, FreeText]] = attrs.field(factory=list)
    named: dict[str, Annotated[str, FreeText] | int] = attrs.field(factory=dict)
    part: FreePart | None = None
    plain: str = ""


class ModeFreeTextFurther(OpenEvent):
    note: Annotated[str, FreeText] | None = None


@pii(False, because="the security team reads them, and keeps them for a day")
class ModeUntouched(Event):
    password: str
    more: dict[str, Any] = attrs.field(factory=dict)


def payload(events: TrackedEvents) -> dict[str, Any]:
    return dict(events.records[-1].payload)


def filters(event: type[Event], settings: dict[str, Any] | None = None) -> list[Filter]:
    runtime = Runtime({"plugins": ["pii"], "pii": settings or {}}, environ={}, event_types=())
    return [placed.step for placed in runtime.compiler.plan(event).filters]


@pytest.mark.parametrize("event", [ModePlain, ModeUntouched])
def test_a_type_that_does_not_concern_it_pays_nothing(e11y_events: TrackedEvents, event: type[Event]) -> None:
    assert filters(event) == []


def test_an_undeclared_type_is_filtered_by_key_name_alone(e11y_events: TrackedEvents) -> None:
    ModeKeyed.track(
        order_id="process_token_renewal_completed",
        api_key="sk",
        more={"Authorization": ["x"], "user": {"Password-Hash": 1, "email": MAIL, "secret": None}, "status": "token"},
    )
    assert payload(e11y_events) == {
        "order_id": "process_token_renewal_completed",
        "api_key": "[FILTERED]",
        "more": {
            "Authorization": "[FILTERED]",
            "user": {"Password-Hash": "[FILTERED]", "email": MAIL, "secret": None},
            "status": "token",
        },
    }


def test_the_keys_of_an_undeclared_type_are_filtered_at_the_call(e11y_events: TrackedEvents) -> None:
    (step,) = filters(ModeKeyed)
    assert (list(step.fields), step.deferred, step.defers) == (["api_key", "more"], None, ())


def test_only_fields_that_may_hold_text_wait_for_the_scan(e11y_events: TrackedEvents) -> None:
    (step,) = filters(ModeMarked)
    assert (list(step.fields), step.deferred, step.defers) == (["login"], None, ())
    (step,) = filters(ModeDeclaredChild)
    assert (list(step.fields), step.defers) == ([], ("password", "note", "other")), "a rule waits with the scan"


def test_a_declared_type_is_scanned_everywhere(e11y_events: TrackedEvents) -> None:
    ModeDeclaredChild.track(note=f"mail {MAIL}", password="x", other="555-010-0199")
    assert payload(e11y_events) == {"note": "mail [FILTERED]", "password": "[FILTERED]", "other": "[FILTERED]"}


def test_further_keywords_are_filtered_by_name(e11y_events: TrackedEvents) -> None:
    ModeFree.track(note=MAIL, password="x", more={"token": "x", "mail": MAIL})
    assert payload(e11y_events) == {
        "note": MAIL,
        "password": "[FILTERED]",
        "more": {"token": "[FILTERED]", "mail": MAIL},
    }


def test_free_text_is_scanned_without_a_word_about_pii(e11y_events: TrackedEvents) -> None:
    ModeFreeText.track(source=MAIL, note=f"from {MAIL}", more={"token": "x", "mail": MAIL})
    assert payload(e11y_events) == {
        "source": MAIL,
        "note": "from [FILTERED]",
        "more": {"token": "[FILTERED]", "mail": "[FILTERED]"},
    }
    (step,) = filters(ModeFreeText)
    assert (step.defers, step.defers_open) == (("note",), True)


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"optional": MAIL}, {"optional": "[FILTERED]"}),
        ({"several": [MAIL]}, {"several": ["[FILTERED]"]}),
        ({"named": {"a": MAIL, "b": 1}}, {"named": {"a": "[FILTERED]", "b": 1}}),
        ({"part": FreePart("k", MAIL)}, {"part": {"kind": "k", "note": "[FILTERED]", "below": None}}),
        ({"plain": MAIL}, {"plain": MAIL}),
    ],
)
def test_free_text_inside_of_a_type_is_scanned_too(
    e11y_events: TrackedEvents, given: dict[str, Any], left: dict[str, Any]
) -> None:
    ModeFreeTextInside.track(**given)
    found = payload(e11y_events)
    assert {name: found[name] for name in left} == left
    (step,) = filters(ModeFreeTextInside)
    assert sorted(step.defers) == ["named", "optional", "part", "several"]


def test_free_text_inside_of_a_type_opens_the_further_keywords_to_the_scan(e11y_events: TrackedEvents) -> None:
    ModeFreeTextFurther.track(more=MAIL)
    assert payload(e11y_events) == {"note": None, "more": "[FILTERED]"}


def test_the_other_fields_of_a_type_with_free_text_can_be_read_at_once() -> None:
    (step,) = filters(ModeFreeTextClosed)
    assert (list(step.fields), step.defers, step.defers_open) == ([], ("note",), False)
    (step,) = filters(ModeFreeTextClosed, {"scan": "call"})
    assert (list(step.fields), step.deferred) == (["note"], None)


def test_a_type_with_free_text_may_be_delivered_untouched() -> None:
    class ModeFreeTextUntouched(ModeFreeText):
        pass

    assert filters(pii(False)(ModeFreeTextUntouched)) == []


@pytest.mark.parametrize("scan", ["deferred", "call"])
def test_further_keywords_of_a_declared_type_are_scanned(e11y_events: TrackedEvents, scan: Any) -> None:
    @pii(scan=scan)
    class ModeFreeScanned(OpenEvent):
        note: str = ""

    fields = {"note": MAIL, "password": "x", "more": [MAIL], MAIL: 1, "bob@example.com": 2}
    ModeFreeScanned.track(**fields)
    assert payload(e11y_events) == {
        "note": "[FILTERED]",
        "password": "[FILTERED]",
        "more": ["[FILTERED]"],
        "[FILTERED]": 1,
        "[FILTERED] 2": 2,
    }


def test_an_untouched_type_is_untouched(e11y_events: TrackedEvents) -> None:
    ModeUntouched.track(password="x", more={"token": MAIL})
    assert payload(e11y_events) == {"password": "x", "more": {"token": MAIL}}


def test_a_child_of_an_untouched_type_may_be_declared_again(e11y_events: TrackedEvents) -> None:
    @pii
    class ModeAgain(ModeUntouched):
        note: str = ""

    ModeAgain.track(password="x", note=MAIL)
    assert payload(e11y_events) == {"password": "[FILTERED]", "more": {}, "note": "[FILTERED]"}


@pytest.mark.parametrize("validation", ["never", e11y.sampled(0.0)])
def test_types_that_nobody_checked_are_not_trusted(e11y_events: TrackedEvents, validation: Any) -> None:
    @pii
    class ModeUnchecked(Event, validation=validation):
        number: int
        kind: Literal["a"]
        token: bool

    ModeUnchecked.track(number=MAIL, kind={"password": "x", "mail": MAIL}, token=MAIL)  # type: ignore[arg-type]
    assert payload(e11y_events) == {
        "number": "[FILTERED]",
        "kind": {"password": "[FILTERED]", "mail": "[FILTERED]"},
        "token": "[FILTERED]",
    }


def test_what_enrichers_add_is_not_trusted(e11y_events: TrackedEvents) -> None:
    @attrs.frozen
    class Guess:
        token: str
        mail: str

    class Text(str):
        __slots__ = ()

    class Enricher:
        name = "enricher"

        @hookimpl
        def e11y_enrich(self, schema: Any) -> Any:
            fn: Callable[[str], Any] = lambda note: (Guess("x", note), {note}, Text(note), object())  # noqa: E731
            return Enrich(fn, needs=("note",), adds={"guess": int, "all": int, "text": bool, "thing": int})

    from e11y.adapters import MemoryAdapter

    memory = MemoryAdapter()
    with Runtime(
        {"plugins": ["pii"]}, plugins=[Enricher()], adapters={"logs": memory}, environ={}, event_types=()
    ) as runtime:
        ModeDeclared.track(note=MAIL)
        runtime.flush(5)
    (record,) = memory.records
    assert record.payload == {
        "note": "[FILTERED]",
        "password": "[FILTERED]",
        "guess": {"token": "[FILTERED]", "mail": "[FILTERED]"},
        "all": ["[FILTERED]"],
        "text": "[FILTERED]",
        "thing": "[FILTERED]",
    }
    assert MAIL.encode() not in record.encoded()


@pytest.mark.e11y_config({"plugins": ["pii"], "pii": {"max_depth": 3}})
def test_what_lies_too_deep_is_filtered_whole(e11y_events: TrackedEvents) -> None:
    deep = {"1": {"2": {"3": {"4": "x"}, "n": 1}, "l": [[["x"]]]}}
    ModeKeyed.track(order_id="1", more=deep)
    assert payload(e11y_events)["more"] == {"1": {"2": {"3": "[FILTERED]", "n": 1}, "l": ["[FILTERED]"]}}
    ModeFreeDeclared.track(more=[[["x"]]])
    assert payload(e11y_events)["more"] == [["[FILTERED]"]]


def test_a_structure_that_holds_itself_is_refused_by_core(e11y_events: TrackedEvents) -> None:
    ring: dict[str, Any] = {}
    ring["ring"] = ring
    with pytest.raises(e11y.InvalidEvent, match="more: is nested deeper than 8"):
        ModeKeyed.track(order_id="1", more=ring)


def test_a_step_that_reads_what_is_scanned_later_stops_the_start(e11y_events: TrackedEvents) -> None:
    class Reader:
        name = "reader"

        @hookimpl
        def e11y_observe(self, schema: Any) -> Any:
            return Observe(lambda note: None)

    runtime = Runtime({"plugins": ["pii"]}, plugins=[Reader()], environ={}, event_types=())
    with pytest.raises(PluginError, match="plugin 'reader' reads 'note' at the call, but 'pii' filters it later"):
        runtime.compile(ModeDeclared)
    seen: list[str] = []

    class Listener:
        name = "reader"

        @hookimpl
        def e11y_observe(self, schema: Any) -> Any:
            return Observe(seen.append, needs=("note",))

    settings = {"plugins": ["pii"], "pii": {"scan": "call"}}
    with Runtime(settings, plugins=[Listener()], environ={}, event_types=(), adapters={}):
        ModeDeclared.track(note=MAIL)
    assert seen == ["[FILTERED]"]


def test_a_type_may_ask_to_be_scanned_at_the_call(e11y_events: TrackedEvents) -> None:
    @pii(scan="call")
    class ModeAtCall(Event):
        note: str
        more: dict[str, Any]

    (step,) = filters(ModeAtCall)
    assert (list(step.fields), step.deferred) == (["note", "more"], None)
    ModeAtCall.track(note=MAIL, more={"token": 1, "mail": [MAIL]})
    assert payload(e11y_events) == {"note": "[FILTERED]", "more": {"token": "[FILTERED]", "mail": ["[FILTERED]"]}}


def test_a_buffered_event_is_scanned_only_if_it_is_written(e11y_events: TrackedEvents) -> None:
    class ModeStep(ModeDeclared, severity="debug"):
        pass

    with e11y.scope("fine"):
        assert ModeStep.track(note=MAIL) is Outcome.BUFFERED
    with e11y.scope("failed") as scope:
        ModeStep.track(note=MAIL)
        scope.fail()
    assert [record.payload["note"] for record in e11y_events.records] == ["[FILTERED]"]


REFUSED = (
    "@pii(False) on {}, but {} personal\n  where: class {}\n"
    '  fix:   drop @pii(False) and mark the fields, or say why:  @pii(False, because="...")'
)


def test_a_dangerous_opt_out_is_refused_at_class_creation() -> None:
    with pytest.raises(ConfigError) as caught:

        @pii(False)
        class ModeDanger(Event):
            order_id: str
            email: str
            user_password: str
            email_verified: bool

    name = f"{__name__}.test_a_dangerous_opt_out_is_refused_at_class_creation.<locals>.ModeDanger"
    assert str(caught.value) == REFUSED.format("ModeDanger", "'email', 'user_password' look", name)


def test_a_dangerous_child_of_an_opt_out_is_refused_at_start() -> None:
    @pii(False)
    class ModeHarmless(Event):
        order_id: str

    class ModeDangerChild(ModeHarmless):
        email: str

    with pytest.raises(ConfigError) as caught:
        filters(ModeDangerChild)
    name = f"{__name__}.{ModeDangerChild.__qualname__}"
    assert str(caught.value) == REFUSED.format("ModeDangerChild", "'email' looks", name)


def test_the_reason_of_a_parent_is_not_that_of_a_second_opt_out() -> None:
    with pytest.raises(ConfigError, match="'password' looks personal"):

        @pii(False)
        class ModeSecond(ModeUntouched):
            pass


def test_an_opt_out_with_a_marker_is_a_contradiction() -> None:
    @pii(False)
    class ModeTorn(Event):
        order_id: Annotated[str, Mask]

    with pytest.raises(ConfigError) as caught:
        filters(ModeTorn)
    assert str(caught.value) == (
        "@pii(False) on ModeTorn, whose field 'order_id' carries a marker\n"
        f"  where: class {__name__}.{ModeTorn.__qualname__}\n"
        "  fix:   drop one of the two"
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: pii("hash"),  # type: ignore[call-overload]
            "@pii takes True or False, not str\n  fix:   rules of single fields are markers: Annotated[str, Hash]",
        ),
        (
            lambda: pii(scan="later"),  # type: ignore[call-overload]
            '@pii(scan=...) is unknown: \'later\'\n  fix:   use "deferred" or "call"',
        ),
    ],
)
def test_a_mode_that_means_nothing_is_refused_at_class_creation(call: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        call()
    assert str(caught.value) == message


def test_an_opt_out_needs_no_plugin_but_a_rule_does() -> None:
    runtime = Runtime({"plugins": []}, environ={}, event_types=())
    runtime.compile(ModeUntouched)
    for event in (ModeDeclared, ModeMarked):
        with pytest.raises(ConfigError, match="needs plugin 'pii', which is not active"):
            runtime.compile(event)


@pytest.mark.e11y_config(
    {"plugins": ["pii"], "pii": {"keys": ["=pin", "shoe_size", "vat"], "allow_keys": ["token_count"]}}
)
def test_key_names_are_settings(e11y_events: TrackedEvents) -> None:
    keys = {
        "pin": 1,
        "PIN": 1,
        "pinned": 1,
        "ShoeSize": 1,
        "my_shoe_sizes": 1,
        "VAT-id": 1,
        "private": 1,
        "token_count": 1,
    }
    ModeKeyed.track(order_id="1", more=keys)
    kept = {key for key, value in payload(e11y_events)["more"].items() if value == 1}
    assert kept == {"pinned", "private", "token_count"}
