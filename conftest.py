"""What all tests of the repository share."""

from __future__ import annotations

import hypothesis

# How long one example takes says more about the machine, which runs other tests at the same time.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")
