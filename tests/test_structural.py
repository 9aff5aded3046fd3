"""The structural ops: each on arrays, on object arrays of Values and on Tensors, to the second derivative."""

import pickle
import subprocess
import sys

import numpy as np
import pytest

import fastpath
import scalargrad
from fastpath import Tensor
from scalargrad import NotDifferentiableError, Value
from scalargrad.ops.composite import COMPOSITE
from scalargrad.ops.rows import remove
from scalargrad.ops.structure import STRUCTURAL, structural

SAMPLES = [
    pytest.param(row, sample, id=f"{row.name}-{i}")
    for row in STRUCTURAL.values()
    for i, sample in enumerate(row.samples)
]
DIFFERENTIABLE = [p for p in SAMPLES if not p.values[0].why_not]
COMPOSITES = [
    pytest.param(sample, id=name)
    for name, sample in {
        "diagonal": lambda x: fastpath.diagonal(x(2, 4, 3), 1, 0, 2),
        "diagonal below": lambda x: fastpath.diagonal(x(4, 3), -1),
        "dot vectors": lambda x: fastpath.dot(x(3), x(3)),
        "dot matrices": lambda x: fastpath.dot(x(2, 3), x(3, 2)),
        "dot stacks": lambda x: fastpath.dot(x(2, 2, 3), x(2, 3, 4)),
        "dot number": lambda x: fastpath.dot(x(), x(2)),
        "expand_dims": lambda x: fastpath.expand_dims(x(2, 3), (0, -1)),
        "flip": lambda x: fastpath.flip(x(2, 3)),
        "flip axis": lambda x: fastpath.flip(x(2, 3), axis=-1),
        "outer": lambda x: fastpath.outer(x(2), x(3)),
        "pad": lambda x: fastpath.pad(x(2, 3), ((1, 0), (0, 2)), constant_values=5.0),
        "pad edge": lambda x: fastpath.pad(x(3), 2, mode="edge"),
        "pad reflect": lambda x: fastpath.pad(x(2, 3), 1, mode="reflect"),
        "split": lambda x: fastpath.split(x(4, 2), 2)[1],
        "split at": lambda x: fastpath.concatenate(fastpath.split(x(2, 5), [1, 4], axis=1)[::-1], axis=1),
        "squeeze": lambda x: fastpath.squeeze(x(1, 2, 1)),
        "squeeze axis": lambda x: fastpath.squeeze(x(1, 2, 1), axis=-1),
        "stack": lambda x: fastpath.stack([x(2, 3), x(2, 3)], axis=-1),
        "swapaxes": lambda x: fastpath.swapaxes(x(2, 3, 4), 0, -1),
    }.items()
]
EVERY = DIFFERENTIABLE + COMPOSITES


def sample_of(*given):
    return given[-1]


class Maker:
    """Makes the operands of a sample: random arrays, as they are or turned into something else."""

    def __init__(self, turn=lambda array: array, arrays=None):
        self.random = np.random.default_rng(5)
        self.turn = turn
        self.given = arrays
        self.arrays = []
        self.made = []

    def __call__(self, *shape):
        array = self.random.normal(size=shape) if self.given is None else self.given[len(self.arrays)]
        self.arrays.append(array)
        self.made.append(self.turn(array))
        return self.made[-1]


def values(array):
    box = np.empty(array.shape, dtype=object)
    box[...] = np.vectorize(Value, otypes=[object])(array)
    return box if array.ndim else box[()]


def floats(result):
    if isinstance(result, Tensor):
        return result.data
    return np.vectorize(float, otypes=[float])(np.asarray(result, dtype=object))


def numbers(x, attribute):
    return np.array([getattr(v, attribute) for v in np.asarray(x, dtype=object).ravel()]).reshape(np.asarray(x).shape)


def gradients(sample, arrays, seed):
    maker = Maker(lambda a: Tensor(a, requires_grad=True), arrays)
    sample(maker).backward(seed)
    return [t.grad if t.grad is not None else np.zeros(t.shape) for t in maker.made]


