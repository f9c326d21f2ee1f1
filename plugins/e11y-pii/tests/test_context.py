"""Context is filtered when it is set."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

import e11y
from e11y import Event
from e11y.testing import TrackedEvents

RULES = {"ip": "hash", "mail": "partial", "gone": "redact", "veil": "mask", "open_mail": "allow"}


class ContextSeen(Event):
    pass


def context(events: TrackedEvents) -> dict[str, Any]:
    ContextSeen.track()
    return dict(events.records[-1].context)


@pytest.mark.e11y_config({"plugins": ["pii"]})
def test_context_is_filtered_by_key_name_and_scanned(e11y_events: TrackedEvents) -> None:
    with e11y.context(user_id="42", password="x", note="mail alice@example.com", count=3, token=None):
        e11y.bind(reply_to="bob@example.com", **{"carol@example.com": 1})
        assert context(e11y_events) == {
            "user_id": "42",
            "password": "[FILTERED]",
            "note": "mail [FILTERED]",
            "count": 3,
            "reply_to": "[FILTERED]",
            "[FILTERED]": 1,
        }


@pytest.mark.e11y_config({"plugins": ["pii"], "pii": {"context": RULES}})
def test_context_has_rules_by_key(e11y_events: TrackedEvents) -> None:
    with e11y.context(ip="192.0.2.1", mail="user@example.com", gone="x", veil=1, open_mail="user@example.com"):
        assert context(e11y_events) == {
            "ip": "hashed_" + hashlib.sha256(b"192.0.2.1").hexdigest()[:16],
            "mail": "us***com",
            "veil": "[FILTERED]",
            "open_mail": "user@example.com",
        }


@pytest.mark.e11y_config({"plugins": ["pii"]})
def test_a_text_is_scanned_before_it_is_cut(e11y_events: TrackedEvents) -> None:
    with e11y.context(note="x" * 1015 + " alice@example.com"):
        assert context(e11y_events)["note"].endswith("x [FILTERE")
