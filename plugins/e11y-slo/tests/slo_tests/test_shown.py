"""Without e11y-metrics the numbers stand in prometheus-client's registry, each once."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, generate_latest

import e11y
from e11y import ConfigError, Event, registry
from e11y_slo import slo

from .conftest import Run, shown


class ShownUndeclared(Event):
    pass


DECLARED = sys._getframe().f_lineno + 3


@slo(contributes_to="shwn", status_from=lambda ok: "success" if ok else "failure")
class ShownStranger(Event):
    ok: bool


@pytest.fixture(autouse=True)
def own_event_types(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no event type be known but those above: the file must name the objectives of all."""
    monkeypatch.setattr(registry, "event_types", lambda: [ShownUndeclared, ShownStranger])


def serve() -> None:
    with e11y.scope("request", kind="request", method="GET", route="/a", status=200):
        pass


def test_they_stand_in_the_plain_text_format_too(run: Run) -> None:
    run()
    serve()
    text = generate_latest(REGISTRY).decode()
    assert '\nslo_http_requests_total{method="GET",route="/a",status="2xx"} 1.0\n' in text
    assert '\nslo_http_request_duration_seconds_bucket{le="+Inf",method="GET",route="/a"} 1.0\n' in text


def test_the_runtime_that_started_last_is_shown(run: Run) -> None:
    outer = run()
    serve()
    inner = run()
    assert shown() == {}
    serve()
    serve()
    assert inner.series("slo_http_requests_total") == {"GET /a 2xx": 2, "GET /a 5xx": 0}
    inner.runtime.deactivate()
    inner.runtime.shutdown()
    assert outer.series("slo_http_requests_total") == {"GET /a 2xx": 1, "GET /a 5xx": 0}


def test_what_ended_can_still_be_read(run: Run) -> None:
    bench = run()
    serve()
    bench.runtime.shutdown()
    assert bench.series("slo_http_requests_total") == {"GET /a 2xx": 1, "GET /a 5xx": 0}


def test_a_broken_file_stops_the_start(run: Run, own_folder: Path) -> None:
    (own_folder / "slo.yml").write_text("version: 1\ndefaults: {window: soon}")
    with pytest.raises(ConfigError, match=r"^'window' must be a duration\n  where: slo.yml, line 2: defaults.window\n"):
        run()


def test_what_the_file_names_in_vain_is_told_or_refused(
    run: Run, own_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (own_folder / "slo.yml").write_text("version: 1\ncustom_slos: [{name: nobody_counts}, {name: shown}]")
    told = [
        "no event type contributes to 'nobody_counts'\n"
        "  where: slo.yml, line 2: custom_slos[0]\n"
        '  fix:   write  @slo(contributes_to="nobody_counts", ...)  above one, or remove the objective',
        "no event type contributes to 'shown'\n"
        "  where: slo.yml, line 2: custom_slos[1]\n"
        '  fix:   write  @slo(contributes_to="shown", ...)  above one, or remove the objective',
        "there is no objective 'shwn' in slo.yml, did you mean 'shown'?\n"
        f"  where: {__name__}.ShownStranger ({__name__}, line {DECLARED})\n"
        "  fix:   add it under  custom_slos, or use one of: nobody_counts, shown",
    ]
    with caplog.at_level(logging.WARNING):
        run()
    assert [record.getMessage() for record in caplog.records] == [f"slo: {one}" for one in told]
    with pytest.raises(ConfigError) as raised:
        run(strict=True)
    undeclared = (
        "ShownUndeclared does not say whether it counts toward an objective\n"
        f"  where: class {__name__}.ShownUndeclared\n"
        "  fix:   write  @slo(contributes_to=..., status_from=...)  above it, or  @slo(False)"
    )
    assert str(raised.value) == "\n\n".join(["4 problems stop the start:", *told, undeclared])
