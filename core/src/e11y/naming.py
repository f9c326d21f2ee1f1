"""What a class name says about its events: name, version, severity."""

from __future__ import annotations

import re

from e11y.severity import Severity

_VERSION = re.compile(r"(?<=[a-z0-9])V([1-9][0-9]*)$")
_WORD = re.compile(r"[A-Z]+[0-9]*(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+")

_SEVERITY_OF_LAST_WORD = {
    "failed": Severity.ERROR,
    "error": Severity.ERROR,
    "paid": Severity.SUCCESS,
    "succeeded": Severity.SUCCESS,
    "completed": Severity.SUCCESS,
    "success": Severity.SUCCESS,
    "warning": Severity.WARN,
}


def split_version(class_name: str) -> tuple[str, int | None]:
    """Split ``OrderPaidV2`` into ``("OrderPaid", 2)``; without a version suffix the second is ``None``.

    The suffix counts only after a lowercase letter or a digit: ``MigratedToIPV6`` has none.
    """
    match = _VERSION.search(class_name)
    if match is None:
        return class_name, None
    return class_name[: match.start()], int(match[1])


def words(class_name: str) -> list[str]:
    """Return the lower-cased words of a CamelCase name; a run of capitals is one word."""
    return [word.lower() for word in _WORD.findall(class_name)]


def event_name(class_name: str) -> str:
    """Return ``order.paid`` for ``OrderPaid`` and ``order.paid.v2`` for ``OrderPaidV2``."""
    stem, version = split_version(class_name)
    name = ".".join(words(stem))
    return name if version is None else f"{name}.v{version}"


def severity(class_name: str) -> Severity:
    """Return the severity that the last word of the class name stands for, else info."""
    stem, _ = split_version(class_name)
    return _SEVERITY_OF_LAST_WORD.get((words(stem) or [""])[-1], Severity.INFO)
