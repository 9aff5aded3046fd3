"""A masked array is refused wherever its mask would be dropped and what it hides computed with."""

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from scalargrad import OPS, Value, data, linear, metrics, nn
from scalargrad.ops.given import require_unmasked

M = np.ma.array([1.0, 2.0, 3.0], mask=[0, 1, 0])
SQUARE = np.ma.array([[1.0, 2.0], [3.0, 4.0]], mask=[[0, 1], [0, 0]])
LABELS = np.ma.array([0, 1], mask=[0, 1])


def tensor():
    return Tensor([1.0, 2.0, 3.0], requires_grad=True)


def values():
    return np.array([Value(1.0), Value(2.0), Value(3.0)])


REFUSED = {
    "Tensor": lambda: Tensor(M),
    "Tensor of a list": lambda: Tensor([M, M]),
    "Tensor of nested lists": lambda: Tensor([[M], [M]]),
    "Tensor.data": lambda: setattr(tensor(), "data", M),
    "a seed": lambda: (tensor() * 2).backward(M),
    "Value": lambda: Value(np.ma.masked),
    "Value of one": lambda: Value(np.ma.array(1.0, mask=True)),
    "Tensor times": lambda: tensor() * M,
    "times Tensor": lambda: M * tensor(),
    "Tensor times a list": lambda: tensor() * [M, M],
    "in place": lambda: M.copy().__imul__(tensor()),
    "Value times": lambda: Value(2.0) * M,
    "times Value": lambda: M * Value(2.0),
    "matmul": lambda: SQUARE @ Tensor(np.ones((2, 2))),
    "matmul of Tensor": lambda: Tensor(np.ones((2, 2))) @ SQUARE,
    "equal": lambda: tensor() == M,
    "equal reflected": lambda: tensor() == M,
    "less": lambda: tensor() < M,
    "less reflected": lambda: tensor() > M,
    "less than a Value": lambda: Value(1.0) > M,
    "a key": lambda: tensor()[LABELS],
    "where": lambda: sg.where(M > 1, tensor(), 0.0),
    "np.add": lambda: np.add(tensor(), M),
    "np.ma.add": lambda: np.ma.add(M, tensor()),
    "np.concatenate": lambda: np.concatenate([tensor(), M]),
    "sum": lambda: sg.sum(M),
    "sum of a list": lambda: sg.sum([M, M]),
    "stack": lambda: sg.stack([M, M]),
    "one_hot": lambda: sg.one_hot(LABELS, 2),
    "pad": lambda: sg.pad([1.0], 1, constant_values=LABELS),
    "cross_entropy": lambda: sg.cross_entropy(np.ones((2, 2)), LABELS),
    "cross_entropy of a Tensor": lambda: sg.cross_entropy(Tensor(np.ones((2, 2))), LABELS),
    "a metric": lambda: metrics.accuracy([1, 2, 3], M),
    "weights of a metric": lambda: metrics.accuracy([1, 2, 3], [1, 2, 3], sample_weight=M),
    "a loss": lambda: nn.mse(M, [1.0, 2.0, 3.0]),
    "targets": lambda: nn.mse(tensor(), M),
    "weights of a loss": lambda: nn.mse(tensor(), [1.0, 2.0, 3.0], sample_weight=M),
    "weights of classes": lambda: nn.cross_entropy(Tensor(np.ones((2, 2))), [0, 1], class_weight=LABELS),
    "classes of nll": lambda: nn.nll(np.ones((2, 2)) / 2, LABELS),
    "classes of a hinge": lambda: nn.multiclass_hinge(np.ones((2, 2)), LABELS),
    "a layer": lambda: nn.Linear(2, 1)(SQUARE),
    "a layer of Tensors": lambda: nn.Linear(2, 1, backend="tensor")(SQUARE),
    "batches": lambda: list(data.batches(SQUARE, [0, 1], 1)),
    "a fit": lambda: linear.LinearRegression().fit(SQUARE, [1.0, 2.0]),
    "compiled scalar code": lambda: compile(lambda x: x * x + Value(1.0))(M),
    "a compiled graph": lambda: compile(Value(1.0, label="x") * 2)(x=M),
    "a compiled function": lambda: compile(lambda x: (x * x).sum(), backend="tensor")(M),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_mask_is_not_dropped(what):
    with pytest.raises(TypeError, match="masked array") as told:
        REFUSED[what]()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("op", OPS.values(), ids=str)
def test_every_elementwise_op_refuses_one(op):
    for place in range(len(op.operands)):
        for other in (1.0, tensor(), values(), Value(1.0)):
            operands = [other] * len(op.operands)
            operands[place] = M
            with pytest.raises(TypeError, match=f"^{op.name}: a masked array"):
                op(*operands)


def test_numpys_own_arithmetic_of_masked_arrays_and_values_keeps_the_mask():
    for product in (M * values(), values() * M):
        assert isinstance(product, np.ma.MaskedArray)
        assert product.mask.tolist() == [False, True, False]


def test_what_has_no_mask_passes():
    for given in (1.0, [1.0, [2.0]], np.ones(2), (), "text", tensor()):
        require_unmasked("here", given)
    with pytest.raises(TypeError, match=r"^here: a masked array is not taken"):
        require_unmasked("here", (1.0, [2.0, [M]]))