def all_params(params):
    return pytest.mark.parametrize("sample", [pytest.param(p.values[-1], id=p.id) for p in params])


def close(got, expected, rtol=1e-9, atol=1e-11):
    np.testing.assert_allclose(got, expected, rtol=rtol, atol=atol)


# --- what the rows say -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", STRUCTURAL.values(), ids=lambda row: row.name)
def test_a_row_has_samples_a_note_and_a_formula_for_each_array(row):
    assert row.samples
    assert row.note
    assert row.__doc__.startswith(f"{row.name}(")
    assert len(row.formulas) == len(row.pullbacks)
    assert getattr(scalargrad, row.name) is getattr(fastpath, row.name) is row


def test_both_packages_export_the_same_functions():
    for name in [*STRUCTURAL, *COMPOSITE]:
        assert name in scalargrad.__all__
        assert name in fastpath.__all__
        assert getattr(fastpath, name) is getattr(scalargrad, name)
    assert fastpath.__all__ == sorted(fastpath.__all__)
    assert "Tensor" in fastpath.__all__


@pytest.mark.parametrize("row", STRUCTURAL.values(), ids=lambda row: row.name)
def test_an_op_is_a_method_of_tensors_unless_it_takes_a_sequence(row):
    assert hasattr(Tensor, row.name) != row.many


# --- the same op everywhere ------------------------------------------------------------------------------------------


@all_params(SAMPLES + COMPOSITES)
def test_arrays_lists_values_and_tensors_give_the_same_numbers(sample):
    plain = Maker()
    expected = np.asarray(sample(plain))
    assert not isinstance(sample(plain), Tensor)
    close(floats(sample(Maker(values, plain.arrays))), expected)
    close(floats(sample(Maker(Tensor, plain.arrays))), expected, rtol=0, atol=0)
    close(sample(Maker(lambda a: a.tolist(), plain.arrays)), expected)
    assert floats(sample(Maker(values, plain.arrays))).shape == expected.shape


@all_params(EVERY)
def test_gradients_are_those_of_the_expansion_into_scalar_ops(sample):
    scalar = Maker(values)
    expanded = sample(scalar)
    seed = np.asarray(np.random.default_rng(1).normal(size=np.asarray(expanded, dtype=object).shape))
    total = Value(0.0)
    for v, weight in zip(np.asarray(expanded, dtype=object).ravel(), seed.ravel()):
        total = total + v * float(weight)
    total.backward()
    for got, x in zip(gradients(sample, scalar.arrays, seed), scalar.made):
        close(got, numbers(x, "grad"))


@all_params(EVERY)
def test_gradients_are_those_of_finite_differences(sample):
    plain = Maker()
    seed = np.random.default_rng(2).normal(size=np.shape(sample(plain)))
    for place, got in enumerate(gradients(sample, plain.arrays, seed)):
        close(got, slopes(lambda arrays: np.sum(seed * sample(Maker(arrays=arrays))), plain.arrays, place), 1e-5, 1e-7)


def slopes(function, arrays, place, step=1e-6):
    """Central differences of a number by the elements of one of the arrays."""
    result = np.zeros(arrays[place].shape)
    for i in np.ndindex(result.shape):
        up, down = ([a.copy() for a in arrays] for _ in range(2))
        up[place][i] += step
        down[place][i] -= step
        result[i] = (function(up) - function(down)) / (2 * step)
    return result


def recorded_gradient(root, seed, leaves):
    """Gradients that are Tensors with a graph of their own, by pullbacks run on Tensors."""
    from scalargrad.graph import topological_order

    received = {root: Tensor(seed)}
    for node in reversed(topological_order(root)):
        if node.op is None or node not in received:
            continue
        needed = tuple(isinstance(x, Tensor) and x.requires_grad for x in node.inputs)
        for operand, share in zip(node.inputs, node.op.pullback(received[node], node, node.inputs, needed)):
            if share is not None:
                share = operand._unbroadcast(share)
                received[operand] = received[operand] + share if operand in received else share
    return [received[leaf] for leaf in leaves]


