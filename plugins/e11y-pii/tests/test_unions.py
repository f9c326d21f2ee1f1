"""What holds for a value whose type is a union, or a structure that holds itself."""

from __future__ import annotations

from typing import Annotated, Any, get_type_hints

import attrs
import pytest

from e11y import Event, Runtime
from e11y.testing import TrackedEvents
from e11y_pii import Allow, Hash, Mask, Partial, Redact, Truncate

pytestmark = pytest.mark.e11y_config({"plugins": ["pii"]})

SECRET = "alice@example.com"
CODE = "canary7f3a"


@attrs.frozen
class UnionOpen:
    email: Annotated[str, Allow]
    note: str = ""


@attrs.frozen
class UnionPlain:
    email: str
    place: str = ""


@attrs.frozen
class UnionMasked:
    note: Annotated[str, Mask]
    token_name: Annotated[str, Allow] = ""


@attrs.frozen
class UnionRoot:
    colour: Annotated[str, Mask]
    child: UnionRoot | None = None
    others: list[UnionRoot] | dict[str, UnionRoot] | int = 0


@attrs.frozen
class UnionHashed:
    codes: list[Annotated[str, Hash]]


class UnionHashes(Event):
    value: UnionHashed


class UnionAllowMask(Event):
    value: Annotated[int, Allow] | Annotated[str, Mask]


class UnionAllowPlain(Event):
    value: Annotated[int, Allow] | str


class UnionAllowAll(Event):
    value: Annotated[int, Allow] | Annotated[str, Allow] | None


class UnionTwoStructures(Event):
    value: UnionOpen | UnionPlain


class UnionAllowDict(Event):
    value: Annotated[str, Allow] | dict[str, str]


class UnionStructureDict(Event):
    value: UnionOpen | dict[str, str]


class UnionStructureAny(Event):
    value: UnionOpen | Any


class UnionLists(Event):
    value: list[Annotated[str, Allow]] | dict[str, str]


class UnionTruncated(Event):
    value: Annotated[int, Truncate(8)] | Annotated[str, Truncate(4)]


class UnionDictAllowed(Event):
    value: dict[str, Annotated[str, Allow]]


class UnionDictOfNumbers(Event):
    value: dict[str, Annotated[int, Allow]]


class UnionMarkedKeys(Event):
    value: dict[Annotated[str, Mask], str]


class UnionPair(Event):
    value: tuple[str, Annotated[str, Allow]]


class UnionRecursive(Event):
    root: UnionRoot


def value(events: TrackedEvents) -> Any:
    return events.records[-1].payload["value"]


STRICTEST: list[tuple[Any, Any, Any]] = [
    (UnionAllowMask, SECRET, "[FILTERED]"),
    (UnionAllowMask, 7, "[FILTERED]"),
    (UnionAllowPlain, SECRET, "[FILTERED]"),
    (UnionAllowPlain, 7, 7),
    (UnionAllowAll, SECRET, SECRET),
    (UnionAllowAll, 7, 7),
    (UnionTwoStructures, UnionPlain(SECRET), {"email": "[FILTERED]", "place": ""}),
    (UnionTwoStructures, UnionOpen(SECRET), {"email": "[FILTERED]", "note": ""}),
    (UnionAllowDict, {"password": "hunter2"}, {"password": "[FILTERED]"}),
    (UnionAllowDict, SECRET, "[FILTERED]"),
    (UnionStructureDict, {"email": SECRET}, {"email": "[FILTERED]"}),
    (UnionStructureAny, {"email": SECRET}, {"email": "[FILTERED]"}),
    (UnionLists, {"first": SECRET}, {"first": "[FILTERED]"}),
    (UnionTruncated, "abcdefgh", "abcd"),
    (
        UnionDictAllowed,
        {"a": SECRET, "password": "b", SECRET: "c"},
        {"a": SECRET, "password": "b", "[FILTERED]": "c"},
    ),
    (UnionDictOfNumbers, {"a": 1, SECRET: 2}, {"a": 1, "[FILTERED]": 2}),
    (UnionMarkedKeys, {"a": "b"}, {"a": "[FILTERED]"}),
    (UnionPair, (SECRET, SECRET), ["[FILTERED]", "[FILTERED]"]),
]


