"""Nodes made by hand and micrograd's names for what a Value holds; classes derived from Value."""

import copy
import math
import pickle
import re

import numpy as np
import pytest

import fastpath
from scalargrad import (
    Function,
    NotDifferentiableError,
    StaleGraphError,
    Value,
    draw,
    grad,
    gradcheck,
    hessian,
    no_grad,
    scope,
    steps,
)
from scalargrad import trace as trace_of
from scalargrad.ops.registry import op, temporary


def tanh(x, value=Value):
    """The lecture's way of writing an operation."""
    t = math.tanh(x.data)
    out = value(t, (x,), "tanh")

    def _backward():
        x.grad += (1 - t**2) * out.grad

    out._backward = _backward
    return out


def traced(root):
    """All nodes and edges, by what micrograd's notebooks ask of a Value."""
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(root)
    return nodes, edges


def neuron():
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    products = x1 * w1, x2 * w2
    both = products[0] + products[1]
    n = both + b
    return (x1, x2, w1, w2, b), products, both, n


def test_a_pass_by_hand_node_by_node():
    (x1, x2, w1, w2, b), products, both, n = neuron()
    o = n.tanh()
    o.grad = 1.0
    for node in (o, n, b, both, *products):
        node._backward()
    assert [v.grad for v in (x1, x2, w1, w2, b)] == pytest.approx([-1.5, 0.5, 1.0, 0.0, 0.5], abs=1e-12)
    by_hand = [v.grad for v in (x1, x2, w1, w2, b)]
    leaves, *_, n = neuron()
    n.tanh().backward()
    assert by_hand == [v.grad for v in leaves]


def test_a_backward_written_by_the_reader_from_prev_and_backward():
    a, b = Value(-2.0), Value(3.0)
    f = (a * b) * (a + b) + a / b - 2 * a**3
    order, seen = [], set()

    def build(v):
        if v not in seen:
            seen.add(v)
            for child in v._prev:
                build(child)
            order.append(v)

    build(f)
    f.grad = 1.0
    for v in reversed(order):
        v._backward()
    found = a.grad, b.grad
    a.grad = b.grad = 0.0
    f.backward()
    assert found == (a.grad, b.grad)


def test_what_a_drawing_of_ones_own_finds():
    x = Value(1.0)
    y = (x * 2 + 1).relu()
    y.backward()
    nodes, edges = traced(y)
    assert sorted((v._op, v.data, v.grad) for v in nodes) == [
        ("", 1.0, 1.0), ("", 1.0, 2.0), ("", 2.0, 1.0), ("*", 2.0, 1.0), ("+", 3.0, 1.0), ("ReLU", 3.0, 1.0),
    ]  # fmt: skip
    assert len(edges) == 5


@pytest.mark.parametrize(
    ("make", "symbol", "count"),
    [
        (lambda a, b: a + b, "+", 2), (lambda a, b: a - b, "-", 2), (lambda a, b: a * b, "*", 2),
        (lambda a, b: a / b, "/", 2), (lambda a, b: a**3, "**3", 1), (lambda a, b: a**-1, "**-1", 1),
        (lambda a, b: a**b, "pow", 2), (lambda a, b: a.exp(), "exp", 1), (lambda a, b: a, "", 0),
        (lambda a, b: a.maximum(0.5), "maximum", 2),
    ],
)  # fmt: skip
def test_symbols_and_inputs(make, symbol, count):
    y = make(Value(2.0), Value(4.0))
    assert (y._op, len(y._prev), len(y._local_grads)) == (symbol, count, count)
    assert y._children == y._prev or any(x.op is None for x in y._prev)


def test_local_derivatives_pass_on_as_in_the_scalar_gpt():
    a, b = Value(2.0), Value(5.0)
    y = a * b + a.log() * 3.0
    order = [v for v, _ in [(n, 0) for n in dict.fromkeys([y, *y._children])]]
    assert order[0] is y
    y.grad = 1.0
    for v in (y, *[x for x in y._children if x._op]):
        for child, local in zip(v._children, v._local_grads, strict=True):
            child.grad += local * v.grad
    assert b.grad == 2.0
    assert a.grad == pytest.approx(5.0)  # log passes on next


