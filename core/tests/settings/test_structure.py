"""Tables become instances exactly, or every problem is told."""

from __future__ import annotations

import datetime as dt
import enum
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NewType

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from e11y import ConfigError, E11yError, units
from e11y.settings import EnvText, structure

Port = NewType("Port", int)
HERE = "[tool.e11y.box] in pyproject.toml"


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@attrs.frozen(eq=False)
class Inner:
    name: str
    rate: float = 1.0


@attrs.frozen(eq=False)
class Box:
    text: str = ""
    count: int = 0
    rate: float = 0.0
    on: bool = False
    raw: bytes = b""
    mode: Literal["fast", "slow", 3] = "fast"
    colour: Colour = Colour.RED
    level: Level = Level.LOW
    names: tuple[str, ...] = ()
    pair: tuple[str, int] = ("", 0)
    numbers: list[int] = attrs.field(factory=list)
    tags: frozenset[str] = frozenset()
    seen: set[int] = attrs.field(factory=set)
    sequence: Sequence[str] = ()
    bare: tuple = ()  # type: ignore[type-arg]
    labels: Mapping[str, str] = attrs.field(factory=dict)
    loose: dict = attrs.field(factory=dict)  # type: ignore[type-arg]
    limits: dict[str, int] = attrs.field(factory=dict)
    inner: Inner | None = None
    inners: tuple[Inner, ...] = ()
    path: Path | None = None
    day: dt.date | None = None
    either: int | str | bool = 0
    port: Port = Port(1)
    noted: Annotated[int, "a note"] = 0
    call: Callable[[], int] | None = None
    anything: Any = None
    thing: object = None
    timeout_s: float = units.duration("5s")
    pause_s: float | None = units.duration(None)
    limit: int = units.byte_size("1MiB")
    key: str = attrs.field(default="", repr=False)


def test_every_type_is_taken_exactly() -> None:
    day = dt.date(2026, 1, 2)
    box = structure(
        Box,
        {
            "text": "x", "count": 2, "rate": 3, "on": True, "raw": b"r", "mode": 3, "colour": "blue", "level": 2,
            "names": ["a"], "pair": ["a", 1], "numbers": [1], "tags": ["t"], "seen": (1,), "sequence": ["s"],
            "bare": [1, "b"], "labels": {"a": "b"}, "loose": {"a": 1}, "limits": {"a": 1},
            "inner": {"name": "n"}, "inners": [{"name": "m", "rate": 0.5}], "path": "/p", "day": day,
            "either": "e", "port": 80, "noted": 1, "call": int, "anything": [1], "thing": {"a": 1},
            "timeout": "200ms", "pause": None, "limit": "2kB", "key": "k",
        },
        HERE,
    )  # fmt: skip
    assert attrs.asdict(box, recurse=False) | {"inner": None, "inners": None} == {
        "text": "x", "count": 2, "rate": 3.0, "on": True, "raw": b"r", "mode": 3, "colour": Colour.BLUE,
        "level": Level.HIGH, "names": ("a",), "pair": ("a", 1), "numbers": [1], "tags": frozenset({"t"}),
        "seen": {1}, "sequence": ("s",), "bare": (1, "b"), "labels": {"a": "b"}, "loose": {"a": 1},
        "limits": {"a": 1}, "inner": None, "inners": None, "path": Path("/p"), "day": day, "either": "e",
        "port": 80, "noted": 1, "call": int, "anything": [1], "thing": {"a": 1}, "timeout_s": 0.2,
        "pause_s": None, "limit": 2000, "key": "k",
    }  # fmt: skip
    assert box.inner is not None
    assert (box.inner.name, box.inner.rate, box.inners[0].rate, type(box.rate)) == ("n", 1.0, 0.5, float)
    ready = Inner("ready")
    assert structure(Box, {"inner": ready, "colour": Colour.BLUE, "path": Path("/q")}, HERE).inner is ready


