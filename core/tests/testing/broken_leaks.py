"""One sound plugin, and for each promise of the leak contract one that breaks exactly it.

This file is run by ``test_leak_contract.py``; pytest does not collect it by itself.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs
import pluggy
import pytest

import e11y
from e11y.adapter import Adapter
from e11y.adapters import MemoryAdapter
from e11y.event import Event
from e11y.schema import Schema
from e11y.steps import Filter
from e11y.testing.leak_contract import LeakContract

hookimpl = pluggy.HookimplMarker("e11y")


class LeakVisit(Event):
    email: str
    more: dict[str, Any] = attrs.field(factory=dict)


class LeakStep(Event, severity="debug"):
    email: str


class LeakCount(Event):
    number: int


def tell(instance: Any, attribute: Any, value: Any) -> None:
    """A validator that talks."""
    logging.getLogger("shop").warning("checking %r", value)


class LeakTold(Event):
    word: str = attrs.field(validator=tell)


def failing_scope(secret: str) -> None:
    with e11y.scope("work") as scope:
        LeakStep.track(email=secret)
        scope.fail()


class Sound:
    """Filters whole values."""

    name = "veil"

    @hookimpl
    def e11y_filter(self, schema: Schema) -> Any:
        return Filter(dict.fromkeys(schema.fields, self.veil))

    def veil(self, value: Any) -> Any:
        return "***"


class SoundBase(LeakContract):
    breaks: ClassVar[str] = ""
    plugin: ClassVar[type[Any]] = Sound

    @pytest.fixture
    def settings(self) -> Mapping[str, Any]:
        return {"plugins": [], "trusted": ["veil"]}

    @pytest.fixture
    def plugins(self) -> Sequence[object]:
        return [self.plugin()]

    @pytest.fixture
    def hides(self) -> Sequence[Any]:
        return [
            lambda secret: LeakVisit.track(email=secret),
            lambda secret: LeakVisit.track(email="", more={"a": [{"b": secret, secret: 1}], "c": secret.encode()}),
            failing_scope,
        ]

    @pytest.fixture
    def refuses(self) -> Sequence[type[Event]]:
        return [LeakCount, LeakVisit]


class TestSound(SoundBase):
    """All promises kept."""


class TestLetsBytesThrough(SoundBase):
    breaks = "test_no_record_shows_a_protected_value"

    class plugin(Sound):  # noqa: N801
        def veil(self, value: Any) -> Any:
            return {"c": value["c"]} if isinstance(value, dict) and value else "***"


class TestAdapterWritesSomethingElse(SoundBase):
    breaks = "test_no_record_shows_a_protected_value"

    @pytest.fixture
    def adapters(self) -> Mapping[str, tuple[Adapter, Any]]:
        class Gossip(MemoryAdapter):
            heard: ClassVar[list[bytes]] = []

        class Listening(Sound):
            def veil(self, value: Any) -> Any:
                Gossip.heard.append(repr(value).encode())
                return "***"

        self.listening = Listening()
        return {"gossip": (Gossip(), lambda: b"".join(Gossip.heard))}

    @pytest.fixture
    def plugins(self, adapters: Any) -> Sequence[object]:
        return [self.listening]


class TestLogsWhatItVeils(SoundBase):
    breaks = "test_no_text_shows_a_protected_value"

    class plugin(Sound):  # noqa: N801
        def veil(self, value: Any) -> Any:
            logging.getLogger("veil").debug("veiling %s", value)
            return "***"


class TestShowsWhatItVeiled(SoundBase):
    breaks = "test_no_repr_shows_a_protected_value"

    class plugin(Sound):  # noqa: N801
        last: Any = None

        def veil(self, value: Any) -> Any:
            self.last = [self.last, value]
            return "***"

        def __repr__(self) -> str:
            return f"Veil({self.last})"


class TestTalksWhileChecking(SoundBase):
    breaks = "test_no_text_about_a_call_shows_any_value"

    @pytest.fixture
    def refuses(self) -> Sequence[type[Event]]:
        return [LeakTold]
