"""A transformation: the application's own function that changes letters before they are sent."""

from __future__ import annotations

from collections.abc import Callable
from traceback import extract_tb

from e11y import E11yError
from e11y_dlq.letter import Letter, record_of

Transform = Callable[[Letter], Letter | None]
"""Returns the letter to send instead, or ``None`` to leave it where it is."""

_FIX = "return the letter, attrs.evolve(letter, payload={...}) with values that JSON can say, or None"


def transformed(letter: Letter, transform: Callable[[Letter], object]) -> Letter | None:
    """Return what a transformation makes of a letter; the same object if nothing.

    Raises:
        E11yError: It raised, or returned what cannot be sent. Tells the place, never a value.
    """
    try:
        changed = transform(letter)
    except Exception as error:  # noqa: BLE001 - the application's code may raise anything
        last = extract_tb(error.__traceback__)[-1]
        what, fix = f"the transformation raised {type(error).__name__}", f"see {last.filename}, line {last.lineno}"
    else:
        if changed is None or changed is letter:
            return letter if changed is letter else None
        if isinstance(changed, Letter) and _is_sendable(changed):
            return changed
        what = f"the transformation returned a {type(changed).__name__} that cannot be sent"
        fix = _FIX
    raise E11yError(what, where=f"letter {letter.id} of {letter.name}", fix=fix)


def _is_sendable(letter: Letter) -> bool:
    try:
        record_of(letter, None).encoded()
    except Exception:  # noqa: BLE001 - ids that are no hex, a payload that is no mapping, ...
        return False
    return True