@pytest.mark.parametrize(("event", "given", "told"), STRICTEST)
def test_the_strictest_part_counts_for_all(e11y_events: TrackedEvents, event: Any, given: Any, told: Any) -> None:
    event.track(value=given)
    assert value(e11y_events) == told


@pytest.mark.parametrize(("event", "given", "told"), STRICTEST)
def test_so_it_does_inside_a_structure(e11y_events: TrackedEvents, event: Any, given: Any, told: Any) -> None:
    kind = get_type_hints(event, include_extras=True)["value"]
    held = attrs.make_class("UnionHeld", {"value": attrs.field(type=kind)}, frozen=True)
    box: Any = type("UnionBox", (Event,), {"__annotations__": {"value": held}, "__module__": __name__})
    box.track(value=held(given))
    assert value(e11y_events) == {"value": told}


def test_the_items_of_a_list_in_a_structure_are_hashed_one_by_one(e11y_events: TrackedEvents) -> None:
    UnionHashes.track(value=UnionHashed(["a", "b", "a"]))
    first, second, third = value(e11y_events)["codes"]
    assert first == third != second


PARTS: list[tuple[Any, Any]] = [
    (str, f"{CODE} {SECRET}"),
    (Annotated[str, Mask], f"{CODE} {SECRET}"),
    (Annotated[str, Hash], f"{CODE} {SECRET}"),
    (Annotated[str, Partial], f"{CODE} {SECRET}"),
    (Annotated[str, Allow], f"{CODE} {SECRET}"),
    (Annotated[bytes, Redact], f"{CODE} {SECRET}".encode()),
    (Annotated[int, Allow], 7),
    (dict[str, str], {"email": f"{CODE} {SECRET}", "password": CODE, "note": SECRET}),
    (dict[str, Annotated[str, Mask]], {"email": f"{CODE} {SECRET}"}),
    (list[Annotated[str, Allow]], [f"{CODE} {SECRET}"]),
    (list[str], [f"{CODE} {SECRET}"]),
    (UnionOpen, UnionOpen(f"{CODE} {SECRET}", SECRET)),
    (Annotated[UnionOpen, Allow], UnionOpen(f"{CODE} {SECRET}", SECRET)),
    (UnionPlain, UnionPlain(f"{CODE} {SECRET}", SECRET)),
    (UnionMasked, UnionMasked(f"{CODE} {SECRET}", SECRET)),
]


def visible(kind: Any, given: Any, events: TrackedEvents) -> dict[str, int]:
    """Return how often each secret can be read when an event with a field of this type is tracked."""
    event: Any = type("UnionMade", (Event,), {"__annotations__": {"value": kind}, "__module__": __name__})
    event.track(value=given)
    text = events.records[-1].encoded().decode()
    return {secret: text.count(secret) for secret in (CODE, SECRET)}


@pytest.mark.parametrize("one", range(len(PARTS)))
def test_a_union_shows_no_more_than_its_parts(e11y_events: TrackedEvents, one: int) -> None:
    kind, given = PARTS[one]
    alone = visible(kind, given, e11y_events)
    for other, _ in PARTS[:one] + PARTS[one + 1 :]:
        together = visible(kind | other, given, e11y_events)
        assert all(together[secret] <= alone[secret] for secret in alone), other


def test_a_structure_that_holds_itself_is_ruled_at_any_depth(e11y_events: TrackedEvents) -> None:
    leaf = UnionRoot(CODE, UnionRoot(CODE, UnionRoot(CODE)))
    UnionRecursive.track(root=UnionRoot(CODE, leaf, [leaf, UnionRoot(CODE, None, {"one": leaf})]))
    text = e11y_events.records[-1].encoded().decode()
    assert CODE not in text
    assert text.count("[FILTERED]") == 11


def test_a_marker_that_does_not_count_still_declares_the_type() -> None:
    runtime = Runtime({"plugins": ["pii"]}, environ={}, event_types=())
    (plugin,) = (placed.step for placed in runtime.compiler.plan(UnionAllowPlain).filters)
    assert plugin.defers == ("value",)
