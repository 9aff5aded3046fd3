"""Every row of the registry, in each of its readings. No test here is about one op: all loop over the table."""

import copy
import itertools
import math
import pickle
import random
import re

import numpy as np
import pytest

import scalargrad
from scalargrad import OPS, NotDifferentiableError, Value
from scalargrad.checking import gradcheck
from scalargrad.derivatives import hessian
from scalargrad.expression import parse
from scalargrad.ops.registry import Op
from scalargrad.symbolic import Sym, saved
from tests.formulas import read, value_of

ROWS = list(OPS.values())
SMOOTH = [row for row in ROWS if not row.why_not]
STEP = 1e-5
SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 0.5, -2.0, 3.0, 1 / 3, 40.0, -800.0, 800.0]
SPECIAL += [1e300, -1e300, 1e-300, 5e-324, -5e-324, 2.0**53 + 1]
FEW = [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -2.0, 0.5, 1e300, 5e-324]
NAMES = ("p", "q", "r", "s")

every_op = pytest.mark.parametrize("op", ROWS, ids=str)
every_smooth_op = pytest.mark.parametrize("op", SMOOTH, ids=str)


def points(op, count=8):
    """Points of the row's domain away from its kinks; the same in every run."""
    rng = random.Random(op.name)
    found = []
    while len(found) < count:
        at = tuple(rng.uniform(*interval) for interval in op.domain)
        if all(abs(kink.distance(*at)) > 1e-2 for kink in op.kinks):
            found.append(at)
    return found


def is_in_numpy(op):
    """Whether NumPy has a function of that name, of as many operands: its heaviside has two."""
    function = getattr(np, op.ufunc or op.name, None)
    return function is not None and getattr(function, "nin", len(op.operands)) == len(op.operands)


def special_points(op):
    return list(itertools.product(*[SPECIAL if len(op.operands) < 3 else FEW] * len(op.operands)))


def beside_kinks(op, at):
    return all(kink.distance(*at) != 0 for kink in op.kinks)


def tells_zeros_apart(op, at):
    """Not where the larger of 0 and −0 is taken: NumPy may take either, even at random in one array."""
    zeros = {math.copysign(1, x) for x in at if x == 0}
    return not op.kinks or (beside_kinks(op, at) and len(zeros) < 2)


def moved(at, position, by):
    return (*at[:position], at[position] + by, *at[position + 1 :])


def difference(function, at, position):
    """The derivative by one operand, as a central difference of the fourth order."""
    values = [function(*moved(at, position, k * STEP)) for k in (-2, -1, 1, 2)]
    return (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * STEP)


def same(a, b, ulps=4, signed=True):
    """The same IEEE answer, but for the last digits; nan is nan, and the sign of a zero counts."""
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    if a == 0 == b and signed:
        return math.copysign(1, a) == math.copysign(1, b)
    return a == b or abs(a - b) <= ulps * math.ulp(max(abs(a), abs(b)))


# --- the row itself --------------------------------------------------------------------------------------------------


@every_op
def test_a_row_says_what_it_is(op):
    assert op.symbol
    assert op.note
    assert "\n" not in op.note
    assert not op.note.endswith(".")
    holes = {f"#{i + 1}" for i in range(len(op.operands))}
    assert set(re.findall(r"#\d", op.text)) == holes
    assert set(re.findall(r"#\d", op.latex)) == holes
    assert op.__doc__.splitlines()[0] == f"{op.name}{op.signature}: {op.note}."
    assert all(low < high for low, high in op.domain)


@every_op
def test_a_call_with_wrong_operands_is_a_type_error_with_the_signature(op):
    right = points(op, 1)[0]
    for call in (
        lambda: op(),
        *[lambda: op(*right, 1.0)] * (op.name != "heaviside"),  # NumPy's second operand
        lambda: op(*right, **{op.operands[0]: 1.0}),
        lambda: op(*right[: len(right) - 1], nonsense=1.0),
        lambda: op(*right[1:], "no"),
        lambda: op(*right[1:], 1j),
        *[lambda: op(*right[1:], None)] * (op.name != "clip"),  # None is no bound, as in NumPy
    ):
        with pytest.raises(TypeError, match=re.escape(op.name)):
            call()


