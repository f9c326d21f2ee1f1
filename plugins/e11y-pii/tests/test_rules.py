"""What each marker makes of a value, as it arrives at an adapter."""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import hmac
from decimal import Decimal
from typing import Annotated, Any

import attrs
import pytest

from e11y import ConfigError, Event, Runtime
from e11y.testing import TrackedEvents
from e11y_pii import Allow, Hash, Mask, Partial, Redact, Truncate, pii

pytestmark = pytest.mark.e11y_config({"plugins": ["pii"]})


class RuleMasked(Event):
    value: Annotated[Any, Mask]


class RuleHashed(Event):
    value: Annotated[Any, Hash]


class RulePartial(Event):
    value: Annotated[Any, Partial]


class RuleRedacted(Event):
    kept: int = 1
    value: Annotated[Any, Redact]


class RuleTruncated(Event):
    value: Annotated[Any, Truncate(8)]


class RuleAllowed(Event):
    value: Annotated[Any, Allow]
    other: str = ""


class Color(enum.Enum):
    RED = "red"


def payload(events: TrackedEvents) -> dict[str, Any]:
    return dict(events.records[-1].payload)


@pytest.mark.parametrize("value", ["x", "", 1, True, [1], {"a": 1}, Decimal("1.5"), b"x"])
def test_mask_leaves_nothing(e11y_events: TrackedEvents, value: Any) -> None:
    RuleMasked.track(value=value)
    assert payload(e11y_events) == {"value": "[FILTERED]"}


@pytest.mark.parametrize("event", [RuleMasked, RuleHashed, RulePartial, RuleTruncated, RuleAllowed])
def test_none_stays_none(e11y_events: TrackedEvents, event: Any) -> None:
    event.track(value=None)
    assert payload(e11y_events)["value"] is None


@pytest.mark.parametrize("value", ["x", None, 1])
def test_redact_leaves_the_field_out(e11y_events: TrackedEvents, value: Any) -> None:
    RuleRedacted.track(value=value)
    assert payload(e11y_events) == {"kept": 1}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("alice@example.com", "alice@example.com"),
        ("", ""),
        (1, "1"),
        ("1", "1"),
        (1.0, "1.0"),
        (True, "true"),
        (Decimal("1.50"), "1.50"),
        (dt.date(2026, 1, 31), "2026-01-31"),
        (Color.RED, "red"),
        ({"b": 2, "a": [1, None]}, '{"a":["1","None"],"b":"2"}'),
        ({"a": [1, None], "b": 2}, '{"a":["1","None"],"b":"2"}'),
        (b"\xff", b"\xff"),
        ("half \ud83d", b"half \xed\xa0\xbd"),
    ],
)
def test_hash_is_of_the_text_form(e11y_events: TrackedEvents, value: Any, text: str | bytes) -> None:
    RuleHashed.track(value=value)
    data = text if isinstance(text, bytes) else text.encode()
    assert payload(e11y_events) == {"value": "hashed_" + hashlib.sha256(data).hexdigest()[:16]}


@pytest.mark.parametrize("key", ["hunter2", "hunter22" * 8, "hunter22" * 8 + "!", "ключ" * 30])
def test_with_a_key_hash_is_an_hmac(key: str) -> None:
    from e11y.adapters import MemoryAdapter

    memory = MemoryAdapter()
    settings = {"plugins": ["pii"], "pii": {"hash_key": key}}
    with Runtime(settings, adapters={"logs": memory}, environ={}, event_types=()) as runtime:
        RuleHashed.track(value="alice@example.com")
        runtime.flush(5)
        assert key not in repr(runtime.settings) + repr(runtime.plugins.plugin("pii"))
    digest = hmac.new(key.encode(), b"alice@example.com", "sha256").hexdigest()
    assert memory.records[0].payload == {"value": f"hashed_{digest[:16]}"}


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("user@example.com", "us***com"),
        ("1234", "12***34"),  # all of it: for short secrets there is Mask
        ("abcd", "ab***cd"),
        ("+1 555 010 0199", "+1***99"),
        ("abc", "[FILTERED]"),
        ("", "[FILTERED]"),
        ("al@example.com", "[FILTERED]"),
        ("alice@b.c", "[FILTERED]"),
        (12345, "[FILTERED]"),
        (["user@example.com"], "[FILTERED]"),
    ],
)
def test_partial_keeps_the_outer_characters(e11y_events: TrackedEvents, value: Any, left: str) -> None:
    RulePartial.track(value=value)
    assert payload(e11y_events) == {"value": left}


@pytest.mark.parametrize(
    ("value", "left"),
    [
        ("sk_live_abcdef", "sk_live_"),
        ("short", "short"),
        ("to alice@example.com", "to [FILTERED]"),
        ("alice@example.com and more", "[FILTERED]"),
        (["sk_live_abcdef"], "[FILTERED]"),
        (b"sk_live_abcdef", "[FILTERED]"),
    ],
)
def test_truncate_keeps_a_beginning_without_anything_found(e11y_events: TrackedEvents, value: Any, left: str) -> None:
    RuleTruncated.track(value=value)
    assert payload(e11y_events) == {"value": left}


