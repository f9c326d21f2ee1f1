"""What all tests of the repository share."""

from __future__ import annotations

import os
import signal

import hypothesis

# How long an example takes, or its making, says more about the machine, which runs other tests at the same time.
# CI judges every change by the same examples; everywhere else new ones are looked for.
hypothesis.settings.register_profile(
    "untimed",
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize="CI" in os.environ,
)
hypothesis.settings.load_profile("untimed")

# What the machine is set up with is nobody's configuration here, and no proxy reaches servers that tests start.
for variable in [name for name in os.environ if name.startswith(("E11Y_", "OTEL_"))]:
    del os.environ[variable]
unproxied = (os.environ.get("no_proxy") or os.environ.get("NO_PROXY"), "127.0.0.1", "localhost")
os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(filter(None, unproxied))

# A shell lets what it runs in the background ignore Ctrl-C, and so would the processes that tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