@all_params(EVERY)
def test_pullbacks_run_on_tensors_and_give_second_derivatives(sample):
    maker = Maker(lambda a: Tensor(a, requires_grad=True))
    root = sample(maker)
    random = np.random.default_rng(3)
    seed = random.normal(size=root.shape)
    firsts = recorded_gradient(root, seed, maker.made)
    weights = [random.normal(size=a.shape) for a in maker.arrays]
    for first, plain in zip(firsts, gradients(sample, maker.arrays, seed)):
        close(first.data, plain)
        assert first.shape == plain.shape
    total = fastpath.sum(fastpath.stack([fastpath.sum(g * w) for g, w in zip(firsts, weights)]))
    if total.requires_grad:
        total.backward()

    def weighed(arrays):
        return sum(np.sum(g * w) for g, w in zip(gradients(sample, arrays, seed), weights))

    for place, leaf in enumerate(maker.made):
        got = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad
        close(got, slopes(weighed, maker.arrays, place, 1e-5), 1e-4, 1e-6)


@all_params(EVERY)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_a_narrow_float_stays_narrow(sample, dtype):
    plain = Maker()
    sample(plain)
    arrays = [a.astype(dtype) for a in plain.arrays]
    maker = Maker(lambda a: Tensor(a, requires_grad=True), arrays)
    result = sample(maker)
    if "astype" in str(result.op):
        return
    assert result.dtype == dtype
    result.backward(np.ones(result.shape))
    for leaf in maker.made:
        assert leaf.grad is None or leaf.grad.dtype == dtype


@all_params(EVERY)
def test_a_trace_step_shows_what_the_backward_pass_sends(sample):
    maker = Maker(lambda a: Tensor(a, requires_grad=True, label="w"))
    root = sample(maker)
    close(root._recomputed(), root.data)
    for style in ("text", "latex"):
        assert root.op.text_of(*["w"] * len(root.inputs), style=style)
    seed = np.ones(root.shape)
    for position, operand, local, downstream in root._downstreams(seed):
        assert (local is None) == hasattr(root.op, "settings")
        assert downstream.shape == operand.shape
        assert root.op.formula(position, ("w",) * len(root.inputs), "latex")


# --- edges -----------------------------------------------------------------------------------------------------------


def grad_of(function, *arrays):
    leaves = [Tensor(a, requires_grad=True) for a in arrays]
    function(*leaves).sum().backward()
    return leaves[0].grad if len(leaves) == 1 else [leaf.grad for leaf in leaves]


def test_tied_elements_of_max_and_min_share_the_gradient_equally():
    for op in (scalargrad.max, scalargrad.min):
        assert grad_of(op, [2.0, 2.0, 2.0]).tolist() == [1 / 3] * 3
    assert grad_of(lambda t: t.max(axis=1), [[1, 3, 3], [5, 2, 5.0]]).tolist() == [[0, 0.5, 0.5], [0.5, 0, 0.5]]
    assert grad_of(lambda t: t.min(axis=0), [[1, 3], [1, 4.0]]).tolist() == [[0.5, 1], [0.5, 0]]
    x = values(np.array([1.0, 4.0, 4.0]))
    scalargrad.max(x).backward()
    assert [v.grad for v in x] == [0.0, 0.5, 0.5]


@pytest.mark.parametrize("zeros", [(), (1,), (1, 3), (0, 1, 2, 3)])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_prod_with_zeros_has_the_right_gradient_of_any_order(zeros, count):
    a = np.arange(2.0, 7.0)[:count]
    a[[z for z in zeros if z < count]] = 0.0
    others = [np.prod(np.delete(a, i)) for i in range(count)]
    t = Tensor(a, requires_grad=True)
    root = t.prod()
    root.backward()
    assert t.grad.tolist() == others
    first = recorded_gradient(root, 1.0, [t])[0]
    for i in range(count):
        t.grad = None
        if first.requires_grad:
            first[i].backward()
        pairs = [0.0 if i == j else np.prod(np.delete(a, [i, j])) for j in range(count)]
        assert (t.grad if t.grad is not None else np.zeros(count)).tolist() == pairs


