"""The nightly command: its parts, its table of mutants, and a small sample of what it runs."""

import argparse
import sys

import pytest
from hypothesis import settings

from tests.nightly import __main__ as nightly
from tests.nightly import mutants, test_registry

FEW = settings(max_examples=10, deadline=None)


def test_every_part_is_named_and_has_a_time_and_together_they_take_half_an_hour(capsys):
    known = nightly.parts()
    assert {"programs", "mutants", "registry"} <= set(known)
    assert sum(seconds for _, seconds in known.values()) <= 30 * 60
    assert nightly.main(["--list"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in known)
    with pytest.raises(SystemExit):
        nightly.main(["nothing"])


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("", "passed"), ("raise SystemExit(1)", "FAILED"), ("import time; time.sleep(600)", "FAILED: out of time")],
)
def test_a_part_that_fails_or_hangs_is_told(code, outcome, monkeypatch):
    monkeypatch.setattr(nightly, "GRACE", 0.5)
    given = argparse.Namespace(seconds=0.1, seed=1)
    name, _, told = nightly.run("part", [sys.executable, "-c", code], 5, given)
    assert (name, told) == ("part", outcome) if code.startswith("import") else told in (outcome, "FAILED: out of time")


def test_there_are_forty_mutants_at_least_whose_text_is_there():
    assert len(mutants.MUTANTS) - len(mutants.misfits()) >= 40
    assert all(m.old != m.new for m in mutants.MUTANTS)
    assert len({m.what for m in mutants.MUTANTS}) == len(mutants.MUTANTS)


def test_a_mutant_is_killed():
    mutant = next(m for m in mutants.MUTANTS if m.what == "a + a is a²")
    assert "program" in mutants.tried(0, mutant)[2]


ANY_KEY = FEW(test_registry.test_any_key_gives_what_numpy_gives_and_its_gradient_goes_back_there)
ANY_AXES = FEW(test_registry.test_a_reduction_is_the_same_over_any_axes_of_any_shape)


@pytest.mark.parametrize("name", ["sum", "max", "std", "softmax"])
def test_a_sample_of_reductions_over_any_axes(name):
    ANY_AXES(name)


def test_a_sample_of_keys():
    ANY_KEY()
