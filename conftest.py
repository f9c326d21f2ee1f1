"""What all tests of the repository share."""

from __future__ import annotations

import hypothesis

# How long an example takes, or its making, says more about the machine, which runs other tests at the same time.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")