def test_an_operation_with_a_closure_is_differentiated_like_any_other():
    a, b = Value(2.0), Value(-3.0)
    y = tanh(a * b + 5.5) * 2 + a
    y.backward()
    found = a.grad, b.grad
    a.grad = b.grad = 0.0
    ((a * b + 5.5).tanh() * 2 + a).backward()
    assert found == pytest.approx((a.grad, b.grad), rel=1e-14)
    assert grad(tanh)(0.5) == pytest.approx(1 - math.tanh(0.5) ** 2)


def test_two_operands_that_are_one_are_one_input():
    a = Value(3.0)
    out = Value(a.data + a.data, (a, a), "+")

    def _backward():
        a.grad += out.grad
        a.grad += out.grad

    out._backward = _backward
    assert out.inputs == (a,)
    out.backward()
    assert (a.grad, out._local_grads) == (2.0, (2.0,))


def test_local_derivatives_instead_of_a_closure():
    a, b = Value(2.0), Value(-3.0)
    y = Value(a.data * b.data, (a, b), (b.data, a.data))
    twice = Value(a.data**2, (a, a), (a.data, a.data))
    (y + twice).backward()
    assert (a.grad, b.grad) == (-3.0 + 4.0, 2.0)


def test_the_views_show_it():
    a = Value(0.5, label="a")
    y = tanh(a * 2)
    y.label = "y"
    local = 1 - math.tanh(1.0) ** 2
    edge = next(e for e in trace_of(y).edges if e.output.label == "y")
    assert (edge.local, edge.downstream) == pytest.approx((local, local))
    assert "tanh(v₁)" in steps(y).text
    assert "∂tanh/∂v₁" in steps(y).text
    assert "<svg" in draw(y).svg
    assert [v.grad for v in (a, y)] == [0.0, 0.0]  # they look, and change nothing
    assert "by hand(a, b)" in steps(Value(3.0, (Value(1.0, "a"), Value(2.0, "b")), (1, 1))).text


def test_without_a_derivative_it_says_so():
    a, b = Value(1.0, "a"), Value(2.0, "b")
    y = Value(3.0, (a, b), "+")
    assert "a + b" in y.op.text_of("a", "b")
    for ask in (y.backward, y._backward, lambda: trace_of(y)):
        with pytest.raises(
            NotDifferentiableError, match=r"made by hand, does not know its derivative: set its _backward"
        ):
            ask()
    assert (a.grad, b.grad) == (0.0, 0.0)


def test_it_is_not_differentiated_twice_nor_compiled_nor_stale():
    with pytest.raises(NotDifferentiableError, match="tanh cannot be differentiated again"):
        grad(grad(tanh))(0.5)
    with pytest.raises(TypeError, match=r"the data of a traced array|\.data of a Value"):
        fastpath.compile(tanh)(np.ones(3))
    a = Value(0.5, label="a")
    y = tanh(a)
    with pytest.raises(
        TypeError, match="a node made by hand, comes from its inputs is not known; write it in operations"
    ):
        fastpath.compile(y)(a=1.0)
    a.data = 1.0
    with pytest.raises(StaleGraphError, match="an input of tanh, a node made by hand, has changed"):
        y.backward()


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda y: pickle.loads(pickle.dumps(y))])
def test_a_copy_passes_on_to_the_copies(copied):
    a = Value(0.5, label="a")
    y = copied(tanh(a * 2) + Value(4.0, (a, a), (1.0, 2.0)))
    y.backward()
    leaf = y.inputs[1].inputs[0]
    assert leaf.grad == pytest.approx(2 * (1 - math.tanh(1.0) ** 2) + 3)
    assert a.grad == 0.0


