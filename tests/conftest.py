"""Hypothesis: no deadlines, which a loaded machine misses; and far more examples at night. Plans: by every emitter."""

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("default", deadline=None)
settings.register_profile(
    "nightly", deadline=None, max_examples=int(os.environ.get("NIGHTLY_EXAMPLES", "1000")),
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
settings.load_profile("nightly" if os.environ.get("NIGHTLY") else "default")


@pytest.fixture(autouse=True)
def _every_plan_is_run_by_every_emitter(request, monkeypatch):
    if request.module.__name__.rpartition(".")[2].startswith(
        ("test_plan", "test_compile", "test_random_programs", "test_emitters")
    ):
        from tests.emitting import compare_emitters

        compare_emitters(monkeypatch)