def test_text_of_the_environment_is_typed_by_its_target() -> None:
    box = structure(
        Box,
        {
            key: EnvText(text)
            for key, text in {
                "text": "5", "count": "5", "rate": "0.5", "on": "TRUE", "mode": "3", "colour": "blue", "level": "2",
                "names": "a, b", "numbers": "1,2", "tags": "", "either": "7", "port": "80", "path": "/p",
                "timeout": "1m", "limit": "1kB", "anything": "x", "thing": "y",
            }.items()
        }
        | {"labels": {"a": EnvText("b")}, "loose": {"a": [EnvText("b"), {"c": EnvText("d")}]}},
        HERE,
    )  # fmt: skip
    assert (box.text, box.count, box.rate, box.on, box.mode, box.colour) == ("5", 5, 0.5, True, 3, Colour.BLUE)
    assert (box.level, box.names, box.numbers, box.tags, box.either) == (Level.HIGH, ("a", "b"), [1, 2], frozenset(), 7)
    assert (box.port, box.path, box.timeout_s, box.limit) == (80, Path("/p"), 60.0, 1000)
    assert structure(Box, {"either": EnvText("x"), "on": EnvText("0")}, HERE).either == "x"
    plain = [
        box.text,
        box.names[0],
        box.labels["a"],
        box.loose["a"][0],
        box.loose["a"][1]["c"],
        box.anything,
        box.thing,
    ]
    assert {type(text) for text in plain} == {str}


def refusals(table: Mapping[str, Any], cls: type[Any]) -> Sequence[E11yError]:
    with pytest.raises(ConfigError) as caught:
        structure(cls, table, HERE)
    return caught.value.problems


def refusal(table: Mapping[str, Any], cls: type[Any] = Box) -> str:
    with pytest.raises(ConfigError) as caught:
        structure(cls, table, HERE)
    assert caught.value.__context__ is None
    return str(caught.value)


@pytest.mark.parametrize(
    ("table", "says", "fix"),
    [
        ({"text": 1}, "'text' must be text, not a whole number", 'text = "..."'),
        ({"count": "1"}, "'count' must be a whole number, not text", "count = 0"),
        ({"count": True}, "'count' must be a whole number, not a boolean", "count = 0"),
        ({"count": 1.0}, "'count' must be a whole number, not a number", "count = 0"),
        ({"rate": True}, "'rate' must be a number, not a boolean", "rate = 0.0"),
        ({"rate": float("nan")}, "'rate' must be a number, not infinity or NaN", "rate = 0.0"),
        ({"rate": EnvText("inf")}, "'rate' must be a number, not infinity or NaN", "rate = 0.0"),
        ({"on": 1}, "'on' must be true or false, not a whole number", "on = false"),
        ({"on": EnvText("yes")}, "'on' must be true or false, not other text", "on = false"),
        ({"raw": 1}, "'raw' must be bytes, not a whole number", "raw = ..."),
        ({"mode": "slwo"}, "'mode' must be one of 'fast', 'slow', 3, did you mean 'slow'?", 'mode = "fast"'),
        ({"mode": True}, "'mode' must be one of 'fast', 'slow', 3, not a boolean", 'mode = "fast"'),
        ({"mode": [1]}, "'mode' must be one of 'fast', 'slow', 3, not a list", 'mode = "fast"'),
        ({"colour": "rde"}, "'colour' must be one of 'red', 'blue', did you mean 'red'?", 'colour = "red"'),
        ({"level": True}, "'level' must be one of 1, 2, not a boolean", "level = 1"),
        ({"names": "abc"}, "'names' must be a list, not text", "names = [ ... ]"),
        ({"names": ["a", 1]}, "'names[1]' must be text, not a whole number", "names = [ ... ]"),
        ({"pair": ["a"]}, "'pair' must be a list of 2, not of 1", "pair = [ ... ]"),
        ({"numbers": {"a": 1}}, "'numbers' must be a list, not a table", "numbers = [ ... ]"),
        ({"numbers": EnvText("1,x")}, "'numbers[1]' must be a whole number, not other text", "numbers = [ ... ]"),
        ({"labels": ["a"]}, "'labels' must be a table, not a list", "labels = { ... }"),
        ({"labels": {"team": 1}}, "'labels.team' must be text, not a whole number", 'team = "..."'),
        ({"labels": {1: "x"}}, "'labels' has a key that is not text", "labels = { ... }"),
        ({"inner": "x"}, "'inner' must be a table, not text", "inner = { ... }"),
        ({"inner": {"name": 1}}, "'inner.name' must be text, not a whole number", 'name = "..."'),
        ({"inners": [{"name": None}]}, "'inners[0].name' must be text, not None", 'name = "..."'),
        ({"path": 1}, "'path' must be a path as text, not a whole number", 'path = "/path"'),
        ({"day": "2026-01-02"}, "'day' must be an instance of date, not text", "day = ..."),
        ({"either": 0.5}, "'either' must be a whole number or text or true or false, not a number", "either = 0"),
        ({"call": "x"}, "'call' must be an instance of Callable, not text", "call = ..."),
        ({"timeout": 5}, "'timeout' must be a duration as text, not a whole number", 'timeout = "5s"'),
        ({"timeout": True}, "'timeout' must be a duration as text, not a boolean", 'timeout = "5s"'),
        ({"timeout": None}, "'timeout' must be a duration as text, not None", 'timeout = "5s"'),
        ({"pause": 1.5}, "'pause' must be a duration as text, not a number", 'pause = "5s"'),
        ({"timeout": "5 sec"}, f"'timeout' must be a duration: {units.DURATION_FORMS}", 'timeout = "5s"'),
        ({"limit": 5}, "'limit' must be a size as text, not a whole number", 'limit = "1MiB"'),
        ({"limit": "5KB"}, f"'limit' must be a size: {units.SIZE_FORMS}", 'limit = "1MiB"'),
        ({"text": object()}, "'text' must be text, not 'object'", 'text = "..."'),
    ],
)
def test_what_does_not_fit_is_told_with_place_and_fix(table: dict[str, Any], says: str, fix: str) -> None:
    assert refusal(table) == f"setting {says}\n  where: {HERE}\n  fix:   write  {fix}"


