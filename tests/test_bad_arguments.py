"""Every function of the three tables called with bad arguments: one sentence that begins with the function's name.

Nothing here is about one op: the functions, their operands and their settings are read from the tables.
"""

# ruff: noqa: B023 (each function is called at once)

import inspect
import itertools

import numpy as np
import pytest

from fastpath import Tensor
from scalargrad import OPS, STRUCTURAL, Value
from scalargrad.ops.composite import COMPOSITE
from scalargrad.ops.given import REFUSALS

A = np.arange(1.0, 7.0).reshape(2, 3)
SQUARE = np.array([[2.0, 1.0], [1.0, 3.0]])


def values(array):
    """An object array of Values."""
    return np.frompyfunc(lambda x: Value(float(x)), 1, 1)(array)


KINDS = {
    "array": lambda a: a.copy(),
    "list": lambda a: a.tolist(),
    "Values": values,
    "Tensor": lambda a: Tensor(a, requires_grad=True),
    "Value": lambda a: Value(2.0),
    "number": lambda a: 2.0,
}
every_kind = pytest.mark.parametrize("kind", KINDS)

NO_NUMBERS = [
    None, "x", b"x", 1j, object(), {}, {1.0}, float, Value, lambda: 0, slice(0, 1), 10**400, [None], ["x"], [1j], [10**400],
    [[1.0], [1.0, 2.0]], np.array([1j]), np.array(["x"]), np.array([None]), np.array([object()]), np.array(["2020"], "M8[D]"),
    np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0]), np.ones((5, 7)),
]  # fmt: skip
ODD = [
    1.5, 2.0, float("nan"), np.float64(1), True, 7, -7, 10**30, (), [], (0, 0), (0, 7), (-1, -1), (0.5,), ("x",), (None,), [0, 1], [[0]],
    np.array([0, 1]), np.array(0), np.array([0.5]), "constant", np.int64(0), Value(0.0), Tensor(0.0), (1, 2, 3, 4, 5),
]  # fmt: skip


def like(x, array):
    """The array, as a Tensor if ``x`` is one."""
    return Tensor(array) if isinstance(x, Tensor) else array


CALLS = {
    "astype": lambda x: (x, "float64"),
    "broadcast_to": lambda x: (x, (2, 2, 3)),
    "concatenate": lambda x: ([x, x], 0),
    "cross_entropy": lambda x: (x, [0, 1]),
    "dot": lambda x: (x, A.T.copy()),
    "einsum": lambda x: ("ij->i", x),
    "expand_dims": lambda x: (x, 0),
    "index": lambda x: (x, 0),
    "matmul": lambda x: (x, A.T.copy()),
    "one_hot": lambda x: ([0, 1], 2),
    "outer": lambda x: (x, [1.0, 2.0]),
    "pad": lambda x: (x, 1),
    "reshape": lambda x: (x, (3, 2)),
    "scatter": lambda x: (x, (4, 3), slice(0, 2)),
    "split": lambda x: (x, 2, 0),
    "stack": lambda x: ([x, x], 0),
    "swapaxes": lambda x: (x, 0, 1),
    "array_split": lambda x: (x, 2),
    "avg_pool1d": lambda x: (x, 2),
    "avg_pool2d": lambda x: (like(x, np.ones((1, 2, 5, 5))), 2),
    "column_stack": lambda x: ([x, x],),
    "conv1d": lambda x: (x, np.ones((1, 2, 2))),
    "conv2d": lambda x: (like(x, np.ones((1, 2, 5, 5))), np.ones((1, 2, 2, 2))),
    "dsplit": lambda x: (x, 1),
    "dstack": lambda x: ([x, x],),
    "hsplit": lambda x: (x, 3),
    "hstack": lambda x: ([x, x],),
    "inner": lambda x: (x, A),
    "kron": lambda x: (x, [1.0, 2.0]),
    "matrix_power": lambda x: (like(x, SQUARE), 2),
    "max_pool1d": lambda x: (x, 2),
    "max_pool2d": lambda x: (like(x, np.ones((1, 2, 5, 5))), 2),
    "moveaxis": lambda x: (x, 0, 1),
    "multi_dot": lambda x: ([x, A.T.copy()],),
    "overlap_add": lambda x: (like(x, np.ones((2, 2, 2))), (2, 3), 2, 1),
    "percentile": lambda x: (x, 50),
    "quantile": lambda x: (x, 0.5),
    "repeat": lambda x: (x, 2),
    "roll": lambda x: (x, 1),
    "rollaxis": lambda x: (x, 1),
    "sliding_window_view": lambda x: (x, 2, 1),
    "solve": lambda x: (like(x, SQUARE), [1.0, 2.0]),
    "take": lambda x: (x, [0]),
    "take_along_axis": lambda x: (x, [[0], [1]]),
    "tensordot": lambda x: (x, A, 2),
    "tile": lambda x: (x, 2),
    "topk": lambda x: (x, 2),
    "vdot": lambda x: (x, A),
    "vsplit": lambda x: (x, 2),
    "vstack": lambda x: ([x, x],),
}
"""A good call of each function that needs more than one array."""
FUNCTIONS = {**STRUCTURAL, **COMPOSITE}


