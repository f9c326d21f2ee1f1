"""Which names stand for something secret, and which look personal."""

from __future__ import annotations

import pytest

from e11y_pii.names import DEFAULT_KEYS, KeyNames, looks_personal, words

LISTED = [
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "apiKey",
    "X-Api-Key",
    "authorization",
    "access_key",
    "AccessKey",
    "private_key",
    "credit_card",
    "card_number",
    "cardNumber",
    "cvv",
    "cvv2",
    "cvc",
    "ssn",
    "userSSN",
    "user_ssn_2",
    "user.password",
    "db-pwd",
    "PASSWORD",
    "userpassword",
    "token_count",
    "secretary",
    "passphrase",
]
NOT_LISTED = [
    "class_name",
    "session",
    "user_id",
    "email",
    "cvvx",
    "amount",
    "status",
    "classname",
    "description",
    "order_id",
    "key",
    "card",
]
PERSONAL = [
    "email",
    "user_email",
    "emailAddress",
    "phone",
    "mobile_phone",
    "ssn",
    "date_of_birth",
    "birthdate",
    "first_name",
    "lastName",
    "street",
    "zip_code",
    "ip",
    "client_ip",
    "ip_address",
    "shipping_address",
    "iban",
    "passport_number",
    "password",
]
NOT_PERSONAL = [
    "company",
    "span",
    "hotel",
    "capacity",
    "filename",
    "order_id",
    "amount",
    "city",
    "name",
    "description",
    "shipped",
    "recipient",
    "zip_file",
    "tipping",
    "username_count",
    "status",
    "microphone_id",
    "dobble",
]


@pytest.mark.parametrize("key", LISTED)
def test_listed(key: str) -> None:
    assert KeyNames(DEFAULT_KEYS)(key)


@pytest.mark.parametrize("key", NOT_LISTED)
def test_not_listed(key: str) -> None:
    assert not KeyNames(DEFAULT_KEYS)(key)


@pytest.mark.parametrize("name", PERSONAL)
def test_looks_personal(name: str) -> None:
    assert looks_personal(name)


@pytest.mark.parametrize("name", NOT_PERSONAL)
def test_does_not_look_personal(name: str) -> None:
    assert not looks_personal(name)


def test_words() -> None:
    assert words("HTTPServer_v2 fooBar-ünïcode") == ["http", "server", "v", "2", "foo", "bar", "ünïcode"]


def test_the_memory_for_keys_is_bounded() -> None:
    names = KeyNames(DEFAULT_KEYS)
    for number in range(20_000):
        assert names(f"key{number}_password")
        assert not names(f"key{number}")
        assert not names("k" * 65 + str(number))
    assert len(names._known) <= 4096