def test_modes_hold_for_it():
    a = Value(0.5)
    with no_grad():
        assert tanh(a).inputs == ()
    with scope("here"):
        assert tanh(a).scope == "here"

    def f(x):
        return Value(a._data**2, (a,), (2 * a._data,)) * x  # the number would be frozen

    with pytest.raises(TypeError, match=r"\.data of a Value .* would be decided once"):
        fastpath.compile(f)(np.ones(3))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda a: Value(1.0, (a,), (1, 2)), "for each of its 1 inputs"),
        (lambda a: Value(1.0, (a,), 3), "is a text, or a local derivative"),
        (lambda a: Value(1.0, (3.0,), "x"), "are Values, not 3.0: write"),
        (lambda a: Value(1.0, a, "x"), "a label is a text, not"),
        (lambda a: Value(1.0, 5), "a label is a text, not 5"),
        (lambda a: setattr(a, "_backward", print), "a leaf has nothing to pass"),
    ],
)
def test_what_makes_no_node_is_refused(make, told):
    with pytest.raises(TypeError, match=told):
        make(Value(2.0))


def test_all_ways_of_writing_a_leaf():
    assert [Value(2.0, "w").label, Value(2.0, label="w").label, Value(2.0, (), "", "w").label] == ["w"] * 3
    assert [v.op for v in (Value(2.0, ()), Value(2.0, set(), ""), Value(2.0, (), ()))] == [None] * 3


# --- gradients set by hand, drawn ------------------------------------------------------------------------------------


def drawn(root):
    nodes = trace_of(root, gradients="stored").nodes
    return {n.name: n.grad for n in nodes}


def texts(root):
    """The lines of the nodes of a drawing, by what they tell."""
    nodes = draw(root, gradients="stored").parts.frame.all_nodes()
    lines = [{line.role: "".join(piece.text for piece in line.pieces) for line in node.lines} for node in nodes]
    return {each["head"]: each for each in lines}


def test_the_gradients_that_are_set_by_hand_are_drawn():
    a, b, c = Value(2.0, "a"), Value(-3.0, "b"), Value(10.0, "c")
    e = Value(a.data * b.data, (a, b), "*")  # as in the first minutes of the lecture: no derivative is known yet
    e.label = "e"
    d = Value(e.data + c.data, (e, c), "+")
    assert drawn(d) == {"a": 0.0, "b": 0.0, "e": 0.0, "c": 0.0, "L": 0.0}
    d.grad, c.grad, e.grad, a.grad = 1.0, 1, 1.0, -3
    assert drawn(d) == {"a": -3.0, "b": 0.0, "e": 1.0, "c": 1.0, "L": 1.0}
    assert "<svg" in draw(d, gradients="stored").svg
    assert "3" in re.search(r"^a .*", draw(d, gradients="stored").text, re.M)[0].split()[2]
    assert [v.grad for v in (a, b, c, e, d)] == [-3, 0.0, 1, 1.0, 1.0]


def test_what_a_node_passes_on_of_its_stored_gradient():
    a = Value(3.0, "a")
    b = a + a
    b.grad = 2.0
    edges = trace_of(b, gradients="stored").edges
    assert [(e.upstream, e.local, e.downstream) for e in edges] == [(2.0, 1.0, 2.0)] * 2
    a.grad = 1.0  # the lecture's slip: = in place of +=
    assert "shares" not in texts(b)["a"]
    a.grad = 4.0
    assert texts(b)["a"]["shares"].startswith("= 2")
    w = fastpath.Tensor([1.0, 2.0], requires_grad=True, label="w")
    loss = (w * 2).sum()
    loss.backward()
    assert trace_of(loss, gradients="stored").nodes[0].grad.entries == (2.0, 2.0)


