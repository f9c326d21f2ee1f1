"""What declaring an event type checks by itself, and what a type inherits."""

from __future__ import annotations

import pickle
from typing import Any

import attrs
import pytest

from e11y import AuditEvent, ConfigError, Event, HighValueEvent, OpenEvent, Option, declaration, option, sampled
from e11y.severity import Severity


class BasePayment(Event, severity="warn", adapters=["archive"], retention="10d", abstract=True):
    payment_id: str


class PresetFirst(HighValueEvent, BasePayment):
    pass


class BaseFirst(BasePayment, HighValueEvent):
    pass


class Overriding(PresetFirst, severity="fatal", adapters=[]):
    payment_id: str = "unknown"


class GrandChild(Overriding):
    extra: int


def test_a_preset_wins_over_a_base_whatever_their_order() -> None:
    for event_type in (PresetFirst, BaseFirst):
        assert declaration.severity(event_type) is Severity.SUCCESS
        assert declaration.resolved(event_type, "adapters") == ("archive",)
        assert declaration.resolved(event_type, "retention_s") == 864_000.0
        assert declaration.resolved(event_type, "dead_letter") is True


def test_the_body_wins_over_presets_and_every_level_is_inherited() -> None:
    assert declaration.severity(Overriding) is Severity.FATAL
    assert declaration.severity(GrandChild) is Severity.FATAL
    assert declaration.resolved(GrandChild, "adapters") == ()
    assert [field.name for field in attrs.fields(GrandChild)] == ["payment_id", "extra"]
    assert attrs.fields(GrandChild).payment_id.default == "unknown"


def test_a_name_and_a_version_are_not_inherited() -> None:
    class Named(Event, name="billing/paid", version=3):
        pass

    class Child(Named):
        pass

    assert (declaration.name(Named), declaration.version(Named)) == ("billing/paid", 3)
    assert (declaration.name(Child), declaration.version(Child)) == ("child", 1)


@pytest.mark.parametrize(
    ("class_name", "keywords", "base_name"),
    [
        ("OrderSent", {}, "order.sent"),
        ("OrderSentV2", {}, "order.sent"),
        ("OrderSentV1", {}, "order.sent"),
        ("OrderSent", {"version": 2}, "order.sent"),
        ("UpgradedToV2", {"version": 1}, "upgraded.to.v2"),
        ("OrderSentV2", {"name": "order.sent.v2"}, "order.sent.v2"),
    ],
)
def test_versions_share_a_base_name(class_name: str, keywords: dict[str, Any], base_name: str) -> None:
    event_type = type(Event)(class_name, (Event,), {"__module__": __name__}, **keywords)
    assert declaration.base_name(event_type) == base_name


def test_an_option_may_speak_for_one_class_only() -> None:
    class Color(Option):
        plugin = "colors"

    class Removal(Option):
        plugin = "removals"
        inherited = False

    @option(Color())
    @option(Removal())
    class Painted(Event):
        pass

    class PaintedAgain(Painted):
        pass

    assert set(declaration.options(Painted)) == {Color, Removal}
    assert set(declaration.options(PaintedAgain)) == {Color}


def test_audit_is_a_trait_of_its_preset() -> None:
    class KeyRotated(AuditEvent):
        pass

    assert declaration.resolved(KeyRotated, "audit") is True


def test_event_types_have_no_instances() -> None:
    class OrderPaid(Event):
        pass

    with pytest.raises(TypeError, match=r"^event types have no instances; use OrderPaid.track\(...\)$"):
        OrderPaid()


def test_each_type_has_one_function_of_its_own() -> None:
    assert PresetFirst.track is PresetFirst.track
    assert PresetFirst.track is not BaseFirst.track
    assert PresetFirst.track.__qualname__ == "PresetFirst.track"


def test_track_can_be_pickled_by_name() -> None:
    import sys
    import types

    module = types.ModuleType("picklable_events")
    sys.modules["picklable_events"] = module
    try:
        exec("from e11y import Event\nclass Happened(Event):\n    x: int\n", module.__dict__)
        track = module.__dict__["Happened"].track
        assert pickle.loads(pickle.dumps(track)) is track
    finally:
        del sys.modules["picklable_events"]


