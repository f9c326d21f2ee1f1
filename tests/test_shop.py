"""The example application keeps what its README claims, and would say so if it did not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from shop.demo.checks import check
from shop.demo.client import Drive, drive
from shop.demo.mix import COMPLETED, SCENARIOS, mix
from shop.demo.output import LOG_LINE, Line, Output, read
from shop.demo.server import Server, Stop

pytestmark = pytest.mark.timeout(180)

ANSWERS = "were answered as they should be"
TRAILS = "left their full debug trail"
HEALTHY = "healthy requests left 0 of"
EVENTS = "each request left its own business events, once"
ENDS = "each request has one request.completed, which tells how it ended"
PROTECTED = "no line holds a mail address"
LIMITED = "a flood of"
SAMPLED = "stock events a fifth was kept"
COUNTED = "the metrics count every request, order and look"
STOPPED = "the server stopped"
LEDGER = "the ledger balances"
CLAIMS = (ANSWERS, TRAILS, HEALTHY, EVENTS, ENDS, PROTECTED, LIMITED, SAMPLED, COUNTED, STOPPED, LEDGER)

Run = tuple[Drive, Output, Stop]


def demo(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("E11Y_")}
    return subprocess.run(
        [sys.executable, "-m", "shop", *arguments],
        capture_output=True,
        text=True,
        env=inherited | variables,
        timeout=150,
        check=False,
    )


def test_the_demo_holds_on_one_screen() -> None:
    done = demo("--requests", "400")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert sum(line.startswith("ok ") for line in lines) == len(CLAIMS)
    logged = [line for line in lines if "shop.payments: acme-pay did not answer within" in line]  # by logging.debug
    assert {tuple(line.split()[2:4]) for line in logged} == {("debug", "log.line")}
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize("framework", ["flask", "django"])
def test_the_demo_holds_on_another_framework(framework: str) -> None:
    done = demo("--requests", "400", "--framework", framework)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(done.stdout.splitlines()) <= 40


def test_verbose_tells_every_kind_of_request() -> None:
    done = demo("--requests", "200", "--verbose")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [scenario.title for scenario in SCENARIOS if scenario.title not in done.stdout] == []


@pytest.mark.parametrize(
    ("variables", "refuted"),
    [
        ({"E11Y_SCOPE__DEBUG_BUFFER": "false"}, [HEALTHY, ENDS, LEDGER]),
        ({"E11Y_SCOPE__FLUSH_ON_SEVERITY": "never", "E11Y_SCOPE__FLUSH_ON_ERROR": "false"}, [TRAILS, ENDS, LEDGER]),
        ({"E11Y_ENABLED": "false"}, [TRAILS, EVENTS, ENDS, PROTECTED, LIMITED, SAMPLED, COUNTED, LEDGER]),
        ({"E11Y_SAMPLING__PARENT": "honour"}, [SAMPLED]),
        ({"E11Y_LOGGING__IGNORE": "shop"}, [TRAILS, ENDS, LEDGER]),
        ({"E11Y_SLO__HTTP": "false"}, [COUNTED]),
    ],
    ids=[
        "no debug buffer",
        "no flush",
        "disabled",
        "callers decide what is sampled",
        "log records are ignored",
        "requests are not counted",
    ],
)
def test_without_what_a_claim_rests_on_it_is_refuted(variables: dict[str, str], refuted: list[str]) -> None:
    done = demo("--requests", "200", **variables)
    assert done.returncode == 1, done.stdout + done.stderr
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert [claim for claim in CLAIMS if any(claim in line for line in failed)] == refuted


def test_a_server_that_was_never_built_is_told_with_the_command_that_builds_it(tmp_path: Path) -> None:
    done = demo("--everywhere", XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "starting VictoriaLogs and Bugsink, which is installed the first time",
        f"FAILED  there is no VictoriaLogs in {tmp_path}/e11y-servers/victorialogs; "
        "build it, once, with:  bash .ci/victorialogs",
    ]


def test_a_server_that_cannot_start_is_told_with_its_reason() -> None:
    done = demo("--requests", "1", E11Y_ROUTES__DEFAULTS="logs")
    assert done.returncode == 1
    assert done.stderr.startswith("FAILED  the server did not start:")
    assert "did you mean" in done.stderr


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    with Server(tmp_path_factory.mktemp("shop")) as server:
        driven = drive(server.url, mix(200), threads=3)
        stop = server.stop()
    return driven, read(server.records), stop


def refuted(driven: Drive, output: Output, stop: Stop) -> list[str]:
    failed = [one.claim for one in check(driven, output, stop) if not one.held]
    return [claim for claim in CLAIMS if any(claim in text for text in failed)]


def with_lines(lines: Sequence[Line]) -> Output:
    of_trace: dict[str, list[Line]] = {}
    for line in lines:
        of_trace.setdefault(line.trace_id, []).append(line)
    return Output(lines, of_trace)


def first(lines: Sequence[Line], fits: Callable[[Line], bool]) -> int:
    return next(index for index, line in enumerate(lines) if fits(line))


def test_a_real_run_refutes_nothing(run: Run) -> None:
    assert refuted(*run) == []


def test_a_lost_debug_line_is_noticed(run: Run) -> None:
    lines = list(run[1].lines)
    del lines[first(lines, lambda line: line.is_debug)]
    assert refuted(run[0], with_lines(lines), run[2]) == [TRAILS, LEDGER]


def test_a_lost_log_record_is_noticed(run: Run) -> None:
    lines = list(run[1].lines)
    del lines[first(lines, lambda line: line.name == LOG_LINE)]
    assert refuted(run[0], with_lines(lines), run[2]) == [TRAILS, LEDGER]


def test_debug_lines_out_of_order_are_noticed(run: Run) -> None:
    lines = list(run[1].lines)
    one = first(lines, lambda line: line.name == "cart.loaded")
    trace_id = lines[one].trace_id
    other = first(lines, lambda line: line.name == "stock.queried" and line.trace_id == trace_id)
    lines[one], lines[other] = lines[other], lines[one]
    assert refuted(run[0], with_lines(lines), run[2]) == [TRAILS]


def test_an_error_before_its_trail_is_noticed(run: Run) -> None:
    lines = list(run[1].lines)
    lines.insert(0, lines.pop(first(lines, lambda line: line.is_error)))
    assert refuted(run[0], with_lines(lines), run[2]) == [TRAILS]


def test_an_event_written_twice_is_noticed(run: Run) -> None:
    lines = list(run[1].lines)
    lines.append(lines[first(lines, lambda line: line.name == "order.paid")])
    assert refuted(run[0], with_lines(lines), run[2]) == [EVENTS, LEDGER]


def test_a_debug_line_of_a_healthy_request_is_noticed(run: Run) -> None:
    healthy = next(reply for reply in run[0].replies if not reply.scenario.fails)
    debug = run[1].lines[first(run[1].lines, lambda line: line.is_debug)]
    lines = [*run[1].lines, replace(debug, trace_id=healthy.trace_id)]
    assert refuted(run[0], with_lines(lines), run[2]) == [HEALTHY, LEDGER]


def test_a_request_without_its_end_is_noticed(run: Run) -> None:
    lines = list(run[1].lines)
    del lines[first(lines, lambda line: line.name == COMPLETED and line.severity == "success")]
    assert refuted(run[0], with_lines(lines), run[2]) == [EVENTS, ENDS, LEDGER]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("method", "PUT"),
        ("route", "unmatched"),
        ("status", 200),
        ("ended", "disconnected"),
        ("error", "KeyError"),
        ("flushed", 1),
        ("discarded", 1),
    ],
)
def test_an_end_that_is_told_wrongly_is_noticed(run: Run, name: str, value: object) -> None:
    lines = list(run[1].lines)
    one = first(lines, lambda line: line.name == COMPLETED and line.values["status"] == 422)
    lines[one] = replace(lines[one], values={**lines[one].values, name: value})
    assert refuted(run[0], with_lines(lines), run[2]) == [ENDS]


def test_an_address_that_can_be_read_is_noticed(run: Run, tmp_path: Path) -> None:
    written = tmp_path / "records.jsonl"
    written.write_bytes(b'{"note": "eve@example.org"}\n')
    assert refuted(run[0], replace(run[1], addresses=read(written).addresses), run[2]) == [PROTECTED]


def test_an_account_with_an_address_in_clear_is_noticed(run: Run) -> None:
    lines = list(run[1].lines)
    one = first(lines, lambda line: line.name == "user.signed.up")
    lines[one] = replace(lines[one], values={**lines[one].values, "email": "eve"})
    assert refuted(run[0], with_lines(lines), run[2]) == [PROTECTED]


def test_a_flood_that_was_not_held_back_is_noticed(run: Run) -> None:
    lines = list(run[1].lines)
    view = lines[first(lines, lambda line: line.name == "product.viewed")]
    assert LIMITED in refuted(run[0], with_lines([*lines, *[view] * 100]), run[2])


def test_an_untold_limit_is_noticed() -> None:
    done = demo("--requests", "1000")
    assert "e11y.rate_limited" in done.stdout, done.stdout


def test_a_sampled_line_without_its_rate_is_noticed(run: Run) -> None:
    lines = list(run[1].lines)
    one = first(lines, lambda line: line.name == "stock.reserved")
    lines[one] = replace(lines[one], metadata={})
    assert refuted(run[0], with_lines(lines), run[2]) == [SAMPLED]


@pytest.mark.parametrize("name", ["slo_http_requests_total", "slo_event_result_total", "shop_products_viewed_total"])
def test_a_count_that_is_not_true_is_noticed(run: Run, name: str) -> None:
    metrics = list(run[0].metrics)
    one = next(index for index, series in enumerate(metrics) if series.name == name)
    metrics[one] = replace(metrics[one], value=metrics[one].value - 1)
    assert refuted(replace(run[0], metrics=metrics), run[1], run[2]) == [COUNTED]


def test_a_line_of_no_request_is_noticed(run: Run) -> None:
    paid = run[1].lines[first(run[1].lines, lambda line: line.name == "order.paid")]
    lines = [*run[1].lines, replace(paid, trace_id="f" * 32)]
    assert refuted(run[0], with_lines(lines), run[2]) == [EVENTS, LEDGER]


def test_a_line_that_is_no_record_is_noticed(run: Run, tmp_path: Path) -> None:
    written = tmp_path / "records.jsonl"
    written.write_bytes(b'{"timestamp": "now"}\n\xff\n[]\n')
    broken = read(written)
    assert list(broken.unreadable) == [1, 2, 3]
    assert refuted(run[0], replace(run[1], unreadable=broken.unreadable), run[2]) == [EVENTS]


def test_a_wrong_answer_is_noticed(run: Run) -> None:
    replies = [replace(run[0].replies[0], status=0), *run[0].replies[1:]]
    assert refuted(replace(run[0], replies=replies), run[1], run[2]) == [ANSWERS]


def test_an_answer_that_breaks_off_is_noticed(run: Run) -> None:
    replies = [replace(run[0].replies[0], is_whole=False), *run[0].replies[1:]]
    assert refuted(replace(run[0], replies=replies), run[1], run[2]) == [ANSWERS]


def test_an_answer_that_should_break_off_and_does_not_is_noticed(run: Run) -> None:
    replies = [replace(reply, is_whole=True) for reply in run[0].replies]
    assert refuted(replace(run[0], replies=replies), run[1], run[2]) == [ANSWERS]


def test_a_mix_without_failures_proves_nothing(run: Run) -> None:
    replies = [reply for reply in run[0].replies if not reply.scenario.fails]
    assert ANSWERS in refuted(replace(run[0], replies=replies), run[1], run[2])


def test_a_server_that_was_killed_is_noticed(run: Run) -> None:
    assert refuted(run[0], run[1], replace(run[2], exit_status=-9, ledger=None)) == [STOPPED, LEDGER]


def test_a_record_that_was_given_up_is_noticed(run: Run) -> None:
    ledger = dict(run[2].ledger or {})
    lane = ledger["lanes"]["logs"]
    ledger["lanes"] = {"logs": lane | {"delivered": lane["delivered"] - 1}}
    assert refuted(run[0], run[1], replace(run[2], ledger=ledger)) == [STOPPED, LEDGER]
