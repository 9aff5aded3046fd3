"""Convolutions, pooling and gates: on arrays, Values and Tensors, compiled, against PyTorch."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastpath
import scalargrad as sg
from fastpath import Tensor, explode
from scalargrad import nn
from tests.agreeing import gradients, require_agreement, require_second

torch = pytest.importorskip("torch")
F = torch.nn.functional
RANDOM = np.random.default_rng(2)


def require_torchs(ours, theirs, *arrays):
    """The same numbers and gradients as PyTorch's."""
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    expected = theirs(*tensors)
    seed = np.cos(np.arange(expected.numel(), dtype=float)).reshape(tuple(expected.shape))
    expected.backward(torch.tensor(seed))
    np.testing.assert_allclose(np.asarray(ours(*arrays)), expected.detach().numpy(), rtol=1e-9, atol=1e-12)
    for found, t in zip(gradients(ours, arrays, seed), tensors):
        np.testing.assert_allclose(found, t.grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.filterwarnings("ignore:Using padding")
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_conv2d_is_pytorchs(data):
    draw = lambda *of: data.draw(st.sampled_from(of))
    groups = draw(1, 1, 2)
    n, c, o = draw(1, 2, 3), groups * draw(1, 2), groups * draw(1, 3)
    kernel, stride, dilation = [(draw(1, 2, 3), draw(1, 2)) for _ in range(3)]
    stride = draw(1, 2, stride)
    padding = draw(0, 1, (2, 0), "valid", "same") if stride == 1 else draw(0, 1, (0, 2), "valid")
    x = RANDOM.normal(size=(n, c, data.draw(st.integers(7, 9)), data.draw(st.integers(7, 9))))
    w, b = RANDOM.normal(size=(o, c // groups, *kernel)), RANDOM.normal(size=o)
    given_ = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    require_torchs(lambda *a: sg.conv2d(*a, **given_), lambda *a: F.conv2d(*a, **given_), x, w, b)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("dilation", [1, 2])
def test_conv1d_is_pytorchs(stride, padding, dilation):
    x, w = RANDOM.normal(size=(2, 3, 8)), RANDOM.normal(size=(4, 3, 3))
    require_torchs(
        lambda *a: sg.conv1d(*a, None, stride, padding, dilation),
        lambda *a: F.conv1d(*a, None, stride, padding, dilation),
        x, w,
    )  # fmt: skip


def test_convolutions_are_the_same_on_every_kind_of_array_and_twice_differentiable():
    x, w, b = RANDOM.normal(size=(2, 4, 3)), RANDOM.normal(size=(2, 2, 2, 2)), RANDOM.normal(size=2)
    for stride, padding in ((1, 0), ((2, 1), 1)):
        f = lambda *a, s=stride, p=padding: sg.conv2d(*a, stride=s, padding=p)
        require_agreement(f, x, w, b)
        require_second(f, x, w)
    require_agreement(lambda a, k: sg.conv1d(a, k, groups=2), x, RANDOM.normal(size=(4, 2, 2)))


POOLS = [
    ("max_pool2d", (2, 3, 6, 5), {"kernel_size": 2}),
    ("max_pool2d", (1, 2, 7, 7), {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("max_pool2d", (2, 6, 6), {"kernel_size": (3, 2), "stride": (1, 2), "dilation": 2}),
    ("max_pool1d", (2, 3, 7), {"kernel_size": 3, "stride": 1, "padding": 1}),
    ("avg_pool2d", (2, 3, 6, 5), {"kernel_size": 2}),
    ("avg_pool2d", (2, 1, 6, 5), {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("avg_pool2d", (2, 1, 6, 5), {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
    ("avg_pool1d", (2, 3, 7), {"kernel_size": 3, "padding": 1, "count_include_pad": False}),
]


@pytest.mark.parametrize(("name", "shape", "given_"), POOLS)
def test_pooling_is_pytorchs(name, shape, given_):
    x = RANDOM.normal(size=shape)
    require_torchs(lambda a: getattr(sg, name)(a, **given_), lambda a: getattr(F, name)(a, **given_), x)
    require_agreement(lambda a: getattr(sg, name)(a, **given_), x[:1])


def test_tied_elements_of_a_window_share_the_gradient():
    t = Tensor(np.ones((1, 1, 2, 2)), requires_grad=True)
    sg.max_pool2d(t, 2).backward(np.ones((1, 1, 1, 1)))
    np.testing.assert_array_equal(t.grad, 0.25)


def test_glu_is_pytorchs():
    x = RANDOM.normal(size=(2, 4, 3))
    require_torchs(lambda a: sg.glu(a, 1), lambda a: F.glu(a, 1), x)
    require_agreement(lambda a: sg.glu(a, 1), x)
    with pytest.raises(ValueError, match=r"^glu: axis 2 of shape \(2, 4, 3\) has no two halves"):
        sg.glu(x)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, w: sg.conv2d(x[0, 0], w), "conv2d: the input has the axes (N, C, H, W) or (C, H, W), not shape (5, 5)"),
        (lambda x, w: sg.conv2d(x[:, :1], w), "conv2d: an input of 1 channels does not fit a weight of shape (3, 2, 2, 2)"),
        (lambda x, w: sg.conv2d(x, w[0]), "conv2d: the weight has 4 axes"),
        (lambda x, w: sg.conv2d(x, np.ones((3, 2, 6, 6))), "conv2d: a kernel of (6, 6) does not fit into an input of (5, 5)"),
        (lambda x, w: sg.conv2d(x, w, np.ones(2)), "conv2d: the bias has the shape (3,), not (2,)"),
        (lambda x, w: sg.conv2d(x, w, stride=0), "conv2d: stride is at least 1, not 0"),
        (lambda x, w: sg.conv2d(x, w, padding=-1), "conv2d: padding is at least 0, not -1"),
        (lambda x, w: sg.conv2d(x, w, padding="full"), "conv2d: padding is a number of zeros, 'same' or 'valid'"),
        (lambda x, w: sg.conv2d(x, w, padding="same", stride=2), "conv2d: padding='same' goes with stride 1"),
        (lambda x, w: sg.conv2d(x, w, groups=2), "conv2d: an input of 2 channels does not fit"),
        (lambda x, w: sg.max_pool2d(x, 2, padding=2), "max_pool2d: padding is at most half of the kernel (2, 2), not 2"),
        (lambda x, w: sg.max_pool2d(x, (2, 2, 2)), "max_pool2d: kernel_size is one number or 2 of them"),
        (lambda x, w: sg.avg_pool1d(x, 2), "avg_pool1d: the input has the axes (N, C, L) or (C, L)"),
        (lambda x, w: sg.sliding_window_view(x, 6, -1), "sliding_window_view: a window of length 6 does not fit into axis 3"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_in_one_sentence(call, message):
    with pytest.raises(ValueError) as told:  # noqa: PT011
        call(np.ones((2, 2, 5, 5)), np.ones((3, 2, 2, 2)))
    assert str(told.value).startswith(message)


@pytest.mark.parametrize("shape", [(5,), (4, 5), (2, 3, 4)])
def test_sliding_windows_are_numpys(shape):
    x = RANDOM.normal(size=shape)
    for axis in range(len(shape)):
        for k in range(1, shape[axis] + 1):
            expected = np.lib.stride_tricks.sliding_window_view(x, k, axis)
            np.testing.assert_array_equal(sg.sliding_window_view(x, k, axis), expected)
            found = np.lib.stride_tricks.sliding_window_view(Tensor(x), k, axis)
            assert isinstance(found, Tensor)
            np.testing.assert_array_equal(found.data, expected)


def test_explode_shows_the_sums_of_a_convolution():
    x = Tensor([[[1.0, 2.0, 3.0]]], requires_grad=True, label="x")
    w = Tensor([[[1.0, -1.0]]], requires_grad=True, label="w")
    y = explode(sg.conv1d(x, w))
    assert [v.data for v in y.ravel()] == [-1.0, -1.0]
    assert [v.op.name for v in y.ravel()] == ["add", "add"]
    sum(y.ravel().tolist()).backward()
    assert {leaf.label for leaf in sg_leaves(y)} >= {"x_000", "x_001", "x_002", "w_000", "w_001"}


def sg_leaves(y):
    from scalargrad.graph import leaves

    return [leaf for v in y.ravel() for leaf in leaves(v)]


# --- modules ---------------------------------------------------------------------------------------------------------


def test_the_modules_compute_what_pytorchs_do_with_the_same_numbers():
    ours = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, backend="tensor", seed=0), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(4, 6, (2, 3), stride=2, bias=False, groups=2, backend="tensor", seed=1), nn.AvgPool2d(2), nn.Flatten(),
    )  # fmt: skip
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(4, 6, (2, 3), stride=2, bias=False, groups=2), torch.nn.AvgPool2d(2), torch.nn.Flatten(),
    ).double()  # fmt: skip
    state = ours.state_dict()
    assert {name: np.shape(x) for name, x in state.items()} == {
        n: tuple(x.shape) for n, x in theirs.state_dict().items()
    }
    theirs.load_state_dict({name: torch.tensor(np.asarray(x)) for name, x in state.items()})
    x = RANDOM.normal(size=(3, 1, 10, 11))
    y, expected = ours(x), theirs(torch.tensor(x))
    np.testing.assert_allclose(y.data, expected.detach().numpy())
    fastpath.sum(y * y).backward()
    (expected * expected).sum().backward()
    for found, parameter in zip(ours.parameters(), theirs.parameters()):
        np.testing.assert_allclose(found.grad, parameter.grad.numpy(), rtol=1e-9, atol=1e-12)


def test_a_small_network_of_values_is_that_of_tensors_and_learns():
    def made(backend):
        return nn.Sequential(
            nn.Conv1d(1, 2, 3, backend=backend, seed=0), nn.Tanh(), nn.MaxPool1d(2), nn.Flatten(),
            nn.Linear(4, 1, backend=backend, seed=0),
        )  # fmt: skip

    x = RANDOM.normal(size=(4, 1, 6))
    slow, fast = made("value"), made("tensor")
    a, b = nn.mse(slow(x), np.ones((4, 1))), nn.mse(fast(x), np.ones((4, 1)))
    assert a.data == pytest.approx(b.item())
    a.backward()
    b.backward()
    np.testing.assert_allclose(
        [v.grad for v in slow[0].weight.ravel()], fast[0].weight.grad.ravel(), rtol=1e-9, atol=1e-12
    )


def test_modules_begin_as_pytorchs_and_say_what_is_wrong():
    layer = nn.Conv2d(4, 50, 5, backend="tensor", seed=0)
    bound = 1 / np.sqrt(4 * 25)
    assert np.abs(layer.weight.data).max() < bound
    assert np.abs(layer.weight.data).max() > 0.99 * bound
    assert repr(nn.Conv2d(1, 2, 3, padding=1)) == "Conv2d(1, 2, kernel_size=3, padding=1)"
    for call, message in (
        (lambda: nn.Conv2d(3, 4, 2, groups=2), "Conv2d: in_channels=3 cannot be divided into 2 groups"),
        (lambda: nn.Conv1d(3, 4, (2, 2)), "Conv1d: kernel_size is one number or 1 of them"),
        (lambda: nn.MaxPool2d((1, 2, 3)), "MaxPool2d: kernel_size is one number or 2 of them"),
    ):
        with pytest.raises(ValueError) as told:  # noqa: PT011
            call()
        assert str(told.value).startswith(message)
