"""The rows beside mpmath and PyTorch: values and derivatives, in their domains, far out, and at special numbers."""

import itertools
import math
import random

import numpy as np
import pytest

from fastpath import Tensor
from scalargrad import OPS, grad

EPS = 2.0**-52

# --- exact numbers ---------------------------------------------------------------------------------------------------

mp = pytest.importorskip("mpmath")
ROOT_HALF = mp.sqrt(mp.mpf(1) / 2)


def phi(a):
    return mp.erfc(-a * ROOT_HALF) / 2


def sigma(a):
    return 1 / (1 + mp.exp(-a))


EXACT = {
    "cbrt": lambda a: mp.sign(a) * mp.cbrt(abs(a)),
    "exp2": lambda a: 2**a,
    "log2": lambda a: mp.log(a, 2),
    "log10": mp.log10,
    "logit": lambda a: mp.log(a / (1 - a)),
    "arcsin": mp.asin,
    "arccos": mp.acos,
    "arcsinh": mp.asinh,
    "arccosh": mp.acosh,
    "arctanh": mp.atanh,
    "sinc": lambda a: mp.sin(mp.pi * a) / (mp.pi * a),
    "deg2rad": mp.radians,
    "rad2deg": mp.degrees,
    "erf": mp.erf,
    "erfc": mp.erfc,
    "erfcx": lambda a: mp.exp(a * a) * mp.erfc(a),
    "ndtr": phi,
    "log_ndtr": lambda a: mp.log(phi(a)),
    "gelu": lambda a: a * phi(a),
    "gelu_tanh": lambda a: a * sigma(2 * mp.sqrt(2 / mp.pi) * (a + mp.mpf(0.044715) * a**3)),
    "mish": lambda a: a * mp.tanh(mp.log1p(mp.exp(a))),
    "silu": lambda a: a * sigma(a),
    "logsigmoid": lambda a: -mp.log1p(mp.exp(-a)),
    "tanhshrink": lambda a: a - mp.tanh(a),
    "selu": lambda a: mp.mpf(1.0507009873554805) * (a if a > 0 else mp.mpf(1.6732632423543772) * mp.expm1(a)),
    "hypot": lambda a, b: mp.sqrt(a * a + b * b),
    "arctan2": lambda a, b: mp.atan2(a, b),
    "logaddexp2": lambda a, b: mp.log(2**a + 2**b, 2),
    "xlogy": lambda a, b: a * mp.log(b),
    "celu": lambda a, alpha: a if a > 0 else alpha * mp.expm1(a / alpha),
    "remainder": lambda a, b: a - b * mp.floor(a / b),
    "fmod": lambda a, b: a - b * (mp.floor(a / b) if a / b > 0 else mp.ceil(a / b)),
}
"""What rows are, by name."""
UNIT, POSITIVE = (1e-8, 0.3, 0.49999, 0.5000001, 0.7, 1 - 1e-9), (1e-300, 1e-8, 1 - 1e-9, 1 + 1e-9, 7.0, 1e300)
WIDE = tuple(
    s * x for s in (1, -1) for x in (1e-300, 1e-9, 1e-3, 0.1, 0.24, 0.26, 0.5, 0.9, 3.0, 9.0, 26.0, 36.0, 40.0)
)
FAR = {
    "logit": UNIT, "sinc": (1e-300, -1e-9, 1e-3, 0.1, 0.24, 0.26, 0.5, -0.9, 3.2, 9.3), "log2": POSITIVE, "log10": POSITIVE, "cbrt": (*POSITIVE, -8.5), "arccosh": (1 + 1e-9, 1.5, 1e3, 1e300),
    "arcsin": (*UNIT, -0.999), "arccos": (*UNIT, -0.999), "arctanh": (*UNIT, -0.999), "erfcx": (*[x for x in WIDE if x > -26], 1e4),
    "logaddexp2": [(3.0, -700.0), (1000.5, 1000.25), (-40.0, 2.0)], "xlogy": [(1e-300, 1e-300), (2.0, 1e300)],
    "hypot": [(1e300, 1e300), (1e-300, 3e-300), (3.0, 1e-9)], "arctan2": [(1e300, -1e300), (-1e-300, 1e-300), (1e-9, -1.0)],
    "celu": [(-1e-9, 1.0), (-0.3, 1.7), (-40.0, 2.0), (-0.8, 1.6)], "remainder": [(1e10, 0.3), (-1e-3, 7.0)], "fmod": [(1e10, 0.3), (-1e-3, 7.0)],
}  # fmt: skip
VALUE = dict.fromkeys(("ndtr", "gelu", "log_ndtr"), 1000) | {"gelu_tanh": 30, "sinc": 100}
"""How many times 2⁻⁵² a value may be off where that is more than 6; far out, the rounding of the angle or exponent counts."""
SLOPE = dict.fromkeys(("ndtr", "gelu", "log_ndtr", "erf", "erfc"), 1200) | {"gelu_tanh": 30, "erfcx": 5000}
"""The same of derivatives, where that is more than 20."""


def places(name):
    row, rng = OPS[name], random.Random(name)
    inside = [tuple(rng.uniform(*interval) for interval in row.domain) for _ in range(12)]
    return inside + [x if isinstance(x, tuple) else (x,) for x in FAR.get(name, WIDE)]


def off(got, exact, size=None):
    """The error in units of 2⁻⁵² of the exact number; what over- or underflows is not counted."""
    if abs(exact) < 1e-290 or abs(exact) > 1e300:
        return 0.0 if abs(got) < 1e-280 or abs(got) > 1e299 else math.inf
    return float(abs(mp.mpf(float(got)) - exact) / abs(exact)) / EPS


