"""Hypothesis: no deadlines, which a loaded machine misses; and far more examples at night."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None)
settings.register_profile(
    "nightly", deadline=None, max_examples=int(os.environ.get("NIGHTLY_EXAMPLES", "1000")),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
settings.load_profile("nightly" if os.environ.get("NIGHTLY") else "default")
