"""What an event type says about its Sentry issues."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import ClassVar, Literal, Self, TypeVar

import attrs

from e11y import ConfigError, Option, option, option_off

T = TypeVar("T", bound=type)

_TAG = re.compile(r"[a-zA-Z0-9_.:-]{1,32}", re.ASCII)
_FIELD = re.compile(r"\{([^{}]+)\}")


@attrs.frozen
class SentryOption(Option):
    """How the events of a type become issues. Made by :func:`sentry`.

    Args:
        fingerprint: Groups events into one issue; empty: event name and type of the exception.
        tags: Payload fields that become tags.
        sample_rate: Share of the events that is sent; ``None`` leaves it to the settings.
    """

    plugin: ClassVar[str] = "sentry"
    advisory: ClassVar[bool] = True

    fingerprint: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    sample_rate: float | None = None

    def merged(self, inherited: Self) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride] - Self is Self
        """Return this option with what only the base class says; tags add up."""
        return attrs.evolve(
            self,
            fingerprint=self.fingerprint or inherited.fingerprint,
            tags=tuple(dict.fromkeys((*inherited.tags, *self.tags))),
            sample_rate=inherited.sample_rate if self.sample_rate is None else self.sample_rate,
        )

    @property
    def fields(self) -> tuple[str, ...]:
        """The payload fields that it reads."""
        named = [match[1] for match in map(_FIELD.fullmatch, self.fingerprint) if match]
        return (*self.tags, *named)


def sentry(
    enabled: Literal[False] | None = None,
    /,
    *,
    fingerprint: Sequence[str] = (),
    tags: Sequence[str] = (),
    sample_rate: float | None = None,
) -> Callable[[T], T]:
    """Return a class decorator that says how events of a type become Sentry issues.

        @sentry(fingerprint=["payment", "{provider}"], tags=["currency"])
        class PaymentFailed(Event, severity="error"): ...

    Args:
        enabled: ``False`` sends no event of the type; they still show as breadcrumbs of others.
        fingerprint: Texts that together name the issue. ``{field}`` stands for the value of that payload
            field, ``{{ default }}`` for Sentry's own grouping.
        tags: Payload fields to search issues by.
        sample_rate: Share of the events that is sent, from 0.0 to 1.0.

    Raises:
        ConfigError: A tag cannot be one, or the share is none.
    """
    if enabled is False:
        return option_off(SentryOption)
    for text in (fingerprint, tags):
        if isinstance(text, str):
            raise _wrong("fingerprint and tags take lists of texts, not one text", 'write  ["..."]')
    for tag in tags:
        if not is_tag(tag):
            raise _wrong(
                f"{tag!r} cannot be a tag of Sentry",
                "name a field of at most 32 characters out of a-z, A-Z, 0-9 and _ . : -",
            )
    if sample_rate is not None and not 0.0 <= sample_rate <= 1.0:
        raise _wrong(f"sample_rate is {sample_rate}", "give a share from 0.0 to 1.0")
    return option(SentryOption(tuple(fingerprint), tuple(tags), sample_rate))


def is_tag(name: str) -> bool:
    """Return whether Sentry takes ``name`` as the name of a tag."""
    return _TAG.fullmatch(name) is not None


def field_of(part: str) -> str | None:
    """Return the payload field that a part of a fingerprint stands for, if it stands for one."""
    match = _FIELD.fullmatch(part)
    return match[1] if match else None


def _wrong(what: str, fix: str) -> ConfigError:
    return ConfigError(what, where="@sentry(...) on an event type", fix=fix)
