"""gradcheck of what is random, tied or computed with arrays; operations of thousands of operands."""

import numpy as np
import pytest

import fastpath as fp
import scalargrad as sg
from scalargrad import Value, gradcheck, nn, trace
from scalargrad.derivatives import DetachedError, grad, hessian, jacobian

# --- gradcheck -------------------------------------------------------------------------------------------------------


def test_a_random_function_is_refused_and_both_numbers_are_told():
    numbers = np.random.default_rng(0)
    dropout = nn.Dropout(0.5)
    for function, inputs in (
        (lambda x: x * numbers.random(), 2.0),
        (lambda x: dropout(x).sum(), fp.Tensor(np.ones(20))),
        (lambda x: x.sum() + numbers.normal(), fp.Tensor(np.ones(2))),
    ):
        with pytest.raises(ValueError, match=r"gives .* and then .* at the same inputs: it is random"):
            gradcheck(function, inputs)
    dropout.eval()
    assert gradcheck(lambda x: (dropout(x) * x).sum(), fp.Tensor(np.ones(4)))


@pytest.mark.parametrize("ties", [2, 3, 5])
@pytest.mark.parametrize("name", ["max", "min"])
def test_a_tied_maximum_of_tensors_is_a_kink_and_not_wrong(name, ties):
    x = np.full(ties, 2.0)
    report = gradcheck(lambda t: getattr(t, name)(), fp.Tensor(x))
    assert {row.status for row in report.rows} <= {"ok", "kink"}
    assert gradcheck(lambda t: getattr(t, name)(), fp.Tensor([1.0, 3.0, 2.0]))


def test_the_edges_of_tensors_are_looked_at():
    W, x = fp.Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True, label="W"), fp.Tensor([1.0, -1.0])
    report = gradcheck(((x @ W).tanh() * 2 + W.sum(axis=0)).sum())
    assert report
    assert {edge.op for edge in report.edges} == {"matmul", "tanh", "mul", "add", "sum"}


def test_a_wrong_rule_of_an_op_on_tensors_is_found_at_its_edge():
    crooked = sg.ops.op("crooked", lambda xp, a: a * a, (lambda y, a: 3 * a,), note="its derivative is wrong")
    try:
        report = gradcheck(lambda t: (crooked(t) * t).sum(), fp.Tensor([1.0, 2.0]))
        assert not report
        assert report.worst.op == "crooked"
        assert "crooked" in report.verdict
    finally:
        sg.ops.remove(crooked)


def test_no_edge_is_called_right_where_none_was_looked_at():
    report = gradcheck(lambda t: fp.Tensor(t.data * 2.0).sum() + 0.0 * t.sum() * 0.0, fp.Tensor([1.0, 2.0]))
    assert not report
    assert ("each edge is right" in report.verdict) == bool(report.edges)


# --- a number taken out ----------------------------------------------------------------------------------------------


def set_item(x):
    array = np.zeros(1)
    array[0] = x
    return x * array[0]


@pytest.mark.parametrize("derive", [grad, jacobian, hessian])
@pytest.mark.parametrize("function", [lambda x: x * float(x), lambda x: x.item() * x, set_item])
def test_a_number_taken_out_of_the_variable_is_refused_with_its_line(function, derive):
    with pytest.raises(DetachedError, match=r"test_random_and_wide.py, line \d+"):
        derive(function)(2.0)


def test_looking_at_a_number_to_decide_or_to_print_it_is_no_loss():
    w = Value(3.0)
    assert float(grad(lambda x: x * float(w) if x > 0 else -x)(2.0)) == 3.0
    assert float(grad(lambda x: x * x if f"{x:.2f}" else x)(2.0)) == 4.0
    assert float(grad(lambda x: sg.std([x, x * 1.0, 3.0]))(2.0)) == pytest.approx(-(2**0.5) / 3)
    assert float(grad(lambda x: sg.max([x, x, 3.0 * x]))(2.0)) == 3.0
    assert float(Value(2.0) * 2) == 4.0


# --- in place --------------------------------------------------------------------------------------------------------


def test_a_parameter_is_changed_in_place_under_no_grad_and_else_not_at_all():
    p = same = fp.Tensor([1.0, 2.0], requires_grad=True, label="p")
    (p * p).sum().backward()
    with pytest.raises(
        RuntimeError, match=r"write it under no_grad\(\), or p.data -= …; for a new Tensor write p = p -"
    ):
        p -= 0.5 * p.grad
    with sg.no_grad():
        p -= 0.25 * p.grad
        p *= 2
        p += np.float64(1.0)
        p /= 2.0
    assert p is same
    assert p.data.tolist() == [1.0, 1.5]
    assert p.requires_grad
    with sg.no_grad(), pytest.raises(ValueError, match="cannot become one of shape"):
        p += np.ones((2, 2))
    total = fp.Tensor(0.0)
    total += p.sum()
    assert total.requires_grad
    total.backward()


# --- many operands ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("join", [fp.concatenate, fp.stack])
def test_the_gradients_of_many_joined_arrays_are_found_together(join):
    leaves = [fp.Tensor([float(i)], requires_grad=i % 2 == 0) for i in range(3000)]
    (join(leaves) ** 2).sum().backward()
    assert all(leaf.grad == 2.0 * i for i, leaf in enumerate(leaves) if i % 2 == 0)
    assert all(leaf.grad is None for leaf in leaves[1::2])


def test_the_trace_of_many_joined_arrays_names_each_once():
    calls = []
    leaves = [fp.Tensor([1.0], requires_grad=True) for _ in range(400)]
    joined = fp.concatenate(leaves)
    kind = type(joined.op)
    before = kind.formula
    try:
        kind.formula = lambda self, *given: calls.append(len(given)) or before(self, *given)
        t = trace(joined.sum())
    finally:
        kind.formula = before
    assert len(t.edges) == 401
    assert len(calls) == 3 * 401