def test_no_other_word_and_no_trace_is_taken():
    y = Value(1.0) * 2
    with pytest.raises(ValueError, match="gradients is 'computed', or 'stored'"):
        draw(y, gradients="grad")
    with pytest.raises(TypeError, match="a Trace has its gradients"):
        draw(trace_of(y), gradients="stored")


def test_a_drawing_is_rendered_as_a_digraph_is(tmp_path):
    y = draw(Value(1.0) * 2)
    made = [y.render(str(tmp_path / "gout")), y.render(tmp_path / "graph", format="png"), y.render(tmp_path / "a.dot")]
    assert made == [str(tmp_path / name) for name in ("gout.svg", "graph.png", "a.dot")]
    assert (tmp_path / "graph.png").read_bytes()[1:4] == b"PNG"
    with pytest.raises(ValueError, match="a drawing is saved as"):
        y.render(tmp_path / "graph", format="pdf")


# --- classes derived from Value --------------------------------------------------------------------------------------


class Own(Value):
    def cube(self):
        return self * self * self

    def sigmoid(self):
        return 1 / (1 + (-self).exp())


class Slotted(Value):
    __slots__ = ("note",)


def test_what_is_computed_from_a_subclass_is_of_it():
    a, b = Own(1.5), Value(0.5)
    made = [
        a + b, b + a, 2 * a, a * 2, a - np.float64(1), 1 / a, a**2, 2**a, -a, abs(a), a.relu(), a.tanh(), a.cube(),
        a.maximum(b), fastpath.where(b > 0, b, a), sum([a, a]), fastpath.logsumexp([b, a]), a.sigmoid(),
        np.float64(2) * a, (np.array([b, a]) @ np.array([a, b])), Twice.apply(a), Twice.apply(b) * a,
    ]  # fmt: skip
    assert [type(v) for v in made] == [Own] * len(made)
    assert type(b + b) is Value
    a.cube().backward()
    assert a.grad == pytest.approx(3 * 1.5**2)


class Twice(Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, upstream):
        return upstream * 2


def test_a_method_written_in_a_subclass_is_not_replaced():
    class More(Own):
        def relu(self):
            return self * 100.0

    assert More(1.0).relu().data == 100.0
    assert More(0.0).sigmoid().data == 0.5
    assert type(More(2.0).tanh().cube()) is More
    with temporary(op("thrice", lambda xp, a: 3 * a, (lambda y, a: 3.0,))):
        assert type(More(2.0).thrice()) is More
    assert not hasattr(More, "thrice")


def test_a_subclass_has_attributes_of_its_own_and_keeps_them():
    a, s = Own(1.0), Slotted(2.0)
    a.m, s.note = 0.25, "x"
    for copied in (copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))):
        assert (copied(a).m, type(copied(a)), copied(s).note, type(copied(s))) == (0.25, Own, "x", Slotted)
    y = copy.deepcopy(a.cube())
    assert type(y) is Own
    y.backward()
    assert a.grad == 0.0


def test_derivatives_of_a_function_at_a_subclass():
    assert grad(lambda x: x.cube())(Own(2.0)).data == 12.0
    assert hessian(lambda x: x.cube())(Own(2.0)).data == 12.0
    assert gradcheck(lambda x: x.cube(), Own(2.0))


def test_a_subclass_is_compiled():
    w, v = Own(1.5, label="w"), Slotted(0.5, label="v")

    def f(x):
        return (w * x + v).cube().tanh()

    X = np.array([0.1, 0.2, 0.3])
    compiled = fastpath.compile(f)
    loss = sum(f(x) for x in X) / 3
    loss.backward()
    plain = w.grad, v.grad
    w.grad = v.grad = 0.0
    for _ in range(2):  # the second time they are bound
        w.grad = v.grad = 0.0
        assert compiled.backward(X) == pytest.approx(loss.data, rel=1e-12)
        assert (w.grad, v.grad) == pytest.approx(plain, rel=1e-12)
    assert isinstance(w, Own)
    assert type(copy.copy(w)) is Own
