"""Forwards as formulas: they compute what the rows compute, in Python, and written in another language."""

import json
import math
import random
import shutil
import subprocess

import numpy as np
import pytest

from scalargrad import OPS, STRUCTURAL
from scalargrad.numerics import ERFCX
from scalargrad.ops import elementwise as ops
from scalargrad.ops.registry import Op
from scalargrad.special import _ERF
from scalargrad.symbolic import Sym, local_derivative
from scalargrad.symbolic.forward import forward, functions, lowered, replaced, scalars
from scalargrad.symbolic.writing import bottom_up
from tests.formulas import value_of

ROWS = list(OPS.values())
SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 0.5, -2.0, 3.0, 40.0, -800.0, 800.0]
FEW = [0.0, math.inf, -math.inf, math.nan, 1.0, -2.0]

every_row = pytest.mark.parametrize("row", ROWS, ids=str)


def points(row):
    rng = random.Random(row.name)
    grid = np.array(np.meshgrid(*[SPECIAL if len(row.operands) < 3 else FEW] * len(row.operands)))
    return [tuple(map(float, at)) for at in grid.reshape(len(row.operands), -1).T] + [
        tuple(rng.uniform(*interval) for interval in row.domain) for _ in range(8)
    ]


def same(got, expected, rel=1e-15):
    return got == expected or (got != got and expected != expected) or math.isclose(got, expected, rel_tol=rel)


# --- the tree --------------------------------------------------------------------------------------------------------


@every_row
def test_the_forward_of_a_row_is_a_formula_that_computes_it(row):
    formula = forward(row)
    assert formula.names() <= set(row.operands)
    for at in points(row):
        assert same(value_of(formula, dict(zip(row.operands, at))), row.number(*at)), at


def test_a_forward_is_written_in_plain_functions():
    assert str(forward(ops.elu)) == "maximum(a, 0) + alpha·expm1(minimum(a, 0))"
    assert functions(forward(ops.sigmoid)) == {"where", "greater_equal", "exp", "neg", "abs", "add", "div"}
    assert forward(ops.relu, (Sym.named("p") - 1,)) == ops.maximum(Sym.named("p") - 1, 0)
    assert type(forward(ops.sigmoid).args[1]) is Sym


def test_formulas_in_the_place_of_names():
    a, b = Sym.named("a"), Sym.named("b")
    assert replaced(a * b + 1, {"a": b.exp()}) == b.exp() * b + 1


def test_an_op_that_a_writer_does_not_know_is_stated_in_others():
    softplus = lowered(ops.square(ops.softplus(Sym.named("p"))), {"logaddexp", "mul"})
    assert str(softplus) == "logaddexp(p, 0)·logaddexp(p, 0)"
    for unknown, sym in (("logaddexp", ops.softplus(1 - Sym.named("p"))), ("greater", forward(ops.leaky_relu))):
        with pytest.raises(TypeError, match=f"{unknown} is not among the ops known, and is not made of others"):
            lowered(sym, {"where", "sub", "mul"})


def test_a_deep_formula_is_lowered():
    sym = Sym.named("p")
    for _ in range(3000):
        sym = ops.softsign(sym)
    assert functions(lowered(sym, {"add", "div", "abs"})) == {"add", "div", "abs"}


def test_a_forward_that_uses_what_is_no_op_is_refused():
    row = Op("odd", lambda xp, a: xp.spacing(a), (lambda y, a: 1,))
    with pytest.raises(TypeError, match=r"odd: its forward uses xp\.spacing, which is no op"):
        forward(row)


# --- structural ops --------------------------------------------------------------------------------------------------

SAMPLES = [
    pytest.param(sample, id=f"{row.name}-{i}")
    for row in STRUCTURAL.values()
    if not row.why_not
    for i, sample in enumerate(row.samples)
]


@pytest.mark.parametrize("sample", SAMPLES)
def test_the_elements_of_a_structural_op_are_formulas_that_compute_it(sample):
    arrays, rng = [], np.random.default_rng(1)

    def made(*shape):
        arrays.append(rng.normal(size=shape))
        return arrays[-1]

    expected = np.asarray(sample(made))
    names = [[f"{'pqrs'[k]}{i}" for i in range(a.size)] for k, a in enumerate(arrays)]
    given = [np.array(own, object).reshape(a.shape) for own, a in zip(names, arrays)]
    variables = {name: x for own, a in zip(names, arrays) for name, x in zip(own, a.ravel())}

    def again(*symbols):
        rest = iter(symbols)
        return sample(lambda *shape: next(rest))

    found = np.asarray(scalars(again, *given))
    assert found.shape == expected.shape
    for formula, number in zip(found.ravel(), expected.ravel()):
        assert same(value_of(formula, variables), number, 1e-12), str(formula)


# --- a writer of another language ------------------------------------------------------------------------------------

