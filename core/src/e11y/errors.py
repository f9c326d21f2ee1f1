"""Every error that e11y raises: what went wrong, where, and how to fix it.

No error text holds a payload value: only names, paths, types and lengths.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint such as ``, did you mean 'logs'?``, or an empty text when nothing is near."""
    found = near_match(name, known)
    return f", did you mean {found!r}?" if found else ""


def near_match(name: str, known: Iterable[str]) -> str | None:
    """Return the one of ``known`` that ``name`` was probably meant to be, or ``None``."""
    import difflib  # noqa: PLC0415 - only errors need it

    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return str(found[0]) if found else None


class E11yError(Exception):
    """Base of all errors of e11y.

    Args:
        what: One line that says what is wrong.
        where: File and table, class and line, or plugin and version.
        fix: What the reader should do about it.
    """

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        self.what = what
        self.where = where
        self.fix = fix
        super().__init__(what)

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.fix:
            lines.append(f"  fix:   {self.fix}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), self.__dict__.copy()))


class ConfigError(E11yError):
    """Settings, event types or their combination cannot work. Raised at start, never later.

    ``problems`` holds each single error when a start found several.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        fix: str = "",
        problems: Sequence[E11yError] = (),
    ) -> None:
        super().__init__(what, where=where, fix=fix)
        self.problems = tuple(problems)

    @classmethod
    def joined(cls, problems: Sequence[E11yError]) -> E11yError:
        """Return one error that tells all of ``problems``; a single one is returned as it is."""
        single = [
            part
            for problem in problems
            for part in (problem.problems if isinstance(problem, ConfigError) and problem.problems else (problem,))
        ]
        if len(single) == 1:
            return single[0]
        return cls(f"{len(single)} problems stop the start", problems=single)

    def __str__(self) -> str:
        if not self.problems:
            return super().__str__()
        return "\n\n".join([f"{self.what}:", *(str(problem) for problem in self.problems)])


class PluginError(ConfigError):
    """A plugin is missing, broken, in the wrong zone, or answers a hook with the wrong thing."""


class DeliveryError(E11yError):
    """Base of what an adapter raises when a batch, or a part of it, was not accepted."""


class Retryable(DeliveryError):
    """The destination may accept the same batch later.

    Args:
        reason: A short text without payload values, for example ``"503 Service Unavailable"``.
        retry_after_s: Seconds the destination asked to wait; ``None`` leaves it to core's back-off.
    """

    def __init__(self, reason: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class Rejected(DeliveryError):
    """The destination will never accept this batch as it is.

    Args:
        reason: The destination's own words, shortened, without payload values.
        split: ``True`` when only some record of the batch may be at fault: core then halves the
            batch until the bad record stands alone.
    """

    def __init__(self, reason: str, *, split: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.split = split


class Declined(DeliveryError):
    """The adapter leaves this batch out on purpose: a setting says so, not the destination.

    It is no failure: nothing is reported, no dead letter is made, and the breaker is not told. The ledger
    counts the records as given up for ``reason``.

    Args:
        reason: One of a few fixed words, for example ``"sample rate"``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Partial(DeliveryError):
    """Some records of a batch were accepted and some were not.

    Args:
        failures: Index in the batch -> ``Retryable``, ``Rejected`` or ``Declined``. What is not named
            counts as delivered. Records that share one ``Rejected(split=True)`` were refused together: core
            halves these alone until the bad record is found.
    """

    def __init__(self, failures: Mapping[int, DeliveryError]) -> None:
        super().__init__(f"{len(failures)} records of the batch were not accepted")
        self.failures = dict(failures)


class Problem(tuple[str, str]):
    """One thing that is wrong with one field: ``(path, reason)``, for example ``("amount", "...")``."""

    __slots__ = ()

    @property
    def path(self) -> str:
        return self[0]

    @property
    def reason(self) -> str:
        return self[1]


class InvalidEvent(E11yError):
    """A call of ``track()`` did not fit its event type. Names every field that failed.

    Attributes:
        event_name: Delivered name, for example ``order.paid``.
        event_type: Qualified name of the class.
        problems: ``Problem(path, reason)`` of each failure, in the order of the fields.
    """

    def __init__(self, event_name: str, event_type: str, problems: Sequence[Problem]) -> None:
        self.event_name = event_name
        self.event_type = event_type
        self.problems = tuple(problems)
        listed = "; ".join(f"{problem[0]}: {problem[1]}" for problem in self.problems)
        super().__init__(
            f"event {event_name!r} is not valid: {listed}",
            where=event_type,
            fix="pass the fields as they are declared, by keyword",
        )


def _rebuild(kind: type[E11yError], state: dict[str, Any]) -> E11yError:
    error = kind.__new__(kind)
    Exception.__init__(error, state.get("what", ""))
    error.__dict__.update(state)
    return error