def test_norm_and_std_have_the_gradient_0_where_they_are_0():
    assert grad_of(fastpath.norm, [0.0, 0.0]).tolist() == [0.0, 0.0]
    close(grad_of(lambda t: t.norm(axis=1), [[0.0, 0.0], [3.0, 4.0]]), [[0, 0], [0.6, 0.8]])
    for number in (0.1, 3.0, 1e300):
        t = Tensor([number] * 3, requires_grad=True)
        assert t.std().item() == 0.0
        t.std().backward()
        assert t.grad.tolist() == [0.0] * 3
    x = values(np.full(3, 0.1))
    y = scalargrad.std(x) + scalargrad.norm(values(np.zeros(2)))
    y.backward()
    assert y.data == 0.0
    assert [v.grad for v in x] == [0.0] * 3


def test_softmax_and_logsumexp_are_right_far_out():
    far = [1e4, 0.0, -1e4]
    assert fastpath.softmax(Tensor(far)).data.tolist() == [1.0, 0.0, 0.0]
    assert fastpath.logsumexp(far) == 1e4
    assert fastpath.log_softmax(far).tolist() == [0.0, -1e4, -2e4]
    assert grad_of(fastpath.logsumexp, far).tolist() == [1.0, 0.0, 0.0]
    assert grad_of(lambda t: t.log_softmax()[2], far).tolist() == [-1.0, 0.0, 1.0]
    assert fastpath.cross_entropy([far], [2]) == 2e4
    assert scalargrad.logsumexp(values(np.array(far))).data == 1e4


def test_logsumexp_of_minus_infinities_is_minus_infinity_with_a_gradient_of_0():
    t = Tensor([[-np.inf, -np.inf], [0.0, -np.inf]], requires_grad=True)
    y = t.logsumexp(axis=1)
    assert y.data.tolist() == [-np.inf, 0.0]
    y.backward([1.0, 1.0])
    assert t.grad.tolist() == [[0.0, 0.0], [1.0, 0.0]]


def test_a_masked_class_does_not_spoil_the_cross_entropy():
    logits = Tensor([[1.0, -np.inf, 1.0]], requires_grad=True)
    for labels in ([0], [[1.0, 0.0, 0.0]]):
        logits.grad = None
        loss = fastpath.cross_entropy(logits, labels)
        loss.backward()
        assert loss.item() == pytest.approx(np.log(2))
        assert logits.grad.tolist() == [[-0.5, 0.0, 0.5]]


def test_the_gradient_of_cross_entropy_is_softmax_minus_labels():
    z = np.random.default_rng(0).normal(size=(4, 3))
    labels = np.array([2, 0, 1, 1])
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    hot = np.eye(3)[labels]
    for given in (labels, labels.tolist(), labels.astype(np.uint8), hot, Tensor(hot)):
        for reduction, scale in (("mean", 0.25), ("sum", 1.0), ("none", 1.0)):
            t = Tensor(z, requires_grad=True)
            loss = fastpath.cross_entropy(t, given, reduction=reduction)
            close(
                loss.data.sum() * scale / (0.25 if reduction == "mean" else 1),
                -np.log(p[range(4), labels]).sum() * scale,
            )
            loss.backward(np.ones(loss.shape))
            close(t.grad, (p - hot) * scale)


def test_labels_may_be_what_argmax_found():
    z = Tensor([[1.0, 2.0], [4.0, 3.0]], requires_grad=True)
    fastpath.cross_entropy(z, z.argmax(axis=1)).backward()
    assert z.grad is not None
    assert fastpath.one_hot(z.argmax(axis=1), 2).tolist() == [[0.0, 1.0], [1.0, 0.0]]