def refused(**keywords: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        type("Refused", (Event,), {"__module__": "shop"}, **keywords)
    return str(caught.value)


def test_an_unknown_severity_is_refused() -> None:
    assert refused(severity="critical") == (
        "unknown severity 'critical'\n"
        "  where: class shop.Refused\n"
        "  fix:   use one of: debug, info, success, warn, error, fatal"
    )
    assert "did you mean 'error'?" in refused(severity="eror")


def test_an_unknown_keyword_is_refused_with_the_nearest() -> None:
    assert refused(severty="error") == (
        "unknown class keyword 'severty', did you mean 'severity'?\n"
        "  where: class shop.Refused\n"
        "  fix:   use one of: severity, version, name, adapters, retention, validation, audit, dead_letter, abstract, "
        "preset; settings of plugins are decorators from their packages"
    )


@pytest.mark.parametrize("version", [0, -1, "2", True, 1.0])
def test_a_version_is_a_positive_int(version: object) -> None:
    assert refused(version=version) == (
        f"version must be an int of 1 or more, not {version!r}\n  where: class shop.Refused\n  fix:   write version=2"
    )


@pytest.mark.parametrize("adapters", ["logs", [""], [1], 5])
def test_adapters_are_a_list_of_names(adapters: object) -> None:
    assert refused(adapters=adapters) == (
        "adapters must be a list of purpose names\n"
        "  where: class shop.Refused\n"
        '  fix:   write adapters=["logs"]; [] means nowhere'
    )


def test_a_retention_is_a_duration() -> None:
    told = refused(retention="long")
    assert told.startswith("retention: ")
    assert told.endswith('\n  where: class shop.Refused\n  fix:   write retention="90d"')


@pytest.mark.parametrize("mode", ["sometimes", 2.0, 1])
def test_a_validation_mode_is_one_of_three(mode: object) -> None:
    assert refused(validation=mode) == (
        f"unknown validation mode {mode!r}\n"
        "  where: class shop.Refused\n"
        '  fix:   use "always", "never" or e11y.sampled(0.01)'
    )


@pytest.mark.parametrize("rate", [-0.1, 1.1, "x", True])
def test_a_share_to_check_is_a_number_from_0_to_1(rate: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        sampled(rate)
    assert str(caught.value) == (
        "the share of calls to check must be a number from 0 to 1\n  fix:   write sampled(0.01)"
    )


@pytest.mark.parametrize("name", ["track", "at", "timed"])
def test_what_every_type_inherits_cannot_be_redefined(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        type("Refused", (Event,), {"__module__": "shop", name: lambda: None})
    assert str(caught.value) == (
        f"{name!r} is what every event type inherits and cannot be redefined\n"
        "  where: class shop.Refused\n"
        f"  fix:   give your classmethod another name and call cls.{name}(...) in it"
    )


@pytest.mark.parametrize("name", ["self", "_private", "track"])
def test_some_field_names_cannot_work(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        type("Refused", (Event,), {"__module__": "shop", "__annotations__": {name: str}})
    assert str(caught.value) == (
        f"{name!r} cannot be the name of a field\n"
        "  where: class shop.Refused\n"
        "  fix:   rename it; field names do not start with an underscore and are none of: self, track, at, timed"
    )


def test_converters_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:

        class Converting(Event):
            amount: int = attrs.field(converter=int)

    assert str(caught.value).startswith("field 'amount' has a converter; e11y delivers what the caller passed\n")


def test_defaults_that_want_an_instance_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:

        class Selfish(Event):
            amount: int = attrs.field(default=attrs.Factory(lambda self: 1, takes_self=True))

    assert str(caught.value).startswith("the default of field 'amount' wants an instance; event types have none\n")


def test_an_open_event_is_only_a_base() -> None:
    declared = declaration.of(OpenEvent)
    assert declared is not None
    assert declared.abstract
