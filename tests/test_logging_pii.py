"""Log lines are protected like any other event, without a word about it at the call or on the event type."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

import e11y
from e11y.testing import Bench
from e11y_logging import E11yHandler

MAIL = "alice@example.com"
CARD = "4111 1111 1111 1111"


class Lines(Bench):
    """What a logger of its own makes, as the bytes of a line say it."""

    log = logging.Logger("shop.orders", logging.DEBUG)  # noqa: LOG001 - one that stands alone

    @property
    def delivered(self) -> str:
        """Everything that arrived."""
        return "\n".join(record.encoded().decode() for record in self.records)

    @property
    def payloads(self) -> list[dict[str, object]]:
        return [json.loads(line)["payload"] for line in self.delivered.splitlines()]


Lines.log.addHandler(E11yHandler())


@pytest.fixture(params=["deferred", "call"])
def bench(request: pytest.FixtureRequest) -> Iterator[Lines]:
    with Lines.running({"plugins": ["logging", "pii"], "pii": {"scan": request.param}}) as bench:
        yield bench


def test_addresses_in_messages_are_masked(bench: Lines) -> None:
    bench.log.info("mail to %s failed", MAIL)
    bench.log.info("paid with %s by " + MAIL, CARD)  # noqa: G003
    assert [payload["message"] for payload in bench.payloads] == [
        "mail to [FILTERED] failed",
        "paid with [FILTERED] by [FILTERED]",
    ]


def test_extra_is_protected_by_its_names_and_by_what_it_holds(bench: Lines) -> None:
    bench.log.info("paid", extra={"password": "hunter2", "note": f"call {MAIL}", "deep": [{"token": "x", "to": MAIL}]})
    (payload,) = bench.payloads
    assert payload["password"] == "[FILTERED]"
    assert payload["note"] == "call [FILTERED]"
    assert payload["deep"] == [{"token": "[FILTERED]", "to": "[FILTERED]"}]


def test_exceptions_are_protected_with_all_that_led_to_them(bench: Lines) -> None:
    try:
        try:
            raise KeyError(MAIL)
        except KeyError as error:
            raise ValueError(f"no customer {MAIL}, card {CARD}") from error
    except ValueError as error:
        error.add_note(f"asked by {MAIL}")
        bench.log.exception("failed")
    (payload,) = bench.payloads
    assert payload["exception_type"] == "ValueError"
    assert payload["exception_message"] == "no customer [FILTERED], card [FILTERED]"
    assert "asked by [FILTERED]" in str(payload["exception_stacktrace"])
    assert MAIL not in bench.delivered
    assert CARD not in bench.delivered


def test_a_trail_is_protected_and_a_success_is_never_scanned(bench: Lines) -> None:
    with e11y.scope("POST /orders"):
        bench.log.debug("reading the cart of %s", MAIL)
    with e11y.scope("POST /orders"):
        bench.log.debug("reading the cart of %s", MAIL)
        bench.log.error("no cart for %s", MAIL)
    assert [payload["message"] for payload in bench.payloads] == [
        "reading the cart of [FILTERED]",
        "no cart for [FILTERED]",
    ]


def test_a_cut_leaves_no_half_of_an_address(bench: Lines) -> None:
    for filler in range(9_960, 10_001):
        bench.log.info("%s %s and %s", "x" * filler, MAIL, CARD)
    messages = [str(payload["message"]) for payload in bench.payloads]  # beside them stand ids, which hold any digits
    assert len(messages) == 41
    assert [message for message in messages if "alice" in message or "4111" in message] == []


def test_arguments_that_do_not_fit_are_told_nowhere(bench: Lines, caplog: pytest.LogCaptureFixture) -> None:
    bench.log.info("%d", MAIL)
    bench.runtime.faults.tell(final=True)
    assert MAIL not in bench.delivered
    assert "TypeError" in caplog.text
    assert MAIL not in caplog.text
