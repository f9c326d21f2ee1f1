"""What the annotations of an application may name, whether they wait as text (PEP 563) or as code (PEP 649)."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from e11y import ConfigError, InvalidEvent, Outcome

from .conftest import Bench, MakeBench

AS_TEXT, AS_CODE = "from __future__ import annotations\n", ""
WAYS = {"text": AS_TEXT, "code": AS_CODE} if sys.version_info >= (3, 14) else {"text": AS_TEXT}

MONEY = """
import attrs


@attrs.frozen
class Money:
    cents: int
"""

SHOP = """
from enum import Enum
from typing import TYPE_CHECKING, Annotated

import attrs
from annotated_types import Gt, MinLen

from e11y import Event, hookimpl
from e11y.steps import Enrich

if TYPE_CHECKING:
    import annotated_money
    from annotated_money import Money as Amount
    from e11y.schema import Schema
"""

Load = Callable[[str], ModuleType]


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def load(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Import a module of an application; it and its neighbour ``annotated_money`` are files."""
    monkeypatch.syspath_prepend(tmp_path)

    def load(text: str) -> ModuleType:
        for name, body in (("annotated_money", MONEY), ("annotated_shop", SHOP + text)):
            (tmp_path / f"{name}.py").write_text(request.param + body, "utf-8")
        importlib.invalidate_caches()
        return importlib.import_module("annotated_shop")

    yield load
    for name in ("annotated_money", "annotated_shop"):
        sys.modules.pop(name, None)


def money(cents: int) -> object:
    return importlib.import_module("annotated_money").Money(cents)


def test_names_that_only_type_checkers_import(bench: Bench, load: Load) -> None:
    shop = load("""
class AmountsNamed(Event):
    plain: Amount
    dotted: annotated_money.Money
    text: "Amount"
    absent: Amount | None = None
    several: Annotated[list[Amount], MinLen(1)]
""")
    assert "annotated_money" not in sys.modules
    one, two = money(1), money(2)
    assert shop.AmountsNamed.track(plain=one, dotted=one, text=one, several=[two]) is Outcome.ACCEPTED
    cents = {"cents": 1}
    assert bench.payload == {"plain": cents, "dotted": cents, "text": cents, "absent": None, "several": [{"cents": 2}]}
    with pytest.raises(InvalidEvent, match="plain: must be a Money, not an int\n"):
        shop.AmountsNamed.track(plain=1, dotted=one, text=one, several=[two])


def test_names_that_come_later(bench: Bench, load: Load) -> None:
    shop = load("""
class ItemNamed(Event):
    item: Item
    colour: Colour | None = None


@attrs.frozen
class Item:
    name: str
    price: Amount
    part: Item | None = None


class Colour(Enum):
    RED = "red"
""")
    item = shop.Item("box", money(2), shop.Item("lid", money(1)))
    assert shop.ItemNamed.track(item=item, colour=shop.Colour.RED) is Outcome.ACCEPTED
    lid = {"name": "lid", "price": {"cents": 1}, "part": None}
    assert bench.payload == {"item": {"name": "box", "price": {"cents": 2}, "part": lid}, "colour": "red"}


def test_names_of_the_enclosing_function(bench: Bench, load: Load) -> None:
    shop = load("""
def declare():
    if TYPE_CHECKING:
        from annotated_money import Money

    @attrs.frozen
    class Box:
        size: int

    class BoxNamed(Event):
        plain: Box
        text: "list[Box]"
        number: int
        price: Money

    return BoxNamed, Box
""")
    event_type, box = shop.declare()
    assert event_type.track(plain=box(1), text=[box(2)], number=3, price=money(4)) is Outcome.ACCEPTED
    assert bench.payload == {"plain": {"size": 1}, "text": [{"size": 2}], "number": 3, "price": {"cents": 4}}


def test_names_of_the_module_of_a_base(bench: Bench, load: Load) -> None:
    base = load("""
class AmountInherited(Event):
    amount: Amount
""").AmountInherited

    class Child(base):  # type: ignore[misc, valid-type]
        reason: str

    assert Child.track(amount=money(1), reason="gift") is Outcome.ACCEPTED
    assert bench.payload == {"amount": {"cents": 1}, "reason": "gift"}


@pytest.mark.parametrize("annotation", ["list[Nowhere]", "Annotated[int, Gt(Nowhere)]"])
def test_names_that_mean_nothing_are_told_at_start(bench: Bench, load: Load, annotation: str) -> None:
    shop = load(f"""
class NothingNamed(Event):
    field: {annotation}
""")
    with pytest.raises(ConfigError) as caught:
        bench.runtime.compile(shop.NothingNamed)
    assert str(caught.value) == (
        "the annotation 'Nowhere' of NothingNamed means nothing\n"
        "  where: class annotated_shop.NothingNamed\n"
        "  fix:   import Nowhere in annotated_shop, also under TYPE_CHECKING, or define it there"
    )


@pytest.mark.parametrize("name", ["self", "_private", "track"])
def test_some_field_names_cannot_work(load: Load, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(f"""
class Refused(Event):
    {name}: Amount
""")
    assert str(caught.value) == (
        f"{name!r} cannot be the name of a field\n"
        "  where: class annotated_shop.Refused\n"
        "  fix:   rename it; field names do not start with an underscore and are none of: self, track, at, timed"
    )


def test_names_in_the_functions_of_a_plugin(make_bench: MakeBench, load: Load) -> None:
    shop = load("""
class AmountDoubled(Event):
    amount: int


class Plugin:
    name = "doubler"

    @hookimpl
    def e11y_enrich(self, schema: Schema) -> Enrich:
        def double(amount: Amount) -> Amount:
            return 2 * amount

        return Enrich(double, adds={"doubled": int})
""")
    bench = make_bench(plugins=[shop.Plugin()])
    assert shop.AmountDoubled.track(amount=21) is Outcome.ACCEPTED
    assert bench.payload == {"amount": 21, "doubled": 42}