def test_a_table_that_is_none_and_a_missing_key() -> None:
    assert refusal({"inner": {}}) == (f"setting 'inner.name' is missing\n  where: {HERE}\n  fix:   add  name = \"...\"")
    with pytest.raises(ConfigError) as caught:
        structure(Box, [], HERE)  # type: ignore[arg-type]
    assert str(caught.value) == f"this table must be a table, not a list\n  where: {HERE}\n  fix:   write  key = ..."


def test_an_unknown_key_is_refused_with_the_nearest() -> None:
    assert refusal({"nmae": "x"}, Inner) == "2 problems stop the start:\n\n" + "\n\n".join(
        [
            f"setting 'nmae' is unknown, did you mean 'name'?\n  where: {HERE}\n  fix:   remove it, or use one of: name, rate",
            f"setting 'name' is missing\n  where: {HERE}\n  fix:   add  name = \"...\"",
        ]
    )


def test_hints_know_the_keys_that_somebody_else_reads() -> None:
    with pytest.raises(ConfigError) as caught:
        structure(Inner, {"name": "x", "batch_intervall": "1s"}, HERE, beside={"batch_interval"})
    assert caught.value.what == "setting 'batch_intervall' is unknown, did you mean 'batch_interval'?"


def test_a_class_without_fields_takes_no_keys() -> None:
    @attrs.frozen(eq=False)
    class Nothing:
        pass

    assert refusal({"a": 1}, Nothing) == f"setting 'a' is unknown\n  where: {HERE}\n  fix:   remove it"


@given(st.text(max_size=20).filter(lambda key: key not in {"name", "rate"}))
def test_any_unknown_key_is_refused_and_named(key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        structure(Inner, {"name": "x", key: 1}, HERE)
    assert caught.value.what.startswith(f"setting {key!r} is unknown") or "[" in key
    assert caught.value.fix == "remove it, or use one of: name, rate"


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*attrs.fields_dict(Box), "timeout", "pause"]), json_like, max_size=4))
def test_any_table_is_taken_or_refused(table: dict[str, Any]) -> None:
    try:
        assert isinstance(structure(Box, table, HERE), Box)
    except ConfigError as error:
        assert all(problem.where == HERE and problem.fix for problem in error.problems or (error,))  # noqa: PT017


def positive(_instance: object, attribute: attrs.Attribute[int], value: int) -> None:
    if value <= 0:
        raise ValueError(f"{attribute.name} must be positive")


def showing_its_value(_instance: object, _attribute: attrs.Attribute[Any], value: Any) -> None:
    if value and value != ("a",):
        raise ValueError(f"bad: {value!r}")
    if value == ():
        raise ValueError


@attrs.frozen(eq=False)
class Checked:
    low: int = attrs.field(default=1, validator=positive)
    high: int = attrs.field(default=2, validator=positive)
    pattern: str = attrs.field(default="a", validator=attrs.validators.matches_re("a+"))
    words: tuple[str, ...] = attrs.field(default=("a",), validator=showing_its_value)
    table: Mapping[str, str] = attrs.field(factory=dict, validator=showing_its_value)
    token: str = attrs.field(default="", validator=attrs.validators.max_len(3), repr=False)
    turned: int = attrs.field(default=1, converter=abs, validator=attrs.validators.le(5))

    @high.validator
    def _above_low(self, _attribute: attrs.Attribute[int], value: int) -> None:
        if value < self.low:
            raise ValueError("must not be below 'low'")

    def __attrs_post_init__(self) -> None:
        if self.low == 99:
            raise RuntimeError


