"""Wrong declarations of event types."""

from __future__ import annotations

from e11y import Event


class Shouted(Event, severity="loud"):  # error: no such severity
    text: str


class Numbered(Event, version="2"):  # error: a version is a number
    text: str


class Sent(Event, adapters=[1]):  # error: adapters are names
    text: str


class Stored(Event, retention=90):  # error: retention is a text such as "90d"
    text: str


class Counted(Event):
    count: int = "one"  # error: default of the wrong type


class Misspelt(Event, severty="info"):  # error: no such class keyword
    order_id: str
