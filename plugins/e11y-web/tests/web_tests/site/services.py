"""What every application under test does: the same steps, events and failures, whatever the framework."""

from __future__ import annotations

import e11y
from e11y_web import annotate

STEPS = 5


class LoadStep(e11y.Event, severity="debug"):
    request: str
    number: int


class LoadSold(e11y.Event, severity="success"):
    request: str


class LoadTicked(e11y.Event):
    number: int


class BackgroundFailed(Exception):
    """Raised after the response."""


def begin(request: str) -> None:
    annotate(request=request)
    step(request, 1)
    step(request, 2)


def step(request: str, number: int) -> None:
    LoadStep.track(request=request, number=number)


def finish(request: str) -> None:
    for number in range(3, STEPS + 1):
        step(request, number)


def tick(first: int, count: int) -> None:
    for number in range(first, first + count):
        LoadTicked.track(number=number)