def parameters(name):
    """The names in the function's signature."""
    if name in COMPOSITE:
        return list(inspect.signature(COMPOSITE[name]).parameters)
    return [part.split("=")[0].lstrip("*") for part in STRUCTURAL[name].signature.strip("()").split(", ")]


def tried(call):
    """What a call raises, if it raises."""
    try:
        call()
    except Exception as error:
        return error
    return None


def require_sentence(name, call, what):
    """A refusal is one line that begins with the name; an answer is none of this test's business."""
    error = tried(call)
    if error is not None:
        told = str(error)
        beginnings = (f"{name}: ", f"{name} ", f"{name}(", f"Tensor.{name}(", f"Value.{name}(")
        assert isinstance(error, REFUSALS), (what, error)
        assert told.startswith(beginnings), (what, told)
        assert "\n" not in told, (what, told)


def without(items, place, new):
    return [*items[:place], new, *items[place + 1 :]]


@every_kind
@pytest.mark.parametrize("op", OPS.values(), ids=str)
def test_an_elementwise_op_refuses_in_one_sentence(op, kind):
    make, count = KINDS[kind], len(op.operands)
    good = [make(A) for _ in range(count)]
    for place, bad in itertools.product(range(count), NO_NUMBERS):
        operands = without(good, place, bad)
        require_sentence(op.name, lambda: op(*operands), (kind, place, bad))
        if place and hasattr(good[0], "_apply_op"):
            require_sentence(op.name, lambda: getattr(operands[0], op.name)(*operands[1:]), (kind, place, bad))
    for call in (
        lambda: op(),
        lambda: op(*good, *good, good[0]),
        lambda: op(*good, nonsense=1),
        lambda: op(good[0], **{op.operands[0]: good[0]}),
    ):
        error = tried(call)
        assert isinstance(error, TypeError)
        require_sentence(op.name, call, kind)


@pytest.mark.parametrize("kind", ["array", "list", "Values", "Tensor"])
@pytest.mark.parametrize("op", [op for op in OPS.values() if len(op.operands) > 1], ids=str)
def test_shapes_that_do_not_broadcast_are_told_with_both(op, kind):
    shapes = [(2, 3), (5, 7), ()][: len(op.operands)]
    with pytest.raises(ValueError, match=rf"^{op.name}: shapes \(2, 3\) and \(5, 7\) do not broadcast together$"):
        op(*[KINDS[kind](np.ones(shape)) if shape else 1.0 for shape in shapes])


@pytest.mark.parametrize(
    "bad",
    [None, "x", 1j, object(), [None], ["x"], [1j], np.array([1j]), np.array([None])],
    ids=lambda x: "object" if type(x) is object else str(x),
)
@pytest.mark.parametrize("op", OPS.values(), ids=str)
def test_what_is_no_number_is_a_type_error_for_every_elementwise_op(op, bad):
    for make, place in itertools.product(KINDS.values(), range(len(op.operands))):
        if op.name == "clip" and place and bad is None:
            continue  # no bound, as in NumPy
        operands = without([make(A) for _ in op.operands], place, bad)
        assert isinstance(tried(lambda: op(*operands)), TypeError)


@every_kind
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_whole_arrays_refuses_in_one_sentence(name, kind):
    function = FUNCTIONS[name]
    good = CALLS.get(name, lambda x: (x,))
    names = parameters(name)
    for place, bad in itertools.product(range(len(names)), NO_NUMBERS + ODD):
        arguments = list(good(KINDS[kind](A)))
        named = {} if place < len(arguments) else {names[place]: bad}
        if not named:
            arguments[place] = bad
        require_sentence(name, lambda: function(*arguments, **named), (kind, names[place], bad))
        if kind == "Tensor" and place and name != "einsum" and hasattr(Tensor, name):
            method = getattr(arguments[0], name)
            require_sentence(name, lambda: method(*arguments[1:], **named), (kind, "method", names[place], bad))
    arguments = good(KINDS[kind](A))
    for few in range(len(arguments)):
        require_sentence(name, lambda: function(*arguments[:few]), (kind, few))
    assert isinstance(tried(function), TypeError)
    if name not in ("max", "min", "atleast_1d", "atleast_2d", "atleast_3d"):  # they take several operands
        assert isinstance(tried(lambda: function(*arguments, *[1] * 9)), (TypeError, ValueError))
    require_sentence(name, lambda: function(*arguments, *[1] * 9), kind)
    assert isinstance(tried(lambda: function(*arguments, nonsense=1)), TypeError)
    require_sentence(name, lambda: function(*arguments, nonsense=1), kind)


