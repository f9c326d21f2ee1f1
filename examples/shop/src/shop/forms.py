"""What customers may send."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

import msgspec

from shop.events import InputRejected
from shop.refusals import NotUnderstood


class SignUpForm(msgspec.Struct, forbid_unknown_fields=True):
    """Opens an account."""

    email: Annotated[str, msgspec.Meta(pattern=r"^[^@\s]+@[^@\s]+$")]
    plan: Literal["free", "plus"] = "free"


class CartLine(msgspec.Struct, forbid_unknown_fields=True):
    """Some units of one product."""

    sku: Annotated[str, msgspec.Meta(min_length=1)]
    quantity: Annotated[int, msgspec.Meta(ge=1, le=99)] = 1


class CheckoutForm(msgspec.Struct, forbid_unknown_fields=True):
    """Buys what is in a cart."""

    user_id: Annotated[str, msgspec.Meta(pattern=r"^user-[1-9][0-9]*$")]
    lines: Annotated[list[CartLine], msgspec.Meta(min_length=1, max_length=20)]
    card: Annotated[str, msgspec.Meta(min_length=1)]

    @property
    def units(self) -> int:
        """How many things are in the cart."""
        return sum(line.quantity for line in self.lines)


Form = TypeVar("Form", SignUpForm, CheckoutForm)


def read(form: type[Form], body: bytes) -> Form:
    """Return the JSON text ``body`` as a filled form.

    Raises:
        NotUnderstood: The text is no JSON, or it does not fit the form. The event names the place.
    """
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.DecodeError as error:
        place = str(error).partition(" - at ")[2].strip("`") or "$"
        InputRejected.track(form=form.__name__, place=place)
        raise NotUnderstood(f"look at {place}") from None