@pytest.mark.parametrize("name", EXACT)
def test_values_and_derivatives_are_exact_but_for_a_few_digits_far_out(name):
    row, exact = OPS[name], EXACT[name]
    columns = [np.array(column) for column in zip(*places(name))]
    many = [np.tile(c, 1000 // c.size + 1) for c in columns]  # where arrays are computed in another way than numbers
    leaves = [Tensor(c, requires_grad=True) for c in many]
    on_arrays = row(*leaves)
    on_arrays.backward(np.ones(on_arrays.shape))
    with mp.workdps(800):
        for i, at in enumerate(places(name)):
            point = tuple(map(mp.mpf, at))
            value = exact(*point)
            for got in (row(*at), on_arrays.data[i]):
                assert off(got, value) <= VALUE.get(name, 6), (at, got, off(got, value))
            for k in range(len(at)):
                step = point[k] * mp.mpf(10) ** -100
                moved = (*point[:k], point[k] + step, *point[k + 1 :])
                slope = (exact(*moved) - value) / step
                for got in (row.local(k, row(*at), at), leaves[k].grad[i]):
                    assert off(got, slope) <= SLOPE.get(name, 20), (at, k, got, off(got, slope))


# --- PyTorch ---------------------------------------------------------------------------------------------------------

SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, 0.3, -0.3, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, -3.0, 6.0, 40.0, -40.0]
SPECIAL += [800.0, -800.0, 1e300, -1e300, 1e-300, -1e-300]
OTHER_NAMES = {"neg": "negative", "where": None, "clip": None, "equal": None}
OURS = {"cbrt", "heaviside", "prelu", "bce_with_logits", "where", "clip", "equal"}
"""What PyTorch has not, or with other operands: the other tests judge it."""
SETTING = {"leaky_relu", "elu", "celu", "softshrink", "hardshrink", "hardtanh", "threshold"}
"""Whose settings are plain numbers there."""
IN_FLOAT32 = {"hardsigmoid", "celu"}
"""Whose derivatives PyTorch computes with a factor in float32."""
BETTER = {
    "pow": "0^b for b below 0", "expm1": "exp(−40), which is not 0", "hypot": "0 at 0, 0", "arctan2": "1e300, 1e-300, and 0, 0",
    "logaddexp": "of equal infinities", "logaddexp2": "of equal infinities, and of equal numbers", "logit": "its derivative outside 0 … 1",
    "xlogy": "its derivative by b at 0, 0", "sinc": "its derivative at 1e-300", "arccosh": "its derivative below 1 and at 1e300",
    "log_ndtr": "its derivative at −800", "copysign": "of infinities", "softsign": "of infinities",
    "remainder": "b = 0 or infinite", "fmod": "b = 0 or infinite", "maximum": "nan", "minimum": "nan", "fmax": "equal operands share", "fmin": "equal operands share",
    "erfcx": "its derivative at 800",
}  # fmt: skip
"""Where we differ on purpose, at some of these numbers; everywhere else both say the same."""


def torchs(row):
    torch = pytest.importorskip("torch")
    if row.name == "gelu_tanh":
        return lambda a: torch.nn.functional.gelu(a, approximate="tanh")
    name = OTHER_NAMES.get(row.name, row.name)
    places = (torch, torch.special, torch.nn.functional)
    function = next(getattr(place, name) for place in places if hasattr(place, name))
    return (lambda a, *settings: function(a, *map(float, settings))) if row.name in SETTING else function


def agrees(got, expected, rel=1e-11):
    return (
        got == expected
        or (got != got and expected != expected)
        or math.isclose(got, expected, rel_tol=rel, abs_tol=1e-290)
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("row", [row for row in OPS.values() if row.name not in OURS], ids=str)
def test_values_and_derivatives_are_pytorchs(row):
    torch, function = pytest.importorskip("torch"), torchs(row)
    free = range(1 if row.name in SETTING else len(row.operands))
    rng = random.Random(row.name)
    inside = [tuple(rng.uniform(*interval) for interval in row.domain) for _ in range(8)]
    special = (
        [(x, *row.defaults) for x in SPECIAL]
        if row.defaults
        else list(itertools.product(SPECIAL, repeat=len(row.operands)))
    )
    different = []
    for at in inside + special:
        leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in at]
        y = function(*leaves)
        ours = row(*at)
        is_nan = math.isnan(ours)
        assert (
            agrees(ours, y.double().item()) or (row.name == "sign" and is_nan) or (row.name in BETTER and at in special)
        ), at
        if not y.requires_grad or row.why_not or is_nan:  # of nan, PyTorch gives some derivatives as 1
            continue
        slopes = torch.autograd.grad(y, leaves, allow_unused=True, create_graph=True)
        for k in free:
            expected = 0.0 if slopes[k] is None else slopes[k].item()
            if not agrees(row.local(k, ours, at), expected, 1e-6 if row.name in IN_FLOAT32 else 1e-11):
                different.append(at)
            twice = row.name not in IN_FLOAT32 and slopes[k] is not None and slopes[k].requires_grad
            if at in inside and twice:
                second = torch.autograd.grad(slopes[k], leaves, allow_unused=True, retain_graph=True)
                for j in free:
                    expected = 0.0 if second[j] is None else second[j].item()
                    got = grad(lambda *xs, k=k: grad(row, argnums=k)(*xs), argnums=j)(*at)
                    assert float(got) == pytest.approx(expected, rel=1e-7, abs=1e-9), (at, k, j)
    assert not set(different) & set(inside)
    assert not different or row.name in BETTER, different
