"""Names, versions and severities that class names stand for."""

from __future__ import annotations

import pytest

from e11y import naming


@pytest.mark.parametrize(
    ("class_name", "event_name", "version"),
    [
        ("OrderPaid", "order.paid", None),
        ("OrderPaidV2", "order.paid.v2", 2),
        ("OrderPaidV12", "order.paid.v12", 12),
        ("HTTPRequestFailed", "http.request.failed", None),
        ("MigratedToIPV6", "migrated.to.ipv6", None),
        ("Sha256V3", "sha256.v3", 3),
        ("APIKeyV2", "api.key.v2", 2),
        ("V2", "v2", None),
    ],
)
def test_class_names_give_event_names_and_versions(class_name: str, event_name: str, version: int | None) -> None:
    assert naming.split_version(class_name)[1] == version
    assert naming.event_name(class_name) == event_name


@pytest.mark.parametrize(
    ("class_name", "severity"),
    [
        ("PaymentFailed", "error"),
        ("CheckoutError", "error"),
        ("ErrorRecovered", "info"),
        ("OrderPaid", "success"),
        ("OrderPaidV2", "success"),
        ("PaymentSucceeded", "success"),
        ("ImportCompleted", "success"),
        ("LoginSuccess", "success"),
        ("DiskWarning", "warn"),
        ("PrepaidCardAdded", "info"),
        ("OrderCreated", "info"),
    ],
)
def test_the_last_word_decides_the_severity(class_name: str, severity: str) -> None:
    assert naming.severity(class_name) == severity
