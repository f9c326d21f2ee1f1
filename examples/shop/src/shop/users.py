"""The accounts of the shop's customers."""

from __future__ import annotations

from shop.database import Database
from shop.events import UserSignedUp
from shop.forms import SignUpForm
from shop.refusals import NotFound


class Users:
    """Opens and finds accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sign_up(self, form: SignUpForm) -> str:
        """Open an account and return its id."""
        with self._database.transaction() as connection:
            inserted = connection.execute("INSERT INTO users (email, plan) VALUES (?, ?)", (form.email, form.plan))
        user_id = f"user-{inserted.lastrowid}"
        UserSignedUp.track(user_id=user_id, email=form.email, plan=form.plan)
        return user_id

    def email_of(self, user_id: str) -> str:
        """Return the mail address of a customer.

        Raises:
            NotFound: There is no such customer.
        """
        with self._database.transaction() as connection:
            row = connection.execute(
                "SELECT email FROM users WHERE id = ?", (user_id.removeprefix("user-"),)
            ).fetchone()
        if row is None:
            raise NotFound("no such customer")
        return str(row[0])
