"""Delivered names and versions, by constants alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from e11y import META, ConfigError, Event, Observe, hookimpl
from e11y_versioning import latest, versions

Run = Callable[..., Any]


class ShipmentSent(Event):
    n: int


class ShipmentSentV2(Event):
    n: int
    carrier: str


class ShipmentSentV10(ShipmentSentV2):
    pass


class ParcelLostV1(Event):
    n: int


class ParcelFound(Event, version=3):
    n: int


class MigratedToIPV6(Event):
    n: int


class UpgradedToV2(Event, version=1):
    n: int


class NamedV2(Event, name="Billing.custom.v2"):
    n: int


class PlainNoted(Event):
    n: int


@pytest.mark.parametrize(
    ("event_type", "fields", "name", "v"),
    [
        (ShipmentSent, {}, "shipment.sent", None),
        (ShipmentSentV2, {"carrier": "x"}, "shipment.sent", 2),
        (ShipmentSentV10, {"carrier": "x"}, "shipment.sent", 10),
        (ParcelLostV1, {}, "parcel.lost", None),
        (ParcelFound, {}, "parcel.found", 3),
        (MigratedToIPV6, {}, "migrated.to.ipv6", None),
        (UpgradedToV2, {}, "upgraded.to.v2", None),
        (NamedV2, {}, "Billing.custom.v2", 2),
    ],
)
def test_every_version_is_delivered_under_one_name(
    run: Run, event_type: type[Event], fields: dict[str, Any], name: str, v: int | None
) -> None:
    bench = run()
    event_type.track(n=1, **fields)
    (record,) = bench.records
    assert (record.name, record.version) == (name, v or 1)
    assert ("v" in record.metadata, record.metadata.get("v")) == (v is not None, v)
    line = json.loads(record.encoded())
    assert (line["event_name"], line["metadata"].get("v")) == (name, v)


def test_without_the_plugin_the_suffix_stays(run: Run) -> None:
    bench = run(names=())
    ShipmentSentV2.track(n=1, carrier="x")
    (record,) = bench.records
    assert (record.name, "v" in record.metadata) == ("shipment.sent.v2", False)


@pytest.mark.parametrize("event_type", [ShipmentSent, ShipmentSentV2, ParcelFound, NamedV2, PlainNoted])
def test_the_generated_function_is_the_same_with_and_without_the_plugin(run: Run, event_type: type[Event]) -> None:
    assert run().source(event_type) == run(names=()).source(event_type)
    variant = ("error", None, False)
    with_plugin, without = (run(names=names).runtime.compiler for names in (("versioning",), ()))
    assert with_plugin.source(event_type, variant) == without.source(event_type, variant)


def test_each_version_is_checked_by_its_own_fields(run: Run) -> None:
    run()
    assert ShipmentSent.track(n=1)
    with pytest.raises(Exception, match="carrier"):
        ShipmentSentV2.track(n=1)


class WatchPlugin:
    """Sees what steps are told about the version."""

    name = "watch"

    def __init__(self) -> None:
        self.seen: list[tuple[object, ...]] = []

    @hookimpl
    def e11y_observe(self, schema: Any) -> Observe:
        return Observe(lambda *facts: self.seen.append((schema.base_name, *facts)), needs=(META.version,))


def test_steps_can_tell_the_shared_name(run: Run) -> None:
    watch = WatchPlugin()
    run(plugins=[watch])
    ShipmentSentV2.track(n=1, carrier="x")
    assert watch.seen == [("shipment.sent", 2)]


def test_two_types_cannot_deliver_the_same_version(run: Run) -> None:
    class InvoiceSentV2(Event):
        pass

    class Twin(Event, name="invoice.sent", version=2):
        pass

    where = f"{__name__}.test_two_types_cannot_deliver_the_same_version.<locals>"
    with pytest.raises(ConfigError) as caught:
        run(known=[InvoiceSentV2, Twin])
    assert str(caught.value) == (
        f"{where}.InvoiceSentV2 and {where}.Twin both deliver version 2 of 'invoice.sent'\n"
        f"  where: class {where}.Twin\n"
        "  fix:   give one of them another version=... or name=..."
    )


def test_a_class_that_is_defined_again_takes_its_own_place(run: Run) -> None:
    def define() -> type[Event]:
        class ReloadedV2(Event):
            pass

        return ReloadedV2

    run(known=[define(), define()])


def test_versions_are_found_by_their_name() -> None:
    assert versions("shipment.sent") == {1: ShipmentSent, 2: ShipmentSentV2, 10: ShipmentSentV10}
    assert versions("ShipmentSent") == {1: ShipmentSent}
    assert versions("nobody.knows") == {}
    assert latest("shipment.sent") is ShipmentSentV10
    assert latest("parcel.found") is ParcelFound
    assert latest("nobody.knows") is None


def test_what_is_found_is_a_copy() -> None:
    versions("shipment.sent").clear()
    assert len(versions("shipment.sent")) == 3
