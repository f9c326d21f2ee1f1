"""Originals reach their adapter alone, failures withhold, replay filters nothing a second time."""

from __future__ import annotations

import hashlib
import pickle
from typing import Annotated, Any

import attrs
import pytest

from e11y import Capabilities, Event, OpenEvent, Rejected, Runtime, hookimpl
from e11y.adapters import MemoryAdapter
from e11y_pii import Hash, Mask, Redact, pii

MAIL = "alice@example.com"
HASHED = "hashed_" + hashlib.sha256(MAIL.encode()).hexdigest()[:16]


class DeliveryMarked(Event):
    email: Annotated[str, Hash]
    gone: Annotated[str | None, Redact] = None
    note: str = ""
    more: dict[str, Any] = attrs.field(factory=dict)


@pii
class DeliveryFree(OpenEvent):
    email: Annotated[str, Mask] = ""


class Keeper:
    """Keeps dead letters."""

    name = "keeper"

    def __init__(self) -> None:
        self.kept: list[Any] = []

    @hookimpl
    def e11y_dead_letter(self, record: Any, adapter: str, reason: str) -> bool:
        self.kept.append((record, adapter, reason))
        return True


class Refusing(MemoryAdapter):
    def write_batch(self, records: Any) -> None:
        raise Rejected("not wanted")


def vault(kind: type[MemoryAdapter] = MemoryAdapter) -> MemoryAdapter:
    made = kind()
    made.capabilities = Capabilities(audit=True, originals=True)
    return made


def run(adapters: dict[str, Any], *plugins: object, **settings: Any) -> Runtime:
    given = {"plugins": ["pii"], "routes": {"default": list(adapters)}, **settings}
    return Runtime(given, plugins=plugins, adapters=adapters, environ={}, event_types=())


def test_originals_reach_their_adapter_alone() -> None:
    logs, secret = MemoryAdapter(), vault()
    with run({"logs": logs, "secret": secret}) as runtime:
        DeliveryMarked.track(email=MAIL, gone=MAIL, note=MAIL, more={"token": MAIL, "a": [MAIL]})
        DeliveryFree.track(email=MAIL, password=MAIL, reply=MAIL)
        runtime.flush(5)
    assert [dict(record.payload) for record in logs.records] == [
        {"email": HASHED, "note": "[FILTERED]", "more": {"token": "[FILTERED]", "a": ["[FILTERED]"]}},
        {"email": "[FILTERED]", "password": "[FILTERED]", "reply": "[FILTERED]"},
    ]
    assert [dict(record.payload) for record in secret.records] == [
        {"email": MAIL, "gone": MAIL, "note": MAIL, "more": {"token": MAIL, "a": [MAIL]}},
        {"email": MAIL, "password": MAIL, "reply": MAIL},
    ]
    for record in logs.records:
        assert MAIL.encode() not in record.encoded() + pickle.dumps(record) + repr(record).encode()


def test_the_settings_of_an_adapter_decide_whether_it_sees_originals() -> None:
    class VaultPlugin:
        name = "vault"
        made: list[MemoryAdapter] = []  # noqa: RUF012

        @hookimpl
        def e11y_export(self) -> Any:
            from e11y import AdapterType
            from e11y.adapters import MemorySettings

            def make(settings: Any, host: Any) -> MemoryAdapter:
                self.made.append(vault())
                return self.made[-1]

            return AdapterType(name="vault", settings=MemorySettings, make=make)

    plugin = VaultPlugin()
    tables = {"open": {"type": "vault", "originals": True}, "shut": {"type": "vault"}}
    settings = {"plugins": ["pii"], "adapters": tables, "routes": {"default": ["open", "shut"]}}
    with Runtime(settings, plugins=[plugin], environ={}, event_types=()) as runtime:
        DeliveryMarked.track(email=MAIL)
        runtime.flush(5)
    assert [one.records[0].payload["email"] for one in plugin.made] == [MAIL, HASHED]


def test_a_dead_letter_of_originals_holds_the_masked_view_and_says_so() -> None:
    keeper = Keeper()
    with run({"secret": vault(Refusing)}, keeper) as runtime:
        DeliveryMarked.track(email=MAIL, note=MAIL)
        DeliveryFree.track(reply=MAIL)
        runtime.flush(5)
    assert [(letter.metadata["masked"], adapter) for letter, adapter, _ in keeper.kept] == [(True, "secret")] * 2
    assert not [letter for letter, _, _ in keeper.kept if MAIL.encode() in letter.encoded() + pickle.dumps(letter)]


def test_a_replayed_record_is_not_filtered_again() -> None:
    keeper, logs = Keeper(), MemoryAdapter()
    with run({"down": Refusing()}, keeper) as runtime:
        DeliveryMarked.track(email=MAIL, note=MAIL)
        runtime.flush(5)
    letter = pickle.loads(pickle.dumps(keeper.kept[0][0]))
    with run({"logs": logs}) as runtime:
        runtime.submit([letter], "logs")
        runtime.flush(5)
    (record,) = logs.records
    assert record.encoded() == letter.encoded()
    assert record.payload == {"email": HASHED, "note": "[FILTERED]", "more": {}}


@pytest.mark.parametrize("flag", ["dlq_replayed", "pii_filtered", "_metadata", "replayed"])
def test_no_keyword_of_a_call_switches_the_filter_off(flag: str) -> None:
    logs = MemoryAdapter()
    with run({"logs": logs}) as runtime:
        DeliveryFree.track(**{flag: True, "password": MAIL, "note": MAIL})
        runtime.flush(5)
    (record,) = logs.records
    assert (record.payload["password"], record.payload["note"]) == ("[FILTERED]", "[FILTERED]")
