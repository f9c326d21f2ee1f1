"""What all tests of the repository share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import hypothesis
import pytest

# How long an example takes, or its making, says more about the machine, which runs other tests at the same time.
# CI judges every change by the same examples; everywhere else new ones are looked for.
hypothesis.settings.register_profile(
    "untimed",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
hypothesis.settings.load_profile("untimed")

# What the machine is set up with is nobody's configuration here, nor that of the processes that tests start: an
# account, a broker, a debugger's mode, the number of a server's workers. And no proxy reaches servers of tests.
FOREIGN = (
    "AWS_",
    "CELERY_",
    "DJANGO_",
    "E11Y_",
    "FLASK_",
    "GUNICORN_",
    "OTEL_",
    "PY_COLORS",
    "UVICORN_",
    "UWSGI_",
    "WEB_CONCURRENCY",
)
for variable in [name for name in os.environ if name.startswith(FOREIGN)]:
    del os.environ[variable]
unproxied = (os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), "127.0.0.1", "localhost")
os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(filter(None, unproxied))

# A shell lets what it runs in the background ignore Ctrl-C, and so would the processes that tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def room_for_a_thousand_connections() -> Iterator[None]:
    """Many systems let a process open 1 024 files, some 256, unless it asks for more."""
    import resource  # noqa: PLC0415 - not every system has it

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < 4096:
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096 if hard < 0 else min(4096, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
