"""Settings of Hypothesis for all tests: the same cases each time in CI, many more on demand."""

import os

from hypothesis import HealthCheck, settings

# No deadline anywhere: a busy machine is not a defect.
settings.register_profile("ordinary", deadline=None, print_blob=True)
settings.register_profile("ci", deadline=None, print_blob=True, derandomize=True, database=None)
settings.register_profile(
    "deep", deadline=None, print_blob=True, max_examples=10_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "ordinary"))
