"""What an event type says about its personal data: markers on fields, a mode on the class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal, TypeVar, overload

import attrs

from e11y import ConfigError, Option, option, option_off
from e11y_pii.names import looks_personal

T = TypeVar("T", bound=type)

Scan = Literal["deferred", "call"]
"""When texts are scanned: on the preparer's thread, or while ``track()`` runs."""


class Strategy(Option):
    """Base of the markers. A field carries at most one; its own class or an instance of it is the marker."""

    plugin: ClassVar[str] = "pii"


@attrs.frozen
class Mask(Strategy):
    """The value becomes ``[FILTERED]``; ``None`` stays ``None``, as with all others but ``Redact``."""


@attrs.frozen
class Hash(Strategy):
    """The value becomes ``hashed_`` and 16 hex digits: of HMAC-SHA256 with ``hash_key``, else of SHA-256.

    Equal values stay equal, in every process that has the same key. Without a key whoever can guess a
    value can confirm the guess.
    """


@attrs.frozen
class Partial(Strategy):
    """Some characters stay: ``user@example.com`` becomes ``us***com``, other text its two outer pairs.

    Shorter than four characters, or no text, becomes ``[FILTERED]``. Of a text of four all are shown, ``1234`` becomes
    ``12***34``, and of five or six most are: for short secrets such as PINs use ``Mask``.
    """


@attrs.frozen
class Redact(Strategy):
    """The field is left out, whatever its value."""


@attrs.frozen
class Truncate(Strategy):
    """Only the first ``length`` characters of a text stay, and these are scanned like any other text."""

    length: int = attrs.field(validator=attrs.validators.gt(0))


@attrs.frozen
class Allow(Strategy):
    """The value stays as it is, with everything in it: no key name and no pattern counts below.

    In a union it counts only if every part says so.
    """


STRATEGIES: tuple[type[Strategy], ...] = (Mask, Hash, Partial, Redact, Truncate, Allow)

STRICTEST_FIRST: tuple[type[Strategy], ...] = (Redact, Mask, Hash, Partial, Truncate, Allow)
"""The order in which the parts of a union are asked what counts for all of it."""


@attrs.frozen
class Declared(Option):
    """Mode of an event type whose texts are scanned; attached by ``@pii``.

    Args:
        scan: When; ``None`` leaves it to the setting.
    """

    plugin: ClassVar[str] = "pii"

    scan: Scan | None = None


@attrs.frozen
class Reason(Option):
    """Why an event type is delivered untouched; attached by ``@pii(False)``."""

    plugin: ClassVar[str] = "pii"
    advisory: ClassVar[bool] = True

    because: str = ""


@overload
def pii(enabled: T, /) -> T: ...


@overload
def pii(enabled: Literal[True] = True, /, *, scan: Scan | None = None) -> Callable[[T], T]: ...


@overload
def pii(enabled: Literal[False], /, *, because: str = "") -> Callable[[T], T]: ...


def pii(enabled: Any = True, /, *, scan: Scan | None = None, because: str = "") -> Any:
    """Return a class decorator that says how an event type is protected; inherited by its subclasses.

    ``@pii`` declares the type: its fields follow their markers, then key names count, then all texts are
    scanned. ``@pii(False)`` delivers it untouched. A type with a marker on any field is declared already.

    Args:
        enabled: Whether the type is protected.
        scan: ``"call"`` scans texts while ``track()`` runs, so that later steps may read them.
        because: Why a type with fields that look personal may be delivered untouched.

    Raises:
        ConfigError: The type is to be delivered untouched, has a field that looks personal, and no
            reason is given; or an argument means nothing.
    """
    if isinstance(enabled, type):
        return option(Declared())(enabled)
    if enabled is not True and enabled is not False:
        raise ConfigError(
            f"@pii takes True or False, not {type(enabled).__name__}",
            fix="rules of single fields are markers: Annotated[str, Hash]",
        )
    if scan not in (None, "deferred", "call"):
        raise ConfigError(f"@pii(scan=...) is unknown: {scan!r}", fix='use "deferred" or "call"')
    if enabled:
        return option(Declared(scan))

    def untouched(event_type: T) -> T:
        refuse_untouched(event_type, [field.name for field in _personal(event_type)], because)
        return option(Reason(because))(option_off(Declared)(event_type))

    return untouched


def refuse_untouched(event_type: type, personal: list[str], because: str) -> None:
    """Refuse to deliver fields that look personal untouched without a reason.

    Raises:
        ConfigError: There are such fields and ``because`` is empty.
    """
    if personal and not because.strip():
        named = ", ".join(map(repr, personal))
        raise ConfigError(
            f"@pii(False) on {event_type.__name__}, but {named} {'looks' if len(personal) == 1 else 'look'} personal",
            where=f"class {event_type.__module__}.{event_type.__qualname__}",
            fix='drop @pii(False) and mark the fields, or say why:  @pii(False, because="...")',
        )


def _personal(event_type: type[Any]) -> list[Any]:
    """Return the fields whose name looks personal, unless they can only be true or false."""
    return [
        field
        for field in (attrs.fields(event_type) if attrs.has(event_type) else ())
        if looks_personal(field.name) and field.type not in (bool, "bool")
    ]
