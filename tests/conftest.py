"""What all tests share: how Hypothesis searches.

The same examples every time, and no time limit for one of them: a test that fails does so for
everybody, and a slow machine is no failure. HYPOTHESIS_PROFILE=explore looks for new examples.
"""

from __future__ import annotations

import os

import hypothesis

SLOW = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile(
    "same", deadline=None, derandomize=True, suppress_health_check=SLOW
)
hypothesis.settings.register_profile(
    "explore", deadline=None, max_examples=1000, suppress_health_check=SLOW
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
