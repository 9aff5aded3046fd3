"""The part ``accuracy``: the bounds in ulp of ``tests/test_accuracy.py``, at other numbers every night.

Skips without mpmath.
"""

import time

import numpy as np
import pytest

from tests.nightly import SECONDS, SEED

pytest.importorskip("mpmath")
from tests import test_accuracy as daily

NAMES = sorted(name for name in vars(daily) if name.startswith("test_"))


def cases(test):
    """The arguments of a test, as its marks give them."""
    found = [{}]
    for mark in getattr(test, "pytestmark", []):
        if mark.name == "parametrize":
            names, values = mark.args
            if isinstance(names, str):
                names, values = [names], [(value,) for value in values]
            found = [{**case, **dict(zip(names, value))} for case in found for value in values]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_the_bounds_hold_at_random_numbers(name, monkeypatch):
    test, number = getattr(daily, name), 0
    end = time.monotonic() + 0.9 * SECONDS / len(NAMES)
    while not number or time.monotonic() < end:
        rng = np.random.default_rng([SEED, number])
        spread = rng.choice([-1, 1], 40) * 10.0 ** rng.uniform(-12, 3, 40)
        monkeypatch.setattr(daily, "RNG", rng)
        monkeypatch.setattr(
            daily, "POINTS", np.concatenate([rng.normal(size=20) * 3, rng.normal(size=20) * 30, spread])
        )
        monkeypatch.setattr(daily, "ROWS", list(daily.rows()))
        for case in cases(test):
            test(**case)
            if number and time.monotonic() > end:
                break
        number += 1
