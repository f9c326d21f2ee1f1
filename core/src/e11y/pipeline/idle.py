"""The function of an event type while the library is disabled: it counts the call, and that is all."""

from __future__ import annotations

from collections.abc import Callable

from e11y.event import Event, Variant, function_of
from e11y.outcome import Outcome
from e11y.pipeline.compiler import put_in_place


def install_idle(event_type: type[Event], variant: Variant, counted: Callable[[], object], generation: int) -> None:
    """Put the idle code behind one function. It accepts anything."""
    function = function_of(event_type, variant)
    parameters = ", ".join(["*_args", *(f"{name}=None" for name in function.__kwdefaults__ or ()), "**_unknown"])
    text = f"def track({parameters}):\n    _count()\n    return _outcome\n"
    names = {"_count": counted, "_outcome": Outcome.DISABLED}
    function.__code__ = put_in_place(function, text, "disabled", names, generation)
