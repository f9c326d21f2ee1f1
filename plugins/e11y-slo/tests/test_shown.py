"""Without e11y-metrics the numbers stand in prometheus-client's registry, each once."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, generate_latest

import e11y
from e11y import ConfigError, Event
from e11y_slo import slo

from .conftest import Run, shown


class ShownUndeclared(Event):
    pass


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
    assert inner.counts("slo_http_requests_total") == {"GET /a 2xx": 2, "GET /a 5xx": 0}
    inner.runtime.deactivate()
    inner.runtime.shutdown()
    assert outer.counts("slo_http_requests_total") == {"GET /a 2xx": 1, "GET /a 5xx": 0}


def test_what_ended_can_still_be_read(run: Run) -> None:
    bench = run()
    serve()
    bench.runtime.shutdown()
    assert bench.counts("slo_http_requests_total") == {"GET /a 2xx": 1, "GET /a 5xx": 0}


def test_a_broken_file_stops_the_start(run: Run, own_folder: Path) -> None:
    (own_folder / "slo.yml").write_text("version: 1\ndefaults: {window: soon}")
    with pytest.raises(ConfigError, match=r"^'window' must be a duration\n  where: slo.yml, line 2: defaults.window\n"):
        run()


def test_what_the_file_names_in_vain_is_told_or_refused(
    run: Run, own_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (own_folder / "slo.yml").write_text("version: 1\ncustom_slos: [{name: nobody_counts}]")
    told = (
        "no event type contributes to 'nobody_counts'\n"
        "  where: slo.yml, line 2: custom_slos[0]\n"
        '  fix:   write  @slo(contributes_to="nobody_counts", ...)  above one, or remove the objective'
    )
    with caplog.at_level(logging.WARNING):
        run()
    assert [record.getMessage() for record in caplog.records] == [f"slo: {told}"]
    with pytest.raises(ConfigError) as raised:
        run(strict=True)
    assert told in str(raised.value)
    assert f"class {__name__}.ShownUndeclared" in str(raised.value)


def test_an_objective_that_the_file_does_not_have_is_refused_with_its_type(run: Run, own_folder: Path) -> None:
    @slo(contributes_to="paymnt", status_from=lambda ok: "success" if ok else "failure")
    class ShownStranger(Event):
        ok: bool

    (own_folder / "slo.yml").write_text("version: 1\ncustom_slos: [{name: payment}]")
    bench = run()
    with pytest.raises(ConfigError, match=r"^there is no objective 'paymnt' in slo.yml, did you mean 'payment'\?\n"):
        bench.runtime.compile_all([ShownStranger])
