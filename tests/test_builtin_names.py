"""``from scalargrad import *`` puts ops in the place of six of Python's functions: they take what those take."""

import builtins
import datetime
import math
import operator
from decimal import Decimal

import numpy as np
import pytest

import fastpath
import scalargrad
from fastpath import Tensor
from scalargrad import Value

SPACE = {}
exec("from scalargrad import *", SPACE)
SHADOWED = sorted(set(SPACE) & set(dir(builtins)) - {"__builtins__"})


def test_these_names_of_python_are_shadowed_and_both_styles_of_import_give_the_same_function():
    assert SHADOWED == ["abs", "max", "min", "pow", "round", "sum"]
    for name in ("abs", "max", "min", "pow", "round", "sum"):
        assert SPACE[name] is getattr(scalargrad, name) is getattr(fastpath, name)


LIKE_PYTHON = [
    "sum(x for x in (1, 2, 3))", "sum(range(4))", "sum({1, 2})", "sum({1: 2, 3: 4}.values())", "sum(map(float, '12'))", "sum(iter([]))",
    "sum([1, 2], start=10)", "sum([1, 2], 1.5)", "sum([[1], [2]], [])", "sum([[1], [2]], start=[])", "sum(zip([1], [2]), ())",
    "sum([1.5, 2])", "sum([])", "sum((True, False))", "sum(Decimal(i) for i in range(3))", "sum((x for x in [1, 2]), 3)",
    "max(1, 2)", "max(-3.0, 0)", "max(3, 1, 2)", "min(3, 1, 2)", "max(True, 2)", "max(0.5, 0)", "max('abc')", "max('a', 'b')", "min(['x', 'y'])",
    "max(range(3))", "max(x for x in [1, 5, 2])", "max({'a': 1, 'b': 2}, key={'a': 1, 'b': 2}.get)", "max([3, -5], key=abs)",
    "max('aB', key=str.lower)", "max([], default=7)", "max((), default=None)", "max([3, 1], default=7)", "min(iter(()), default='x')",
    "max(datetime.date(2020, 1, 1), datetime.date(2021, 1, 1))", "min([Decimal(2), Decimal(1)])", "max(1, 2, key=lambda x: -x)",
    "abs(-3)", "abs(-3.5)", "abs(datetime.timedelta(-1))", "abs(Decimal(-1))", "max([1, 3, 2])", "min((1, 3, 2))", "max(b'ab')",
    "pow(2, 3)", "pow(2, -1)", "pow(2, 3, 5)", "pow(3, -1, 7)", "pow(2, 3, mod=5)", "pow(base=2, exp=3)", "pow(2, exp=3)", "pow(2, 3, None)",
    "round(2.5)", "round(2.675, 2)", "round(1234, -2)", "round(2.5, None)", "round(number=2.567, ndigits=1)", "round(2.5, ndigits=1)",
    "round(Decimal('2.675'), 2)", "round(Decimal('2.675'))", "round(7)", "max(2.5, 1, 7.5)", "min(0, -0.5)",
]  # fmt: skip


@pytest.mark.parametrize("call", LIKE_PYTHON)
def test_a_call_of_pythons_function_gives_pythons_answer(call):
    space = {"datetime": datetime, "Decimal": Decimal}
    assert eval(call, {**SPACE, **space}) == eval(call, space)


@pytest.mark.parametrize(
    "call",
    [
        "sum('ab')", "sum([None])", "sum(5, 6, 7)", "sum(['a'], '')", "max(1, 'a')", "max(None)", "max(x for x in ())", "max([1, None])",
        "max()", "round('x')", "round(1.5, 1.0)", "round()", "pow(2)", "pow(2, 3, 0)", "abs()", "abs('x')", "pow('x', 2)", "max([], key=abs)",
        "min(1, None, key=abs)", "sum(x for x in ['a'])", "round(Value(1.5), '2')", "pow(Value(1.5), 2, 3)", "pow(2, 3, 5, mod=7)", "pow(1, 2, 3, 4)", "round(1.5, 1, ndigits=2)", "max(0, np.ones(2))", "max([None])",
    ],
)  # fmt: skip
def test_what_neither_takes_is_one_sentence_with_the_name(call):
    with pytest.raises((TypeError, ValueError)) as told:
        eval(call, {**SPACE, "np": np})
    assert str(told.value).startswith(call.partition("(")[0])