JAVASCRIPT = {
    "add": "(#1 + #2)", "sub": "(#1 - #2)", "mul": "(#1 * #2)", "div": "(#1 / #2)", "neg": "(-#1)",
    "less": "(#1 < #2)", "less_equal": "(#1 <= #2)", "greater": "(#1 > #2)", "greater_equal": "(#1 >= #2)",
    "equal": "(#1 === #2)", "not_equal": "(#1 !== #2)", "where": "(#1 != 0 ? #2 : #3)", "heaviside": "(#1 >= 0 ? 1 : #1 < 0 ? 0 : NaN)",
    "logaddexp": "(#1 === #2 ? #1 + Math.LN2 : Math.max(#1, #2) + Math.log1p(Math.exp(-Math.abs(#1 - #2))))",
    "round": "(Math.abs(#1 % 1) === 0.5 ? 2 * Math.round(#1 / 2) : Math.round(#1))",
    "exp2": "Math.pow(2, #1)", "arctan2": "Math.atan2(#1, #2)", "hypot": "Math.hypot(#1, #2)", "fmod": "(#1 % #2)",
    "remainder": "remainder(#1, #2)", "floor_divide": "divided(#1, #2)", "copysign": "copysign(#1, #2)",
    "fmax": "(#1 >= #2 || #2 !== #2 ? #1 : #2)", "fmin": "(#1 <= #2 || #2 !== #2 ? #1 : #2)",
    "logaddexp2": "(#1 === #2 ? #1 + 1 : Math.max(#1, #2) + Math.log1p(Math.pow(2, -Math.abs(#1 - #2))) / Math.LN2)",
    "deg2rad": "(#1 * (Math.PI / 180))", "rad2deg": "(#1 * (180 / Math.PI))", "positive": "(+#1)",
    "pow": "(#1 === 1 || (#1 === -1 && Math.abs(#2) === Infinity) ? 1 : Math.pow(#1, #2))", "arctan": "Math.atan(#1)", "maximum": "Math.max(#1, #2)", "minimum": "Math.min(#1, #2)",
}  # fmt: skip
SAME = [
    "abs",
    "ceil",
    "cos",
    "cosh",
    "exp",
    "expm1",
    "floor",
    "log",
    "log1p",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
]
JAVASCRIPT |= {name: f"Math.{name}(#1)" for name in [*SAME, "cbrt", "log2", "log10", "trunc"]}
JAVASCRIPT |= {f"arc{name}": f"Math.a{name}(#1)" for name in ("sin", "cos", "sinh", "cosh", "tanh")}
JAVASCRIPT |= {name: f"{name}(#1)" for name in ("erf", "erfc", "erfcx")}
PRELUDE = f"""
const copysign = (a, b) => (b < 0 || Object.is(b, -0)) ? -Math.abs(a) : Math.abs(a);
const remainder = (a, b) => {{ const r = a % b; return r !== 0 && (r < 0) !== (b < 0) ? r + b : r === 0 ? copysign(0, b) : r; }};
const divided = (a, b) => {{
    if (b === 0 || a !== a || b !== b) return a / b;
    if (!Number.isFinite(a)) return NaN;
    const q = (a - remainder(a, b)) / b, f = Math.floor(q);
    return Number.isFinite(b) ? (q - f > 0.5 ? f + 1 : f) : (a !== 0 && (a < 0) !== (b < 0) ? -1 : 0);
}};
const erfcx = x => {{
    const z = Math.abs(x), t = 1 - 6 / (z + 3), y = {list(ERFCX)}.reduce((sum, c) => sum * t + c, 0) / (1 + 2 * z);
    return x < 0 ? 2 * Math.exp(z * z) - y : y;
}};
const erfc = x => x < 0 ? 2 - erfc(-x) : erfcx(x) * Math.exp(-x * x);
const erf = x => Math.abs(x) > 0.5 ? 1 - erfc(x) : x * {list(_ERF)}.reduce((sum, c) => sum * x * x + c, 0);
"""
"""What JavaScript has no function for."""


def javascript(sym):
    """A formula as JavaScript over Math.*: comparisons are true and false, which count as 1 and 0."""

    def write(inner, args):
        if inner.op is None:
            return inner.atom if isinstance(inner.atom, str) else js_number(inner.atom)
        text = JAVASCRIPT[inner.op.name]
        for i, arg in enumerate(args):
            text = text.replace(f"#{i + 1}", arg)
        return text

    return bottom_up(lowered(sym, JAVASCRIPT), write)


def js_number(x):
    return "NaN" if x != x else str(x).replace("inf", "Infinity")


FORMULAS = {row.name: (row, forward(row), row.number) for row in ROWS}
FORMULAS |= {
    f"∂{row.name}/∂{row.operands[i]}": (row, local_derivative(row, i, row.operands), partial)
    for row in ROWS
    for i, partial in enumerate(
        [lambda *at, row=row, i=i: row.local(i, row.number(*at), at) for i in range(len(row.partials))]
    )
}


def test_a_second_writer_writes_every_forward_and_every_partial():
    for _, formula, _ in FORMULAS.values():
        assert "#" not in javascript(formula)
    assert javascript(forward(ops.softsign)) == "(a / (1.0 + Math.abs(a)))"
    assert javascript(local_derivative(ops.softplus, 0, ("a",))) == (
        "((a >= 0.0) != 0 ? 1.0 : Math.exp((-Math.abs(a)))) / (1.0 + Math.exp((-Math.abs(a))))".join("()")
    )


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_what_javascript_computes_is_what_python_computes():
    lines = [PRELUDE, "const shown = x => Number.isFinite(+x) ? +x : String(+x), found = {};"]
    for name, (row, formula, _) in FORMULAS.items():
        operands = ", ".join(row.operands)
        at = ", ".join(f"[{', '.join(map(js_number, at))}]" for at in points(row))
        lines.append(f"found[{json.dumps(name)}] = [{at}].map(([{operands}]) => shown({javascript(formula)}));")
    script = "\n".join([*lines, "console.log(JSON.stringify(found));"])
    done = subprocess.run(["node", "-"], input=script, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    for name, (row, _, number) in FORMULAS.items():
        for at, got in zip(points(row), found[name], strict=True):
            assert same(float(got), number(*at), 1e-12), (name, at)