def test_every_validator_that_refuses_is_told() -> None:
    assert refusal({"low": 0, "high": -1}, Checked) == "2 problems stop the start:\n\n" + "\n\n".join(
        [
            f"setting 'low' is refused: low must be positive\n  where: {HERE}\n  fix:   write  low = 1",
            f"setting 'high' is refused: high must be positive\n  where: {HERE}\n  fix:   write  high = 2",
        ]
    )
    assert refusal({"low": 9, "high": 3}, Checked) == (
        f"setting 'high' is refused: must not be below 'low'\n  where: {HERE}\n  fix:   write  high = 2"
    )


def test_a_validator_that_compares_with_a_default_is_asked_by_the_class() -> None:
    assert refusal({"high": 0}, Checked).startswith("setting 'high' is refused: high must be positive")
    assert structure(Checked, {"high": 3}, HERE).high == 3
    assert refusal({"low": 7}, Checked) == (
        f"this table is refused: must not be below 'low'\n  where: {HERE}\n  fix:   give values that Checked accepts"
    )


def test_what_a_validator_says_about_a_text_never_shows_the_text() -> None:
    assert refusal({"pattern": "hunter2"}, Checked).startswith("setting 'pattern' is refused: ValueError\n")
    assert refusal({"words": ["hunter2"]}, Checked).startswith("setting 'words' is refused: ValueError\n")
    assert refusal({"table": {"a": "hunter2", "b": ""}}, Checked).startswith("setting 'table' is refused: ValueError\n")
    assert refusal({"words": []}, Checked).startswith("setting 'words' is refused: ValueError\n")
    assert refusal({"token": "hunter2"}, Checked).startswith("setting 'token' is refused: ValueError\n")
    assert refusal({"token": "x", "low": 99}, Checked).startswith("this table is refused: ValueError\n")
    assert refusal({"turned": -9}, Checked).startswith("this table is refused: 'turned' must be <= 5: 9\n")
    assert refusal({"low": 99, "high": 100}, Checked).startswith("this table is refused: RuntimeError\n")


@given(st.dictionaries(st.sampled_from(["text", "count", "names", "mode", "timeout", "limit", "key", "inner", "day"]),
                       st.sampled_from(["hunter2-hunter2", ["hunter2-hunter2"], {"hunter": "hunter2-hunter2"}])))  # fmt: skip
def test_no_message_shows_a_value(table: dict[str, Any]) -> None:
    try:
        structure(Box, table, HERE)
    except ConfigError as error:
        assert not re.search("hunter2", str(error))  # noqa: PT017 - most tables do not fit, some do


def test_an_annotation_that_cannot_be_resolved_is_told() -> None:
    @attrs.frozen(eq=False)
    class Lost:
        field: "Nowhere" = None  # type: ignore[name-defined] # noqa: F821, UP037

    assert refusal({}, Lost) == (
        "settings class 'test_an_annotation_that_cannot_be_resolved_is_told.<locals>.Lost' "
        "has an annotation that names the unknown 'Nowhere'\n"
        f"  where: {__name__}.test_an_annotation_that_cannot_be_resolved_is_told.<locals>.Lost\n"
        "  fix:   import the name at run time, not under TYPE_CHECKING"
    )


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the statement 'type' came with Python 3.12")
def test_an_alias_is_what_it_stands_for() -> None:
    namespace: dict[str, Any] = {}
    exec("type Ports = list[int]", namespace)
    made = attrs.make_class("Made", {"ports": attrs.field(type=namespace["Ports"])})
    assert structure(made, {"ports": [1]}, HERE).ports == [1]
    assert refusal({"ports": 1}, made).endswith("fix:   write  ports = [ ... ]")


def test_examples_for_types_that_are_named_anew() -> None:
    @attrs.frozen(eq=False)
    class Named:
        port: Port
        free: Callable[[], int]

    assert [problem.fix for problem in refusals({}, Named)] == ["add  port = 1", "add  free = ..."]


def test_untyped_fields_take_anything_and_computed_ones_are_no_keys() -> None:
    made = attrs.make_class("Made", {"free": attrs.field(default=1), "own": attrs.field(init=False, default=2)})
    assert structure(made, {"free": "x"}, HERE).free == "x"
    assert "'own' is unknown" in refusal({"own": 1}, made)