def test_sums_of_nodes_are_recorded_whatever_they_come_in():
    v, w = Value(2.0), Value(3.0)
    for total in (SPACE["sum"](x for x in (v, w)), SPACE["sum"]({v, w}), SPACE["sum"]([v, w]), SPACE["sum"]([v], w)):
        v.grad = w.grad = 0.0
        total.backward()
        assert (total.data, v.grad, w.grad) == (5.0, 1.0, 1.0)
    rows = [Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 4.0])]
    assert SPACE["sum"](row for row in rows).data.tolist() == [4.0, 6.0]
    losses = [Tensor(1.0, requires_grad=True), Tensor(2.0)]
    assert SPACE["sum"](losses).item() == SPACE["sum"](x for x in losses).item() == 3.0


@pytest.mark.parametrize(("name", "loser"), [("max", 1.0), ("min", 3.0)])
def test_the_best_of_several_nodes_shares_its_gradient_among_equal_ones(name, loser):
    best = SPACE[name]
    for make in (Value, lambda x: Tensor(x, requires_grad=True)):
        for call in (lambda *xs: best(*xs), lambda *xs: best(list(xs)), lambda *xs: best(x for x in xs)):
            nodes = [make(2.0), make(2.0), make(2.0), make(loser)]
            y = call(*nodes)
            y.backward()
            assert float(y) == 2.0
            assert [float(x.grad) if x.grad is not None else 0.0 for x in nodes] == pytest.approx([1 / 3] * 3 + [0.0])


def test_max_of_a_node_and_a_number_is_a_rectifier_and_not_the_node_itself():
    for make in (Value, lambda x: Tensor(x, requires_grad=True)):
        for number, value, slope in ((-3.0, 0.0, 0.0), (2.0, 2.0, 1.0), (0.0, 0.0, 0.5)):
            x = make(number)
            for y in (SPACE["max"](x, 0), SPACE["max"](0, x), SPACE["max"](x, 0.0)):
                x.grad = None if isinstance(x, Tensor) else 0.0
                y.backward()
                assert (float(y), float(x.grad)) == (value, slope)


def test_what_is_numpys_meaning_stays_numpys():
    rows = [[1.0, 5.0], [2.0, 3.0]]
    assert SPACE["sum"](rows, 0).tolist() == [3.0, 8.0]
    assert SPACE["max"](rows, 1).tolist() == [5.0, 3.0]
    assert SPACE["sum"](rows) == 11.0
    assert SPACE["min"](rows, axis=0).tolist() == [1.0, 3.0]
    assert SPACE["sum"]((x for x in rows), axis=0).tolist() == [3.0, 8.0]
    assert SPACE["max"](iter(rows), axis=1, keepdims=True).tolist() == [[5.0], [3.0]]
    assert SPACE["abs"]([-1, 2]).tolist() == [1.0, 2.0]
    assert SPACE["pow"](0, -1) == math.inf
    assert math.isnan(SPACE["pow"](-8.0, 1 / 3))
    assert SPACE["round"](math.inf) == math.inf


def test_with_the_names_of_the_operator_module_nothing_changes():
    v = Value(-2.0)
    assert operator.abs(v).data == SPACE["abs"](v).data == builtins.abs(v).data == 2.0
    assert operator.pow(v, 2).data == SPACE["pow"](v, 2).data == builtins.pow(v, 2).data == 4.0
    assert builtins.sum([v, v]).data == -4.0
