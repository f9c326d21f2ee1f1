"""The contracts of core: what every plugin with steps promises, and that nothing protected leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import attrs
import pytest

import e11y
from e11y import Event, Host, OpenEvent
from e11y.testing import LeakContract, StepContract
from e11y_pii import Hash, Mask, Partial, PiiPlugin, PiiSettings, Redact, Truncate, pii


@attrs.frozen
class Person:
    email: Annotated[str, Mask]
    about: str = ""


class ContractSigned(Event):
    email: Annotated[str, Mask]
    login: Annotated[str | None, Hash] = None
    phone: Annotated[str, Redact]
    key: Annotated[str, Truncate(3)]
    name: Annotated[str, Partial]
    password: str
    note: str
    tags: list[str]
    more: dict[str, Any]


@pii(scan="call")
class ContractRead(Event):
    note: str
    more: dict[str, Any]


@pii
class ContractNoted(OpenEvent):
    person: Person | None = None
    people: list[Person] = attrs.field(factory=list)


class ContractKept(Event):
    token: str
    more: dict[str, Any] = attrs.field(factory=dict)


class ContractStep(ContractNoted, severity="debug"):
    """A debug event, which waits in its scope."""


class TestSteps(StepContract):
    @pytest.fixture
    def plugin(self, host: Host) -> PiiPlugin:
        return PiiPlugin(PiiSettings(), host)

    @pytest.fixture
    def event_types(self) -> Sequence[type[Event]]:
        return [ContractSigned, ContractRead, ContractNoted]


def _failing(secret: str) -> None:
    with e11y.context(note=f"from {secret}", password=secret), e11y.scope("work"):
        ContractStep.track(reply=secret)
        with pytest.raises(ZeroDivisionError), ContractNoted.timed(note=secret):
            raise ZeroDivisionError


class TestLeaks(LeakContract):
    @pytest.fixture
    def settings(self) -> Mapping[str, Any]:
        return {"plugins": ["pii"]}

    @pytest.fixture
    def hides(self) -> Sequence[Callable[[str], object]]:
        def signed(secret: str) -> object:
            return ContractSigned.track(
                email=secret, login=secret, phone=secret, key=secret, name=secret, password=secret,
                note=f"from {secret}.", tags=[secret], more={"a": [{secret: 1}, (secret, {secret})], "b": secret.encode()},
            )  # fmt: skip

        return [
            signed,
            lambda secret: ContractRead.track(note=secret, more={secret: {"token": secret}}),
            lambda secret: ContractNoted.track(person=Person(secret, secret), people=[Person(secret)], reply=secret),
            lambda secret: ContractNoted.track(**{secret: secret}),
            lambda secret: ContractKept.track(token=secret, more={"api-key": [secret], "x": {"userPassword": secret}}),
            lambda secret: ContractSigned.at(adapters=["refuses"]).track(**dict.fromkeys(("email", "phone"), secret)),  # type: ignore[call-arg]
            _failing,
        ]

    @pytest.fixture
    def refuses(self) -> Sequence[type[Event]]:
        return [ContractSigned, ContractRead, ContractNoted, ContractKept]
