"""Python's operators, written once for every operand type: each is the op of its meaning, with its operands in order."""

import math
import operator

import numpy as np
import pytest

from fastpath import Tensor
from scalargrad import OPS, Value, trace
from scalargrad.ops import op, temporary
from scalargrad.ops.operators import DUNDERS, Operators, install
from scalargrad.symbolic import Sym


class Written(Operators):
    """An operand type that only notes what is done with it."""

    def __init__(self, text):
        self.text = text

    @staticmethod
    def _apply_op(op, operands):
        return f"{op.name}({', '.join(x.text if isinstance(x, Written) else repr(x) for x in operands)})"


BINARY = {"add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "pow": operator.pow}
UNARY = {
    "neg": operator.neg, "abs": abs, "round": round, "floor": math.floor, "ceil": math.ceil, "trunc": math.trunc,
}  # fmt: skip


def test_every_binary_operator_has_its_two_methods():
    assert set(DUNDERS) == set(BINARY)


@pytest.mark.parametrize("name", BINARY)
def test_a_binary_operator_is_the_op_with_its_operands_in_order(name):
    function, a, b = BINARY[name], Written("a"), Written("b")
    assert function(a, b) == f"{name}(a, b)"
    assert function(a, 2.0) == f"{name}(a, 2.0)"
    assert function(2.0, a) == f"{name}(2.0, a)"
    assert function(a, 3) == f"{name}(a, 3)"
    assert function(3, a) == f"{name}(3, a)"
    assert function(a, a) == f"{name}(a, a)"


@pytest.mark.parametrize("name", UNARY)
def test_a_unary_operator_is_the_op(name):
    assert UNARY[name](Written("a")) == f"{name}(a)"


def test_plus_is_the_operand_itself_and_rint_is_round():
    a = Written("a")
    assert +a is a
    assert a.rint() == "round(a)"
    v = Value(1.5)
    assert +v is v
    assert v.rint().op is OPS["round"]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("other", ["text", None, 1j, [1.0], {}, object(), Value(1.0)], ids=lambda x: type(x).__name__)
def test_what_is_no_operand_is_left_to_the_other_side(name, other):
    a = Written("a")
    if isinstance(other, Value):
        other = object()
    for operands in ((a, other), (other, a)):
        with pytest.raises(TypeError, match=r"unsupported operand|can't|can only|must be|not all arguments"):
            BINARY[name](*operands)


class Accepting:
    """Another type that works with everything."""

    def __radd__(self, other):
        return "right"

    __rsub__ = __rmul__ = __rtruediv__ = __rpow__ = __radd__

    def __add__(self, other):
        return "left"

    __sub__ = __mul__ = __truediv__ = __pow__ = __add__


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(
    "operand", [Written("a"), Value(2.0), Tensor(2.0), Sym.named("s")], ids=lambda x: type(x).__name__
)
def test_another_type_is_asked(name, operand):
    assert BINARY[name](operand, Accepting()) == "right"
    assert BINARY[name](Accepting(), operand) == "left"


@pytest.mark.parametrize(("name", "function"), {"remainder": operator.mod, "floor_divide": operator.floordiv}.items())
def test_remainders_and_quotients_are_their_ops(name, function):
    a, b = Written("a"), Written("b")
    assert [function(a, b), function(a, 2), function(2.0, a)] == [f"{name}(a, b)", f"{name}(a, 2)", f"{name}(2.0, a)"]
    assert divmod(a, b) == ("floor_divide(a, b)", "remainder(a, b)")
    assert divmod(7, a) == ("floor_divide(7, a)", "remainder(7, a)")
    with pytest.raises(TypeError):
        function(a, "text")
    with pytest.raises(TypeError):
        divmod(a, "text")
    for kind in (Value, Tensor):
        for x, y in ((7.5, 2.0), (-7.5, 2.0), (7.5, -2.0), (0.0, -1.0), (1.0, 0.1)):
            for given in ((kind(x), y), (x, kind(y)), (kind(x), kind(y))):
                result = function(*given)
                assert result.data == function(x, y)
                assert np.signbit(result.data) == np.signbit(function(x, y))
                assert (
                    [float(z.data) for z in divmod(*given)]
                    == list(divmod(x, y))
                    == [float(z.data) for z in np.divmod(*given)]
                )
    u, v = Value(7.5), Value(2.0)
    divmod(u, v)[1].backward()
    assert (u.grad, v.grad) == (1.0, -3.0)


@pytest.mark.parametrize("operand", [Value(1.5), Tensor([1.5])], ids=lambda x: type(x).__name__)
def test_rounding_to_digits_is_rounding_of_a_multiple(operand):
    for number, digits in ((1.256, 2), (1234.5, -2), (1.5, 0)):
        rounded = round(type(operand)(number), digits)
        assert rounded.data == np.round(number, digits)
    with pytest.raises(TypeError, match=r"^round: decimals is an integer, not 'x'"):
        round(operand, "x")


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("make", [Value, lambda x: Tensor(x, requires_grad=True)], ids=["Value", "Tensor"])
def test_the_operators_of_each_kind_give_the_numbers_of_python(name, make):
    function = BINARY[name]
    for a, b in ((3.0, 2.0), (0.5, -2.0), (7.0, 0.25)):
        expected = function(a, b)
        for y in (function(make(a), make(b)), function(make(a), b), function(a, make(b))):
            assert float(y) == expected
            assert y.op is OPS[name]
        assert [float(x) for x in function(make(a), make(b)).inputs] == [a, b]
        assert [float(x) for x in function(a, make(b)).inputs] == [a, b]


def test_a_registered_op_is_a_method_while_it_is_registered():
    install(Written)
    try:
        assert Written("a").tanh() == "tanh(a)"
        assert Written("a").clip(0.0, max=Written("b")) == "clip(a, 0.0, b)"
        assert Written.tanh.__name__ == "tanh"
        assert Written.tanh.__qualname__ == "Written.tanh"
        assert Written.tanh.__doc__.startswith("hyperbolic tangent")
        assert "``clip(a, min=-inf, max=inf)`` with this as its first operand" in Written.clip.__doc__
        with temporary(op("cube_of", lambda xp, a: a * a * a, (lambda y, a: 3 * a * a,), note="third power")):
            assert Written("a").cube_of() == "cube_of(a)"
        assert not hasattr(Written, "cube_of")
        Written.text_taken = 1
        with pytest.raises(
            ValueError, match="an op cannot be called text_taken: Written has an attribute of that name"
        ):
            op("text_taken", lambda xp, a: a, (lambda y, a: 1,), note="nothing")
        assert "text_taken" not in OPS
    finally:
        OPS.listeners.pop()


@pytest.mark.parametrize(
    ("length", "shown"), [(58, "'" + "x" * 58 + "'"), (59, "'" + "x" * 56 + "…"), (500, "'" + "x" * 56 + "…")]
)
def test_what_cannot_be_traced_is_shown_shortened_to_sixty_characters(length, shown):
    with pytest.raises(TypeError) as told:
        trace("x" * length)
    assert str(told.value) == f"expected a node of a graph (a Value) or a Trace, not {shown}"


def test_what_cannot_be_traced_is_shown_on_one_line():
    class Long:
        def __repr__(self):
            return "a\n  b\t c"

    with pytest.raises(TypeError, match=r"or a Trace, not a b c$"):
        trace(Long())
