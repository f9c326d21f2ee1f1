"""What everyone who handles values promises: what is protected leaves the process nowhere.

    class CustomerSeen(Event):
        email: Annotated[str, pii.Hash]

    class TestLeaks(LeakContract):
        @pytest.fixture
        def settings(self):
            return {"plugins": ["pii"]}

        @pytest.fixture
        def hides(self):
            return [lambda secret: CustomerSeen.track(email=secret)]

Each function in ``hides`` puts a secret where it must not be seen. It goes through every adapter of core
and those of ``adapters``, into dead letters, and past an adapter that sees originals; then everything that
came out is searched. For places chosen by chance (hypothesis) use ``LeakProbe`` in a test of your own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import attrs
import pytest

from e11y.adapter import Adapter
from e11y.errors import ConfigError
from e11y.event import Event
from e11y.testing.leak_probe import Findings, LeakProbe, Written
from e11y.testing.samples import CANARY

Hide = Callable[[str], object]


class LeakContract:
    """Inherit it in a class whose name starts with ``Test``."""

    @pytest.fixture
    def hides(self) -> Sequence[Hide]:
        """Return functions that track events with a secret in a protected place."""
        raise ConfigError(
            "fixture 'hides' is missing",
            where=f"class {type(self).__qualname__}",
            fix="add a pytest fixture 'hides' that returns  [lambda secret: YourEvent.track(email=secret)]",
        )

    @pytest.fixture
    def settings(self) -> Mapping[str, Any]:
        """Return the settings of the runtime."""
        return {}

    @pytest.fixture
    def plugins(self) -> Sequence[object]:
        """Return plugins that are not installed, as objects or classes."""
        return ()

    @pytest.fixture
    def adapters(self) -> Mapping[str, tuple[Adapter, Written]]:
        """Return adapters to look at beside core's: purpose name -> adapter, and what it has written."""
        return {}

    @pytest.fixture
    def secrets(self) -> Sequence[str]:
        """Return the secrets; by default one that looks like an e-mail address."""
        return [CANARY]

    @pytest.fixture
    def refuses(self) -> Sequence[type[Event]]:
        """Return event types that are called with all sorts of values, most of which do not fit."""
        return ()

    @pytest.fixture(params=[False, True], ids=["masked only", "beside originals"])
    def probe(
        self,
        request: pytest.FixtureRequest,
        settings: Mapping[str, Any],
        plugins: Sequence[object],
        adapters: Mapping[str, tuple[Adapter, Written]],
    ) -> LeakProbe:
        """Return what runs the calls."""
        return LeakProbe(settings, plugins, adapters, originals=request.param)

    @pytest.fixture
    def findings(self, probe: LeakProbe, hides: Sequence[Hide], secrets: Sequence[str]) -> list[Findings]:
        """Return where each secret was found, for each function that hides it."""
        return [probe.findings(secret, partial(hide, secret)) for hide in hides for secret in secrets]

    def test_no_record_shows_a_protected_value(self, findings: list[Findings]) -> None:
        places = sorted({place for one in findings for place in one.records})
        assert not places, f"a protected value leaves the process: {', '.join(places)}"

    def test_no_text_shows_a_protected_value(self, findings: list[Findings]) -> None:
        places = sorted({place for one in findings for place in one.texts})
        assert not places, f"a protected value is told: {', '.join(places)}"

    def test_no_repr_shows_a_protected_value(self, findings: list[Findings]) -> None:
        places = sorted({place for one in findings for place in one.reprs})
        assert not places, f"a protected value is shown by {', '.join(places)}"

    @pytest.mark.parametrize("on_invalid", ["raise", "report"])
    def test_no_text_about_a_call_shows_any_value(
        self, probe: LeakProbe, refuses: Sequence[type[Event]], secrets: Sequence[str], on_invalid: str
    ) -> None:
        strict = attrs.evolve(probe, settings={**probe.settings, "on_invalid": on_invalid})
        for event_type in refuses:
            for secret in secrets:
                for value in (_Misfit(secret), secret, [secret], {secret: secret}):
                    found = strict.findings(secret, partial(_call, event_type, value))
                    places = sorted({*found.texts, *found.reprs})
                    assert not places, f"a value of {event_type.__name__} is told by {', '.join(places)}"


def _call(event_type: type[Event], value: object) -> None:
    """Track with ``value`` in every field, whether it fits or not."""
    names = [attribute.name for attribute in attrs.fields(event_type)]  # type: ignore[arg-type]
    track: Callable[..., object] = event_type.track
    track(**dict.fromkeys(names, value))


class _Misfit:
    """Fits no field, and says everything as soon as it is asked."""

    def __init__(self, secret: str) -> None:
        self.secret = secret

    def __repr__(self) -> str:
        return self.secret