def test_argmax_is_recorded_and_refuses_a_gradient_with_its_reason():
    t = Tensor([1.0, 3.0, 2.0], requires_grad=True)
    best = t.argmax()
    assert best.op.name == "argmax"
    assert best.item() == 1
    assert ["a", "b", "c"][best] == "b"
    with pytest.raises(NotDifferentiableError, match=r"argmax has no gradient: .*softmax"):
        best.backward()
    with pytest.raises(NotDifferentiableError, match="argmax"):
        (best * 2.0 + t.sum()).backward()
    assert t.grad is None
    t[best].backward()
    assert t.grad.tolist() == [0.0, 1.0, 0.0]


def test_an_element_indexed_twice_receives_both_gradients():
    assert grad_of(lambda t: t[[0, 2, 0]] * [1.0, 2.0, 3.0], [5.0, 6.0, 7.0]).tolist() == [4.0, 0.0, 2.0]
    assert grad_of(lambda t: t[np.array([[0, 0], [0, 1]])], [1.0, 2.0]).tolist() == [3.0, 1.0]
    assert grad_of(lambda t: t[[0, 0], [1, 1]], [[1.0, 2.0]]).tolist() == [[0.0, 2.0]]


def test_a_key_changed_after_the_forward_changes_nothing():
    t = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    key, mask = np.array([0, 1]), np.array([True, False, False])
    y = t[key].sum() + t[mask].sum()
    key[:], mask[:] = 2, True
    y.backward()
    assert t.grad.tolist() == [2.0, 1.0, 0.0]


@pytest.mark.parametrize("key", [-1, slice(None, None, -2), ..., None, (0, None), True, (..., 0), np.array(2), []])
def test_index_takes_every_key_of_numpy(key):
    a = np.arange(12.0).reshape(3, 4)
    t = Tensor(a, requires_grad=True)
    y = t[key]
    wanted = a[np.array(key, dtype=int)] if isinstance(key, list) else a[key]
    assert y.data.tolist() == wanted.tolist()
    y.sum().backward()
    expected = np.zeros((3, 4))
    expected[slice(0, 0) if isinstance(key, list) else key] = 1.0
    assert t.grad.tolist() == expected.tolist()


def test_empty_arrays_and_single_numbers_have_gradients_too():
    for function in (
        fastpath.sum,
        fastpath.mean,
        fastpath.prod,
        fastpath.var,
        fastpath.std,
        fastpath.norm,
        fastpath.cumsum,
    ):
        assert grad_of(function, np.zeros((0, 3))).shape == (0, 3)
        assert grad_of(function, 2.0).shape == ()
    assert fastpath.sum(np.zeros((0, 3)), axis=0).tolist() == [0.0, 0.0, 0.0]
    a, b = grad_of(lambda a, b: a @ b, np.zeros((2, 0)), np.zeros((0, 3)))
    assert a.shape == (2, 0)
    assert b.shape == (0, 3)
    a, b = grad_of(lambda a, b: a @ b, np.zeros((2, 0, 3)), np.zeros((3, 4)))
    assert a.shape == (2, 0, 3)
    assert b.tolist() == np.zeros((3, 4)).tolist()
    assert np.isnan(fastpath.cross_entropy(Tensor(np.zeros((0, 3))), np.zeros(0, int)).item())
    assert grad_of(lambda t: fastpath.concatenate([t, t[:0]]), [1.0, 2.0]).tolist() == [1.0, 1.0]