BAD_AXES = [7, -7, 1.5, "x", 1j, (0, 0), (1, 1), (0, 7), object(), (None,), {}]
AXIS = [name for name in FUNCTIONS if "axis" in parameters(name)]
SINGLE = {"concatenate", "stack", "split", "argmax", "argmin", "cumsum"}


@pytest.mark.parametrize("kind", ["array", "list", "Values", "Tensor"])
@pytest.mark.parametrize("axis", BAD_AXES, ids=lambda x: "object" if type(x) is object else str(x))
@pytest.mark.parametrize("name", AXIS)
def test_an_axis_that_is_none_is_refused_on_every_kind_of_array(name, axis, kind):
    if name == "roll" and axis in ((0, 0), (1, 1)):
        pytest.skip("an axis named twice is rolled twice, as in NumPy")
    arguments = list(CALLS.get(name, lambda x: (x,))(KINDS[kind](A)))
    while len(arguments) > parameters(name).index("axis"):
        arguments.pop()
    error = tried(lambda: FUNCTIONS[name](*arguments, axis=axis))
    assert isinstance(error, (TypeError, ValueError)), error
    require_sentence(name, lambda: FUNCTIONS[name](*arguments, axis=axis), (kind, axis))


def test_a_setting_given_twice_is_refused():
    for call in (lambda: STRUCTURAL["sum"](A, 0, axis=0), lambda: Tensor(A).sum(0, axis=0)):
        with pytest.raises(TypeError, match=r"^sum takes \(a, axis=None, keepdims=False\); axis is given twice$"):
            call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: COMPOSITE["expand_dims"](A, "x"), "expand_dims: axis is an integer or a tuple of integers, not 'x' (str)"),
        (lambda: COMPOSITE["flip"](A, (0, 0)), "flip: the same axis twice in (0, 0)"),
        (lambda: COMPOSITE["squeeze"]([[1.0]], (0, -2)), "squeeze: the same axis twice in (0, -2)"),
        (lambda: COMPOSITE["one_hot"]([0, 1], 2.5), "one_hot: classes is an integer, not 2.5 (float)"),
        (lambda: COMPOSITE["pad"](A, 1, constant_values=(1, 2, 3)), "pad: constant_values (1, 2, 3) does not fit shape (2, 3)"),
        (lambda: COMPOSITE["pad"](A, 1, constant_values="x"), "pad: constant_values are numbers, not 'x' (str)"),
        (lambda: COMPOSITE["dot"](A, A), "dot: shapes (2, 3) and (2, 3) do not fit: the inner sizes are 3 and 2"),
        (lambda: COMPOSITE["outer"](A, None), "outer: expected numbers, not None (NoneType)"),
        (lambda: COMPOSITE["split"](A, 1.5), "split: expected a number of parts or a list of indices, not 1.5 (float)"),
        (lambda: STRUCTURAL["scatter"](A, (4, 3), "x"), "scatter: a key is made of integers, slices"),
        (lambda: STRUCTURAL["max"](values(A), axis=5), "max: shape (2, 3) does not fit: axis 5 is out of bounds for array of dimension 2"),
        (lambda: Tensor([1.0, 2.0]).sum(axis=1.5), "sum: axis is an integer or a tuple of integers, or None, not 1.5 (float)"),
        (lambda: Tensor([1.0]).var(ddof=1j), "var: ddof is a number, not 1j (complex)"),
        (lambda: COMPOSITE["lookup"](2.0, 0), "lookup: the table is an array or a list, not 2.0 (float)"),
        (lambda: COMPOSITE["outer"](A, "x" * 38), "outer: expected numbers, not an array of <U38"),
        (lambda: OPS["exp"]("x" * 38), f"exp: expected a number, not '{'x' * 38}' (str)"),
        (lambda: OPS["exp"]("x" * 39), f"exp: expected a number, not '{'x' * 36}... (str)"),
        (lambda: Tensor([1.0]).var(ddof=Tensor(0.0)), "var: ddof is a setting, not a number of the graph as Tensor(0.)"),
        (lambda: Tensor([1.0]) * [None], "mul: expected "),
        (lambda: Tensor([1.0], dtype="x"), "Tensor: dtype is a float type, not 'x' (str)"),
    ],
)  # fmt: skip
def test_the_sentence_says_what_was_given_and_what_is_expected(call, message):
    assert str(tried(call)).startswith(message)