def test_allow_shields_its_own_subtree_only(e11y_events: TrackedEvents) -> None:
    RuleAllowed.track(value={"password": "x", "mail": ["alice@example.com"]}, other="alice@example.com")
    assert payload(e11y_events) == {"value": {"password": "x", "mail": ["alice@example.com"]}, "other": "[FILTERED]"}


@attrs.frozen
class Contact:
    email: Annotated[str, Hash]
    phone: Annotated[str, Redact] = ""
    login: Annotated[str, Allow] = ""
    key: Annotated[str, Truncate(4)] = ""
    about: str = ""
    next: Contact | None = None


class RuleNested(Event):
    contact: Contact
    others: list[Contact] = attrs.field(factory=list)
    by_name: dict[str, Contact] = attrs.field(factory=dict)
    emails: list[Annotated[str, Partial]] = attrs.field(factory=list)
    either: Contact | int | None = None


HASHED = "hashed_" + hashlib.sha256(b"user@example.com").hexdigest()[:16]


def test_markers_inside_structures_and_containers_count(e11y_events: TrackedEvents) -> None:
    contact = Contact(
        "user@example.com", "+1 555 010 0199", "l@example.com", "secret-key", "mail l@example.com",
        Contact("user@example.com"),
    )  # fmt: skip
    RuleNested.track(
        contact=contact,
        others=[Contact("user@example.com", login="l@example.com")],
        by_name={"a": Contact("user@example.com"), "l@example.com": Contact("user@example.com")},
        emails=["user@example.com"],
        either=Contact("user@example.com"),
    )
    empty = {"email": HASHED, "login": "", "key": "", "about": "", "next": None}
    assert payload(e11y_events) == {
        "contact": {
            "email": HASHED,
            "login": "l@example.com",
            "key": "secr",
            "about": "mail [FILTERED]",
            "next": empty,
        },
        "others": [{**empty, "login": "l@example.com"}],
        "by_name": {"a": empty, "[FILTERED]": empty},
        "emails": ["us***com"],
        "either": empty,
    }


def test_what_the_caller_passed_is_left_alone(e11y_events: TrackedEvents) -> None:
    given: dict[str, Any] = {"password": "x", "list": ["alice@example.com", {"token": [1]}]}

    @pii
    class RuleLeft(Event):
        given: dict[str, Any]

    RuleLeft.track(given=given)
    assert payload(e11y_events)["given"] == {"password": "[FILTERED]", "list": ["[FILTERED]", {"token": "[FILTERED]"}]}
    assert given == {"password": "x", "list": ["alice@example.com", {"token": [1]}]}


def test_a_child_replaces_the_rule_of_one_field(e11y_events: TrackedEvents) -> None:
    class RuleParent(Event):
        email: Annotated[str, Hash]
        name: Annotated[str, Mask]

    class RuleChild(RuleParent):
        email: Annotated[str, Allow]

    RuleChild.track(email="user@example.com", name="x")
    assert payload(e11y_events) == {"email": "user@example.com", "name": "[FILTERED]"}


class Unheard(Mask):
    pass


class RuleTwice(Event):
    value: Annotated[str, Mask, Hash()]


class RuleUnheard(Event):
    value: Annotated[str, Unheard]


class RuleNoLength(Event):
    value: Annotated[str, Truncate]


class RuleNoText(Event):
    value: Annotated[int, Truncate(3)]


@attrs.frozen
class Torn:
    value: Annotated[str, Mask, Hash]


class RuleTorn(Event):
    torn: list[Torn]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (
            RuleTwice,
            "Mask and Hash stand on the same field\n  where: class {}.RuleTwice, field 'value'\n  fix:   keep one of them",
        ),
        (
            RuleUnheard,
            "unknown strategy Unheard\n  where: class {}.RuleUnheard, field 'value'\n"
            "  fix:   use one of: Mask, Hash, Partial, Redact, Truncate, Allow",
        ),
        (
            RuleNoLength,
            "Truncate without a length\n  where: class {}.RuleNoLength, field 'value'\n  fix:   write Truncate(8)",
        ),
        (
            RuleNoText,
            "Truncate on 'value', which holds no text\n  where: class {}.RuleNoText, field 'value'\n"
            "  fix:   use Mask, Hash or Redact for what is no text",
        ),
        (
            RuleTorn,
            "Mask and Hash stand on the same field\n  where: class {}.RuleTorn, field 'torn'\n  fix:   keep one of them",
        ),
    ],
)
def test_markers_that_mean_nothing_stop_the_start(e11y_events: TrackedEvents, event: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Runtime({"plugins": ["pii"]}, environ={}, event_types=()).compile(event)
    assert str(caught.value) == message.format(__name__)


def test_a_length_is_positive() -> None:
    with pytest.raises(ValueError, match="'length' must be > 0: 0"):
        Truncate(0)