def test_settings_are_given_by_position_or_by_name_as_in_numpy():
    t = Tensor(np.arange(6.0).reshape(2, 3))
    assert t.sum(0).data.tolist() == fastpath.sum(t, axis=0).data.tolist() == fastpath.sum(a=t, axis=-2).data.tolist()
    assert t.reshape(3, 2).shape == t.reshape((3, -1)).shape == fastpath.reshape(t, [3, 2]).shape == (3, 2)
    assert t.transpose(1, 0).shape == t.transpose((1, 0)).shape == t.transpose().shape == t.T.shape == (3, 2)
    assert t.mean(axis=(0, 1), keepdims=True).shape == (1, 1)
    assert fastpath.einsum("ij -> j", t).shape == (3,)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fastpath.matmul(np.ones((3, 4)), np.ones(3)), "matmul: shapes (3, 4) and (3,) do not fit: the inner sizes are 4 and 3"),
        (lambda: Tensor(np.ones((3, 4))) @ np.ones(3), "matmul: shapes (3, 4) and (3,) do not fit: the inner sizes are 4 and 3"),
        (lambda: fastpath.matmul(Tensor([1.0]), 2.0), "matmul: shapes (1,) and () do not fit: a single number is multiplied by * instead"),
        (lambda: Tensor(np.ones((3, 4))).reshape(5), "reshape: shape (3, 4) does not fit: cannot reshape array of size 12 into shape (5,)"),
        (lambda: fastpath.concatenate([Tensor([1.0]), [[2.0]]]), "concatenate: shapes (1,) and (1, 1) do not fit: all the input arrays"),
        (lambda: fastpath.concatenate([]), "concatenate: the sequence of arrays is empty"),
        (lambda: fastpath.stack([[1.0], [2.0, 3.0]]), "stack: shapes (1,) and (2,) are not the same"),
        (lambda: Tensor([1.0]).sum(axis=2), "sum: shape (1,) does not fit: axis 2 is out of bounds for array of dimension 1"),
        (lambda: Tensor([1.0]).max(axis=-2), "max: shape (1,) does not fit: axis -2 is out of bounds"),
        (lambda: Tensor(np.zeros(0)).max(), "max: shape (0,) does not fit: zero-size array"),
        (lambda: fastpath.split([1.0, 2.0, 3.0], 2), "split: axis 0 of shape (3,) cannot be cut into 2 equal parts"),
        (lambda: fastpath.squeeze([1.0, 2.0], 0), "squeeze: axis 0 of shape (2,) has length 2, not 1"),
        (lambda: fastpath.swapaxes([1.0], 0, 1), "swapaxes: axis 1 is out of range for shape (1,)"),
        (lambda: fastpath.pad([1.0], -1), "pad: pad_width -1 takes more away than shape (1,) has"),
        (lambda: fastpath.pad([1.0], 1.5), "pad: pad_width is made of integers, not 1.5"),
        (lambda: fastpath.pad([1.0], 1, mode="mean"), "pad: mode is constant, edge"),
        (lambda: fastpath.norm([[1.0]], 2), "norm: ord=2 over two axes needs singular values"),
        (lambda: fastpath.norm([1.0], "fro"), "norm: ord='fro' is no norm over 1 axes"),
        (lambda: fastpath.einsum("ij,jk", [[1.0]]), "einsum: 'ij,jk' is for 2 operands, not 1"),
        (lambda: fastpath.einsum("ij", [1.0]), "einsum: 'ij' of 'ij' is given an operand with 1 axes"),
        (lambda: fastpath.einsum("i->j", [1.0]), "einsum: the output of 'i->j' has 'j', which no operand has"),
        (lambda: fastpath.cross_entropy([[1.0, 2.0]], [2]), "cross_entropy: there is a label 2 among labels for 2 classes; expected 0 to 1"),
        (lambda: fastpath.cross_entropy([[1.0, 2.0]], [-1]), "cross_entropy: there is a label -1 among labels"),
        (lambda: fastpath.cross_entropy([[1.0, 2.0]], [0, 1]), "cross_entropy: labels of shape (2,) for logits of shape (1, 2)"),
        (lambda: fastpath.cross_entropy([[1.0, 2.0]], [0.0]), "cross_entropy: labels of shape (1,) and type float64 for logits"),
        (lambda: fastpath.cross_entropy([[1.0, 2.0]], [[0.9, 0.9]]), "cross_entropy: the labels of an example add up to 1.8"),
        (lambda: fastpath.cross_entropy([[1.0, 2.0]], [[-0.5, 1.5]]), "cross_entropy: there is a -0.5 among the labels"),
        (lambda: fastpath.cross_entropy([[1.0, 2.0]], [0], reduction="max"), "cross_entropy: reduction is 'mean', 'sum' or 'none', not 'max'"),
        (lambda: fastpath.one_hot([3], 3), "one_hot: there is a label 3 among labels for 3 classes"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_in_one_sentence(call, message):
    with pytest.raises(ValueError) as told:  # noqa: PT011
        call()
    assert str(told.value).startswith(message)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fastpath.sum(), "sum takes (a, axis=None, keepdims=False); a is missing"),
        (lambda: fastpath.sum([1.0], dtype=float), "sum takes (a, axis=None, keepdims=False); it has no 'dtype'"),
        (lambda: fastpath.sum([1.0], 0, True, 3), "sum takes (a, axis=None, keepdims=False), not 1 arguments more"),
        (lambda: fastpath.reshape([1.0]), "reshape takes (a, shape); shape is missing"),
        (lambda: fastpath.sum([1.0], axis="x"), "sum: "),
        (lambda: fastpath.sum("text"), "sum: expected numbers, not an array of"),
        (lambda: fastpath.sum([None]), "sum: expected numbers, not None (NoneType)"),
        (lambda: fastpath.sum([1j]), "sum: expected numbers, not an array of complex128"),
        (lambda: fastpath.index([1.0]), "index takes (a, key)"),
        (lambda: fastpath.index([1.0], 0.5), "index: a key is made of integers, slices"),
        (lambda: Tensor([1.0])[Tensor([0.0])], "index: a key is made of integers, slices"),
        (lambda: fastpath.concatenate(1.0), "concatenate takes (arrays, axis=0): a sequence of arrays first"),
        (lambda: fastpath.einsum([1.0], "i"), "einsum: the subscripts come first"),
        (lambda: fastpath.matmul(Tensor([1.0]), values(np.ones(1))), "matmul: a Tensor and a Value do not mix"),
        (lambda: fastpath.matmul(Tensor([1.0]), None), "matmul: expected a Tensor, an array or a number, not None"),
        (lambda: fastpath.one_hot([1.0], 2), "one_hot: labels are integers, not float64"),
        (lambda: fastpath.astype(Tensor([1.0]), int), "astype: expected a float type, not int64"),
    ],
)
def test_what_an_op_cannot_take_is_told_in_one_sentence(call, message):
    with pytest.raises(TypeError) as told:
        call()
    assert str(told.value).startswith(message)