@every_op
def test_operands_may_be_given_by_name_and_defaults_left_out(op):
    at = points(op, 1)[0]
    named = dict(zip(op.operands, at, strict=True))
    assert op(**named) == op(*at) == op(at[0], **dict(list(named.items())[1:]))
    if op.defaults:
        first = at[: len(at) - len(op.defaults)]
        assert op(*first) == op(*first, *op.defaults)
        assert float(op(Value(first[0]), *first[1:])) == op(*first)


@every_op
def test_pickled_and_copied_it_is_the_same_op(op):
    assert pickle.loads(pickle.dumps(op)) is op
    assert copy.copy(op) is op
    assert copy.deepcopy(op) is op
    assert repr(op) == f"<op {op.name}>"


# --- values ----------------------------------------------------------------------------------------------------------


@every_op
def test_numbers_of_every_kind_give_a_float(op):
    for at in points(op, 3):
        expected = op.number(*at)
        assert type(op(*at)) is float
        assert op(*(np.float64(x) for x in at)) == expected
    ones = tuple(max(1, round(low)) for low, _ in op.domain)
    assert type(op(*ones)) is float
    assert op(*ones) == op(*map(float, ones)) == op(*(np.int64(x) for x in ones))


@every_op
def test_numbers_and_arrays_give_the_same_ieee_answers(op):
    for at in points(op) + special_points(op):
        on_number = op(*at)
        on_array = float(op(*(np.array([x]) for x in at))[0])
        assert type(on_number) is float
        assert same(on_number, on_array, signed=tells_zeros_apart(op, at)), (
            f"{op.name}{at} is {on_number} on floats and {on_array} on arrays"
        )


@every_smooth_op
def test_partials_of_numbers_and_of_arrays_are_the_same(op):
    for at in points(op) + special_points(op):
        y = op(*at)
        for position, partial in enumerate(op.partials):
            on_number = op.local(position, y, at)
            with np.errstate(all="ignore"):
                arrays = [np.array([x]) for x in at]
                on_array = float(np.broadcast_to(partial(np.array([y]), *arrays), (1,))[0])
            where = f"∂{op.name}/∂{op.operands[position]} at {at}"
            assert same(on_number, on_array, signed=tells_zeros_apart(op, at)), (
                f"{where} is {on_number} on floats and {on_array} on arrays"
            )


@every_op
def test_arrays_keep_their_shape_and_float_type(op):
    columns = [np.array(column) for column in zip(*points(op, 6), strict=True)]
    expected = [op.number(*at) for at in zip(*(c.tolist() for c in columns), strict=True)]
    assert np.allclose(op(*columns), expected, rtol=1e-14, atol=1e-300)
    assert op(*(c.reshape(2, 3) for c in columns)).shape == (2, 3)
    assert op(*(c.tolist() for c in columns)).dtype == np.float64
    assert op(*(c.astype(np.float32) for c in columns)).dtype == np.float32
    assert op(columns[0].astype(np.float32), *points(op, 1)[0][1:]).dtype == np.float32
    assert op(*(np.ones(2, dtype=int) for _ in columns)).dtype == np.float64


@every_op
def test_an_array_of_values_gives_an_array_of_values(op):
    first, second = points(op, 2)
    column = np.array([Value(first[0]), Value(second[0])], dtype=object)
    result = op(column, *first[1:])
    assert result.shape == (2,)
    assert [float(x) for x in result] == [op.number(*first), op.number(second[0], *first[1:])]
    assert all(x.op is op for x in result)


# --- gradients -------------------------------------------------------------------------------------------------------


@every_smooth_op
def test_partials_are_the_slopes_of_the_forward(op):
    for at in points(op):
        y = op(*at)
        for position in range(len(at)):
            slope = difference(op.number, at, position)
            assert op.local(position, y, at) == pytest.approx(slope, rel=1e-8, abs=1e-9)


@every_smooth_op
def test_backward_gives_each_operand_that_is_a_value_its_partial(op):
    for at in points(op, 3):
        y = op(*at)
        for of_values in itertools.product([True, False], repeat=len(at)):
            if any(of_values):
                operands = [Value(x) if of_value else x for x, of_value in zip(at, of_values, strict=True)]
                result = op(*operands)
                result.backward()
                assert result.data == y
                assert result.op is op
                assert result.inputs == tuple(operands)
                for position, operand in enumerate(operands):
                    if of_values[position]:
                        assert operand.grad == op.local(position, y, at)


