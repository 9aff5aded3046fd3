"""Plans: every op of the registry compiled, forward and backward, against the Tensors."""

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor
from fastpath.compiler import compile
from scalargrad.ops.registry import OPS, remove
from scalargrad.ops.registry import op as op_
from scalargrad.ops.structure import STRUCTURAL
from scalargrad.ops.structure import structural as structural_

RNG = np.random.default_rng(0)


def draw(op, count):
    return [RNG.uniform(low, high, count) for low, high in op.domain]


def weighted(y):
    """One number of any array, with a different factor for each element."""
    return (y * np.cos(np.arange(1.0, y.size + 1).reshape(y.shape))).sum()


def eager(function, arrays, differentiable=True):
    """The value and the gradients the Tensors give."""
    leaves = [Tensor(a, requires_grad=differentiable) for a in arrays]
    y = function(*leaves)
    if differentiable:
        y.backward()
    return y.data, [np.zeros(a.shape) if x.grad is None else x.grad for x, a in zip(leaves, arrays, strict=True)]


def agree(function, arrays, rtol=1e-12):
    value, gradients = eager(function, arrays)
    f = compile(function, backend="tensor")
    for _ in range(2):  # the buffers are used again
        found, by = f.value_and_grad(*arrays, argnums=range(len(arrays)))
        np.testing.assert_allclose(found, value, rtol=rtol)
        for g, wanted in zip(by, gradients, strict=True):
            assert g.shape == wanted.shape
            assert g.dtype == wanted.dtype
            np.testing.assert_allclose(g, wanted, rtol=rtol, atol=rtol * max(np.abs(wanted).max(initial=0), 1e-300))
    np.testing.assert_allclose(f(*arrays), value, rtol=rtol)


@pytest.mark.parametrize("op", OPS.values(), ids=OPS)
def test_every_elementwise_op_compiled_is_what_the_tensors_give(op):
    arrays = draw(op, 12)
    if op.why_not:
        np.testing.assert_array_equal(compile(op, backend="tensor")(*arrays), op(*arrays))
        with pytest.raises(TypeError, match=f"{op.name} has no gradient"):
            compile(lambda *x: weighted(op(*x)), backend="tensor").value_and_grad(*arrays, argnums=0)
        return
    agree(lambda *x: weighted(op(*x)), arrays)


@pytest.mark.parametrize(
    "op", [op for op in OPS.values() if len(op.operands) > 1 and not op.why_not], ids=lambda op: op.name
)
def test_operands_broadcast_and_may_be_numbers(op):
    arrays = [a.reshape(shape) for a, shape in zip(draw(op, 4), ((4, 1), (1, 4), (2, 2, 1)), strict=False)]
    arrays = arrays if len(arrays) < 3 else [*arrays[:2], arrays[2].reshape(-1)[0].reshape(())]
    agree(lambda *x: weighted(op(*x)), arrays)
    for place in range(len(arrays)):
        agree(
            lambda x, place=place: weighted(op(*[x if i == place else 0.5 for i in range(len(arrays))])),
            [arrays[place]],
        )