def test_an_index_out_of_range_is_an_index_error_with_the_shape():
    with pytest.raises(IndexError, match=r"index: shape \(3,\) does not fit: index 3 is out of bounds"):
        Tensor([1.0, 2.0, 3.0])[3]


def test_a_row_registered_later_is_a_function_a_method_and_differentiable():
    rolled = structural(
        "rolled", lambda xp, a, *, by=1: xp.roll(a, by), (lambda g, y, a, by: rolled(g, -by),), note="turned round"
    )
    try:
        t = Tensor([1.0, 2.0, 3.0], requires_grad=True)
        y = t.rolled(by=2) * [1.0, 10.0, 100.0]
        y.sum().backward()
        assert y.data.tolist() == [2.0, 30.0, 100.0]
        assert t.grad.tolist() == [100.0, 1.0, 10.0]
        assert fastpath.rolled is scalargrad.rolled is rolled
        assert float(rolled(values(np.arange(3.0)))[0]) == 2.0
    finally:
        remove(rolled)
    assert not hasattr(Tensor, "rolled")
    with pytest.raises(AttributeError):
        fastpath.rolled  # noqa: B018


def test_an_op_is_found_again_by_its_name_in_another_process():
    code = f"import pickle; print(pickle.loads({pickle.dumps([scalargrad.sum, scalargrad.tanh])!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[<op sum>, <op tanh>]\n"


def test_a_planted_wrong_pullback_differs_from_the_expansion():
    wrong = structural("wrong", lambda xp, a: xp.add.reduce(a), (lambda g, y, a: 2 * g,))
    try:
        t, x = Tensor([1.0, 2.0], requires_grad=True), values(np.array([1.0, 2.0]))
        wrong(t).backward()
        wrong(x).backward()
        assert t.grad.tolist() != [v.grad for v in x]
    finally:
        remove(wrong)
