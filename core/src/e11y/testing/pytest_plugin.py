"""The pytest plugin: fixtures that give each test a runtime of its own.

    def test_paying_is_told(e11y_events):
        shop.pay("1")
        e11y_events.assert_tracked(OrderPaid, order_id="1", times=1)

pytest loads this module at every start, so the library itself is imported inside the fixtures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from e11y.adapters.memory import MemoryAdapter
    from e11y.clock import Ids
    from e11y.record import Record
    from e11y.runtime import Runtime
    from e11y.testing.assertions import TrackedEvents
    from e11y.testing.frozen_clock import FrozenClock

_MARKER = "e11y_config"
_UPDATE_FLAG = "--e11y-update-snapshots"
_PATIENCE_S = 30.0
"""Memory takes records at once; a machine that stalls for some seconds must fail no test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the kit."""
    parser.getgroup("e11y").addoption(
        _UPDATE_FLAG,
        action="store_true",
        dest="e11y_update_snapshots",
        help="write the snapshots of assert_snapshot() instead of comparing them",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers of the kit."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(settings=None, *, plugins=(), **top_level): what e11y.configure() would be given, "
        "for tests that use e11y_events; the nearest marker wins, key by key",
    )


@pytest.fixture
def e11y_clock() -> FrozenClock:
    """Time that stands still until ``advance(seconds)``. A test that asks for it runs on it."""
    from e11y.testing.frozen_clock import FrozenClock  # noqa: PLC0415

    return FrozenClock()


@pytest.fixture
def e11y_ids() -> Ids:
    """Trace and span ids that are the same in each run. A test that asks for them gets them."""
    from e11y.clock import Ids  # noqa: PLC0415

    return Ids(seed=1)


@pytest.fixture
def e11y_events(request: pytest.FixtureRequest) -> Iterator[TrackedEvents]:
    """The events of this test, and of no other.

    A runtime of its own is active during the test: the application's settings and plugins, but a memory
    adapter under each purpose name, so that nothing leaves the process. The earlier runtime and the
    earlier context come back afterwards.
    """
    from e11y.context import CURRENT, NO_FRAME  # noqa: PLC0415
    from e11y.runtime import Runtime  # noqa: PLC0415

    settings, plugins = _configured(request.node)
    directory = request.config.rootpath
    adapters = _memory_adapters(settings, directory)
    frame = CURRENT.get()
    CURRENT.set(NO_FRAME)
    try:
        with Runtime(
            settings,
            plugins=plugins,
            adapters=adapters,
            clock=_asked_for(request, "e11y_clock"),
            ids=_asked_for(request, "e11y_ids"),
            directory=directory,
            event_types=(),
        ) as runtime:
            yield _tracked_events(request, runtime, adapters)
    finally:
        CURRENT.set(frame)


def _asked_for(request: pytest.FixtureRequest, name: str) -> Any:
    return request.getfixturevalue(name) if name in request.fixturenames else None


def _configured(node: pytest.Item) -> tuple[dict[str, Any], list[object]]:
    """Return settings and plugins of all markers of a test, the nearest last."""
    settings: dict[str, Any] = {}
    plugins: list[object] = []
    for marker in reversed(list(node.iter_markers(_MARKER))):
        given = dict(marker.kwargs)
        plugins.extend(given.pop("plugins", ()))
        for table in (*marker.args, given.pop("settings", None) or {}, given):
            settings.update(table)
    return settings, plugins


def _memory_adapters(settings: Mapping[str, Any], directory: Path) -> dict[str, MemoryAdapter]:
    """Return a memory adapter for each name that settings, routes or event types use."""
    import os  # noqa: PLC0415

    import attrs  # noqa: PLC0415

    from e11y import declaration, registry  # noqa: PLC0415
    from e11y.adapters.memory import MemoryAdapter  # noqa: PLC0415
    from e11y.settings import load  # noqa: PLC0415

    loaded = load(settings, environ=os.environ, directory=directory).settings
    names = dict.fromkeys(loaded.adapters or ("logs",))
    for routed in attrs.asdict(loaded.routes, recurse=False).values():
        names.update(dict.fromkeys(routed or ()))
    for event_type in registry.event_types():
        names.update(dict.fromkeys(declaration.resolved(event_type, "adapters") or ()))
    return {name: MemoryAdapter(max_records=None) for name in names}


def _tracked_events(
    request: pytest.FixtureRequest, runtime: Runtime, adapters: Mapping[str, MemoryAdapter]
) -> TrackedEvents:
    from e11y.testing.assertions import TrackedEvents  # noqa: PLC0415
    from e11y.testing.snapshot import Snapshots  # noqa: PLC0415

    def read(*names: str) -> Sequence[Record]:
        held = runtime.flush(_PATIENCE_S).undelivered
        if any(held.values()):
            raise AssertionError(f"{sum(held.values())} events were not delivered to the memory adapters in time")
        records = [record for name in names for record in adapters[name].records]
        unique = {(record.trace, record.span): record for record in records}
        return sorted(unique.values(), key=lambda record: record.time_ns)

    snapshots = Snapshots(
        folder=request.path.parent / "snapshots" / request.path.stem,
        test=request.node.name,
        update_command=f"pytest {_UPDATE_FLAG} {request.node.nodeid!r}",
        update=bool(request.config.getoption("e11y_update_snapshots")),
    )
    by_adapter = {name: lambda name=name: read(name) for name in adapters}
    return TrackedEvents(lambda: read(*adapters), snapshots, by_adapter)
