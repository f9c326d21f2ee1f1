"""Zero leak: a secret in a ruled field, under a listed key or in a pattern is in no byte that comes out."""

from __future__ import annotations

import contextlib
from typing import Annotated, Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import e11y
from e11y import Event, InvalidEvent, OpenEvent
from e11y.testing import LeakProbe
from e11y_pii import Hash, Mask, Partial, Redact, pii

TOKEN = "canary7f3a9c"
CARD = "4111111111111111"

SECRETS = [
    f"{TOKEN}@example.com", f"first.{TOKEN}@mail.example.co.uk", f"{TOKEN}%40example.com",
    f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0{TOKEN}.{TOKEN}",
]  # fmt: skip
NUMBERS = ["4111 1111 1111 1111", CARD, "123-45-6789", "+1 555 010 0199", "192.0.2.77", "2001:db8::7f3a", "DE44500105175407324931"]  # fmt: skip
KEYS = ["password", "userPassword", "X-Api-Key", "ssn", "card_number", "access token"]
AROUND = ["", " ", "mail: ", "\n", "(", '"', "日本 ", "a,", "\ud83d"]


@attrs.frozen
class LeakPerson:
    email: Annotated[str, Mask]
    name: Annotated[str, Hash] = ""
    note: str = ""
    password: str = ""
    next: LeakPerson | None = None


class LeakRuled(Event):
    masked: Annotated[Any, Mask] = None
    hashed: Annotated[Any, Hash] = None
    partly: Annotated[str, Partial] = ""
    redacted: Annotated[Any, Redact] = None
    password: Any = None
    note: str = ""
    more: Any = None
    people: list[LeakPerson] = attrs.field(factory=list)


class LeakRuledStep(LeakRuled, severity="debug"):
    pass


@pii(scan="call")
class LeakRuledNow(LeakRuled):
    pass


class LeakKeyed(Event):
    token: Any = None
    more: dict[str, Any] = attrs.field(factory=dict)


@pii
class LeakFree(OpenEvent):
    note: str = ""


class LeakKeyedFree(OpenEvent):
    note: str = ""


def texts(secret: str) -> st.SearchStrategy[str]:
    """The secret amid other text, that does not reach up to it with letters or digits."""
    around = st.sampled_from(AROUND)
    return st.builds(lambda before, after: before + secret + (f" {after}" if after else ""), around, around)


def nested(leaf: st.SearchStrategy[Any], keys: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Leaves inside lists, tuples, dicts, sets, attrs instances, at any place."""
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=2),
            st.tuples(inner, st.integers(-999, 999)),  # none that is a card number
            st.dictionaries(keys, inner, min_size=1, max_size=2),
            st.builds(lambda one: {"text": "clean", "deep": [one]}, inner),
        ),
        max_leaves=3,
    )


plain_keys = st.sampled_from(["a", "note", "status", "user"])


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, Any]:
    """Draw what has to be looked for, and a call that hides it."""
    secret = draw(st.sampled_from(SECRETS + NUMBERS))
    canary = TOKEN if TOKEN in secret else secret
    text = draw(texts(secret))
    found = draw(
        nested(st.just(text) | st.just(text.encode("utf-8", "replace")) | st.just({text}), plain_keys | st.just(text))
    )
    listed = draw(
        nested(st.dictionaries(st.sampled_from(KEYS), st.just(text) | st.just([{"a": text}]), min_size=1), plain_keys)
    )
    anything = draw(nested(st.just(text), plain_keys))
    person = LeakPerson(email=text, name=text, note=text, password=text, next=LeakPerson(email="", note=text))
    ruled = {"masked": anything, "hashed": anything, "partly": text, "redacted": anything, "password": anything}
    hide = draw(
        st.sampled_from(
            [
                *(
                    (lambda event=event: event.track(**ruled, note=text, more=found, people=[person]))
                    for event in (LeakRuled, LeakRuledStep, LeakRuledNow)
                ),
                lambda: LeakKeyed.track(token=anything, more={"x": listed}),
                lambda: LeakFree.track(note=text, reply=found, password=anything, **{text: 1}),
                lambda: LeakKeyedFree.track(password=anything, more=listed),
                lambda: LeakRuled.track(more=found, note=0),
            ]
        )
    )
    scope = draw(st.booleans())
    around = draw(st.sampled_from([{"note": text}, {"password": text}, {"user_id": "1"}]))

    def call() -> None:
        with e11y.context(**around), contextlib.suppress(InvalidEvent, ZeroDivisionError):
            if not scope:
                hide()
                return
            with e11y.scope("work"):
                hide()
                raise ZeroDivisionError

    return canary, call


@pytest.mark.timeout(300)
@pytest.mark.parametrize("originals", [False, True])
@given(calls())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_byte_shows_it(originals: bool, drawn: tuple[str, Any]) -> None:
    canary, call = drawn
    probe = LeakProbe({"plugins": ["pii"], "on_invalid": "report"}, originals=originals)
    found = probe.findings(canary, call)
    assert (found.records, found.texts, found.reprs) == ([], [], [])


@pytest.mark.timeout(300)
@given(st.sampled_from(SECRETS + NUMBERS), st.sampled_from(["raise", "report"]))
@settings(max_examples=20, deadline=None)
def test_no_text_of_ours_shows_any_value(secret: str, on_invalid: str) -> None:
    def call() -> None:
        for event in (LeakRuled, LeakKeyed, LeakFree):
            with contextlib.suppress(InvalidEvent):
                event.track(note=[secret], more=object(), token={1: {2: [secret]}}, people=[secret], wrong=secret)

    probe = LeakProbe({"plugins": ["pii"], "on_invalid": on_invalid})
    found = probe.findings(secret, call)
    assert (found.texts, found.reprs) == ([], [])
