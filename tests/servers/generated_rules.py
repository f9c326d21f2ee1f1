"""What ``e11y slo`` generates, made fit to be tried within seconds."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

import yaml

BURNS: Mapping[str, Any] = {
    "fast": {"window": "20s", "threshold": 5, "alert_after": "5s"},
    "medium": {"window": "40s", "threshold": 3, "alert_after": "10s"},
    "slow": {"window": "60s", "threshold": 2, "alert_after": "20s"},
}


def without_intervals(rules: str) -> str:
    """Return rules that are all evaluated as often as the server evaluates."""
    content = yaml.safe_load(rules)
    for group in content["groups"]:
        group.pop("interval", None)
    return yaml.safe_dump(content)


def asked(rules: str) -> list[str]:
    """Return every expression of a rules file, alerts so that they have a value also while nothing is wrong."""
    written = [rule for group in yaml.safe_load(rules)["groups"] for rule in group["rules"]]
    return [without_comparison(one["expr"]) if "alert" in one else one["expr"] for one in written]


def without_comparison(expression: str) -> str:
    """Return an alert's expression so that it has a value also while nothing is wrong."""
    return re.sub(r" (>|<|<=) (?=[-\d])", r" \1 bool ", expression)


def until(what: Callable[[], object], told: Callable[[], object], timeout_s: float = 60.0) -> None:
    """Wait until something is so; ``told()`` says what was there instead."""
    deadline = time.monotonic() + timeout_s
    while not what():
        assert time.monotonic() < deadline, told()
        time.sleep(0.2)
