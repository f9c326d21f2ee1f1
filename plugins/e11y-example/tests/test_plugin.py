"""The plugin as an application meets it: installed, found by its entry point, set up by settings."""

from __future__ import annotations

import pytest

from e11y import Event, Runtime
from e11y.testing import LoopbackServer, TrackedEvents


class CustomerCalled(Event):
    customer_id: str
    minutes: int = 1


class CustomerMoved(Event):
    customer_id: str
    region: str


@pytest.mark.e11y_config({"plugins": ["example"]})
def test_events_with_a_customer_get_a_region(e11y_events: TrackedEvents) -> None:
    CustomerCalled.track(customer_id="us-1042")
    CustomerCalled.track(customer_id="1042")
    assert [record.payload["region"] for record in e11y_events.assert_tracked(CustomerCalled)] == ["us", "eu"]


@pytest.mark.e11y_config({"plugins": ["example"], "example": {"home_region": "asia"}})
def test_the_home_region_is_a_setting(e11y_events: TrackedEvents) -> None:
    CustomerCalled.track(customer_id="1042")
    e11y_events.assert_tracked(CustomerCalled, region="asia", times=1)


@pytest.mark.e11y_config({"plugins": ["example"]})
def test_an_event_that_says_its_region_is_left_alone(e11y_events: TrackedEvents) -> None:
    CustomerMoved.track(customer_id="us-1042", region="moon")
    e11y_events.assert_tracked(CustomerMoved, region="moon", times=1)


def test_settings_name_the_adapter_type() -> None:
    with LoopbackServer() as server:
        adapters = {"logs": {"type": "example", "url": f"{server.url}/events", "timeout": "20s"}}
        with Runtime({"plugins": ["example"], "adapters": adapters}, event_types=()) as runtime:
            CustomerCalled.track(customer_id="us-1042", minutes=3)
            assert not any(runtime.flush(20).undelivered.values())
        (line,) = server.requests[0].json_lines()
    assert line["event_name"] == "customer.called"
    assert line["payload"] == {"customer_id": "us-1042", "minutes": 3, "region": "us"}