@pytest.mark.parametrize("op", [op for op in OPS.values() if not op.why_not], ids=lambda op: op.name)
def test_float32_stays_float32_in_values_and_gradients(op):
    arrays = [a.astype(np.float32) for a in draw(op, 6)]
    f = compile(lambda *x: weighted(op(*x) * 0.5), backend="tensor")
    assert compile(op, backend="tensor")(*arrays).dtype == np.float32
    value, gradients = f.value_and_grad(*arrays, argnums=range(len(arrays)))
    wanted, exact = eager(lambda *x: weighted(op(*x) * 0.5), [a.astype(float) for a in arrays])
    np.testing.assert_allclose(value, wanted, rtol=1e-3, atol=1e-4)
    for g, e in zip(gradients, exact, strict=True):
        assert g.dtype == np.float32
        np.testing.assert_allclose(g, e, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("op", [op for op in OPS.values() if op.kinks], ids=lambda op: op.name)
def test_kinks_and_ties_have_the_slopes_of_the_row(op):
    for kink in op.kinks:
        at = [np.array([x]) for x in kink.at]
        _, slopes = compile(lambda *x: op(*x).sum(), backend="tensor").value_and_grad(*at, argnums=range(len(at)))
        np.testing.assert_allclose([float(s[0]) for s in slopes], kink.slopes)


SAMPLES = [
    pytest.param(op, sample, id=f"{op.name}-{i}") for op in STRUCTURAL.values() for i, sample in enumerate(op.samples)
]


@pytest.mark.parametrize(("op", "sample"), SAMPLES)
def test_every_structural_op_compiled_is_what_the_tensors_give(op, sample):
    arrays = []

    def maker(*shape):
        arrays.append(RNG.normal(size=shape))
        return arrays[-1]

    sample(maker)

    def function(*given):
        rest = iter(given)
        return sample(lambda *shape: next(rest))

    if op.why_not:
        np.testing.assert_array_equal(compile(function, backend="tensor")(*arrays), function(*arrays))
        return
    agree(lambda *x: weighted(sg.tanh(function(*x))), arrays, rtol=2e-12)
    agree(lambda *x: function(*x).sum(), arrays, rtol=2e-12)


@pytest.mark.parametrize(("op", "sample"), [p for p in SAMPLES if not p.values[0].why_not])
def test_structural_ops_work_in_float32_and_on_what_the_plan_computed(op, sample):
    def function(x):
        parts = iter(range(9))
        return weighted(sg.tanh(sample(lambda *shape: (x[: int(np.prod(shape))] * (1.0 + next(parts))).reshape(shape))))

    x = RNG.normal(size=64).astype(np.float32)
    value, (slope,) = compile(function, backend="tensor").value_and_grad(x, argnums=(0,))
    wanted, (exact,) = eager(function, [x.astype(float)])
    assert slope.dtype == np.float32
    np.testing.assert_allclose(value, wanted, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(slope, exact, rtol=5e-3, atol=5e-3)


def test_an_op_registered_later_is_compiled_too():
    row = op_("cube_later", lambda xp, a: a * a * xp.exp(a), (lambda y, a: (2 * a + a * a) * sg.exp(a),))
    moves = structural_(
        "halves_later",
        lambda xp, a: xp.concatenate([a[1:], a[:1]]) * 0.5,
        (lambda g, y, a: sg.concatenate([g[-1:], g[:-1]]) * 0.5,),
    )
    looks = structural_(
        "looking_later",
        lambda xp, a: a * 2.0 if a.max() > 0 else a,
        (lambda g, y, a: g * (2.0 if y is not a else 1.0),),
    )
    try:
        agree(lambda x: weighted(row(x)), [RNG.normal(size=5)])
        agree(lambda x: weighted(moves(x).tanh()), [RNG.normal(size=5)])
        agree(lambda x: weighted(looks(x.square()) * x), [RNG.normal(size=5)])
    finally:
        remove(row)
        remove(moves)
        remove(looks)


def test_functions_of_numpy_are_recorded():
    agree(lambda x: np.sum(np.exp(x) * np.maximum(x, 0.1)) + np.mean(np.concatenate([x, x])), [RNG.normal(size=4)])


def test_attention_normalisation_and_convolution_as_they_are_written_in_lectures():
    places = np.arange(6)[:, None] + np.arange(3)

    def attention(x, w):
        q, k = x @ w, x @ w.T
        return (sg.softmax(q @ k.swapaxes(-1, -2) / 2.0) @ x).square().mean()

    def normalised(x, scale):
        return ((x - x.mean(axis=0)) / sg.sqrt(x.var(axis=0) + 1e-5) * scale).tanh().sum()

    def convolved(x, w):
        return sg.relu(x[:, places] @ w).sum()

    agree(attention, [RNG.normal(size=(2, 5, 4)), RNG.normal(size=(4, 4))])
    agree(normalised, [RNG.normal(size=(6, 3)), RNG.normal(size=3)], rtol=1e-11)
    agree(convolved, [RNG.normal(size=(2, 8)), RNG.normal(size=(3, 2))])