@every_smooth_op
def test_backward_gives_the_ieee_answer_of_the_partial_at_special_values_too(op):
    for at in special_points(op):
        operands = [Value(x) for x in at]
        result = op(*operands)
        result.backward()
        for position, operand in enumerate(operands):
            assert same(operand.grad, 0.0 + op.local(position, result.data, at), 0), (at, position)


@every_smooth_op
def test_second_derivatives_are_the_slopes_of_the_partials(op):
    everything = tuple(range(len(op.operands)))
    for at in points(op, 3):
        table = hessian(op, *at, argnums=everything)
        for i, j in itertools.product(everything, repeat=2):
            slope = difference(lambda *xs, i=i: op.local(i, op.number(*xs), xs), at, j)
            assert float(table[i][j]) == pytest.approx(slope, rel=1e-7, abs=1e-8)


@every_smooth_op
def test_second_derivatives_are_symmetric(op):
    everything = tuple(range(len(op.operands)))
    plain = [tuple(float(x) for x in at) for at in itertools.product((1, 2, 0.5), repeat=len(op.operands))]
    for at in [*points(op, 3), *plain]:
        if beside_kinks(op, at):
            table = np.array(hessian(op, *at, argnums=everything), dtype=float)
            assert np.allclose(table, table.T, rtol=1e-12, atol=1e-12, equal_nan=True)


@every_smooth_op
@pytest.mark.parametrize("method", ["central", "forward"])
def test_gradcheck_passes(op, method):
    for at in points(op, 3):
        report = gradcheck(op, at, order=2, method=method)
        assert {row.status for row in report.rows} == {"ok"}, str(report)


@every_smooth_op
def test_a_kink_lies_where_it_is_said_to_and_has_the_slopes_it_is_said_to_have(op):
    for kink in op.kinks:
        assert kink.distance(*kink.at) == 0
        assert len(kink.at) == len(kink.slopes) == len(op.operands)
        y = op(*kink.at)
        assert tuple(op.local(i, y, kink.at) for i in range(len(kink.at))) == kink.slopes
        operands = [Value(x) for x in kink.at]
        op(*operands).backward()
        assert tuple(x.grad for x in operands) == kink.slopes


@every_smooth_op
def test_a_derivative_jumps_only_at_declared_kinks(op):
    nearby = sorted({x for low, high in op.domain for x in (low, high)} | {-2.0, -1.0, 0.0, 0.5, 1.0, 2.0})
    inside = [[x for x in nearby if low <= x <= high] for low, high in op.domain]
    for at in itertools.product(*inside):
        if beside_kinks(op, at):
            report = gradcheck(op, at, order=2)
            assert report, str(report)


@pytest.mark.parametrize("op", [row for row in ROWS if row.why_not], ids=str)
def test_what_has_no_derivative_says_so(op):
    x, *others = Value(1.3), *[0.7] * (len(op.operands) - 1)
    y = op(x, *others)
    names = NAMES[: len(op.operands)]
    for attempt in (y.backward, lambda: op.local(0, y.data, (x.data, *others)), lambda: op.formula(0, names)):
        with pytest.raises(NotDifferentiableError, match=f"{op.name} has no gradient: {op.why_not}"):
            attempt()
    assert x.grad == 0.0


@every_smooth_op
def test_what_a_partial_keeps_is_among_its_operands_and_output(op):
    for position in range(len(op.operands)):
        assert saved(op, position) <= {*op.operands, "output"}


# --- the ways to call it ---------------------------------------------------------------------------------------------


@every_op
def test_it_is_a_function_of_the_package_and_a_method_of_values_and_symbols(op):
    assert getattr(scalargrad, op.name) is op
    assert op.name in scalargrad.__all__
    first, *others = points(op, 1)[0]
    for kind in (Value, Sym):
        method = getattr(kind, op.name)
        assert op.name in dir(kind)
        assert method.__name__ == op.name
        assert method.__doc__.startswith(op.note)
    x = Value(first)
    result = getattr(x, op.name)(*others)
    assert (result.data, result.op, result.inputs) == (op.number(first, *others), op, (x, *others))
    named = getattr(x, op.name)(**dict(zip(op.operands[1:], others, strict=True)))
    assert (named.data, named.op) == (result.data, op)
    symbol = getattr(Sym.named("p"), op.name)(*others)
    assert symbol.op is op


