"""Names that are known to have endless values."""

from __future__ import annotations

import pytest

from e11y.identifiers import IDENTIFIERS, looks_like_identifier


@pytest.mark.parametrize("name", sorted(IDENTIFIERS))
def test_each_name_of_the_list_is_known_in_any_case(name: str) -> None:
    assert looks_like_identifier(name)
    assert looks_like_identifier(name.upper())


@pytest.mark.parametrize("name", ["customer_id", "cart_uuid", "row_guid", "csrf_token", "user_email", "home_PHONE"])
def test_names_are_known_by_their_endings(name: str) -> None:
    assert looks_like_identifier(name)


@pytest.mark.parametrize("name", ["", "currency", "paid", "valid", "token_kind", "email_provider", "id_card", "tokens"])
def test_other_names_are_let_pass(name: str) -> None:
    assert not looks_like_identifier(name)