@pytest.mark.parametrize("op", [row for row in ROWS if is_in_numpy(row)], ids=str)
def test_numpys_function_of_that_name_is_the_op_on_values(op):
    function = getattr(np, op.ufunc or op.name)
    for at in points(op, 2):
        operands = [Value(x) for x in at]
        result = function(*operands)
        if isinstance(function(*at), (bool, np.bool_)):  # a comparison looks at the numbers
            assert result == bool(op(*at))
            continue
        assert isinstance(result, Value)
        assert (result.op, result.inputs) == (op, tuple(operands))
        assert float(function(*at)) == pytest.approx(op(*at), rel=1e-14)


def test_no_two_rows_are_the_same_numpy_function():
    names = [name for row in ROWS for name in {row.name, row.ufunc} - {""}]
    assert len(names) == len(set(names))


# --- formulas --------------------------------------------------------------------------------------------------------


@every_op
def test_its_text_form_reads_back(op):
    names = NAMES[: len(op.operands)]
    formula = parse(op.text_of(*names))
    for at in points(op, 4):
        assert formula.evaluate(**dict(zip(names, at, strict=True))) == op(*at)


@every_op
def test_every_name_of_it_is_known_to_the_parser(op):
    names = NAMES[: len(op.operands)]
    at = points(op, 1)[0]
    for name in (op.name, *op.aliases):
        assert parse(f"{name}({', '.join(names)})").evaluate(**dict(zip(names, at, strict=True))) == op(*at)


def constants_put_in(at, names):
    """The operands of a formula with every choice of them as constants, but not all."""
    for of_names in itertools.product([True, False], repeat=len(at)):
        if any(of_names):
            yield tuple(n if of_name else x for n, x, of_name in zip(names, at, of_names, strict=True))


@every_smooth_op
@pytest.mark.parametrize("style", ["text", "latex"])
def test_the_formulas_of_its_partials_read_back(op, style):
    names = NAMES[: len(op.operands)]
    for at in points(op, 3):
        variables = dict(zip(names, at, strict=True))
        for position, operands in itertools.product(range(len(at)), constants_put_in(at, names)):
            formula = op.formula(position, operands, style)
            known = {n: x for n, x in variables.items() if n in operands}
            expected = op.local(position, op(*at), at)
            assert read(formula, known, style) == pytest.approx(expected, rel=1e-12, abs=1e-14), formula


@every_op
def test_its_latex_form_reads_back(op):
    names = NAMES[: len(op.operands)]
    for at in points(op, 4):
        latex = op.text_of(*names, style="latex")
        assert read(latex, dict(zip(names, at, strict=True)), "latex") == pytest.approx(op(*at), rel=1e-12), latex


@every_op
@pytest.mark.parametrize("style", ["text", "latex"])
def test_its_form_reads_back_with_ops_around_and_inside(op, style):
    """The op of an op of …: the parentheses are where they must be."""
    rng = random.Random(op.name)
    names = NAMES[: len(op.operands)]
    others = [row for row in ROWS if row not in (OPS["bce_with_logits"],)]
    for _ in range(40):
        inner = [Sym.named(name) for name in names]
        place = rng.randrange(len(names))
        other = rng.choice(others)
        inner[place] = other(*[inner[place], *map(Sym.named, NAMES)][: len(other.operands)])
        outer = rng.choice(others)
        sym = op(*inner)
        sym = outer(*rng.sample([sym, *map(Sym.named, NAMES)][: len(outer.operands)], len(outer.operands)))
        variables = {name: rng.uniform(0.2, 0.9) for name in NAMES}
        written = scalargrad.symbolic.STYLES[style](sym)
        assert read(written, variables, style) == pytest.approx(value_of(sym, variables), rel=1e-12, nan_ok=True), (
            written
        )


def test_the_table_is_that_of_the_package():
    assert all(isinstance(row, Op) for row in ROWS)
    assert [row.name for row in ROWS] == list(OPS)
