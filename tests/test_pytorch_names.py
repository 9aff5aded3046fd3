"""What PyTorch's programs call things: methods of a Tensor, its creation, gradients of results."""

import copy
import json
import math
import pickle

import numpy as np
import pytest

import fastpath
from fastpath import Tensor, enable_grad, no_grad
from scalargrad import Value, draw, nn

X = np.arange(6.0).reshape(2, 3) - 2.5


def make(grad=True):
    return Tensor(X, requires_grad=grad)


SAME = [
    (lambda x: x.view(3, 2), lambda x: x.reshape(3, 2)),
    (lambda x: x.view((3, 2)), lambda x: x.reshape(3, 2)),
    (lambda x: x.view(-1), lambda x: x.reshape(-1)),
    (lambda x: x.unsqueeze(-1), lambda x: x[:, :, None]),
    (lambda x: x.permute(1, 0), lambda x: x.transpose(1, 0)),
    (lambda x: x.permute((1, 0)), lambda x: x.T),
    (lambda x: x.t(), lambda x: x.T),
    (lambda x: x.mT, lambda x: x.T),
    (lambda x: x.unsqueeze(0).expand(4, 2, 3), lambda x: fastpath.broadcast_to(x, (4, 2, 3))),
    (lambda x: x[:, :1].expand(-1, 5), lambda x: fastpath.broadcast_to(x[:, :1], (2, 5))),
    (lambda x: x.clamp(-1.0, 1.0), lambda x: fastpath.clip(x, -1.0, 1.0)),
    (lambda x: x.clamp(min=0), lambda x: fastpath.maximum(x, 0.0)),
    (lambda x: x.clamp(max=0.25), lambda x: fastpath.minimum(x, 0.25)),
    (lambda x: x.masked_fill(X > 0, -9.0), lambda x: fastpath.where(X > 0, -9.0, x)),
    (lambda x: x.mm(x.T), lambda x: x @ x.T),
    (lambda x: x.clone(), lambda x: x * 1.0),
    (lambda x: x.contiguous().cpu(), lambda x: x * 1.0),
    (lambda x: x.double(), lambda x: x * 1.0),
    (lambda x: x.to("cpu", np.float64), lambda x: x * 1.0),
    (lambda x: fastpath.cat([x, x], 1), lambda x: fastpath.concatenate([x, x], axis=1)),
    (lambda x: fastpath.unsqueeze(x, 0), lambda x: fastpath.expand_dims(x, 0)),
]


@pytest.mark.parametrize(("theirs", "ours"), SAME)
def test_another_name_for_the_same(theirs, ours):
    a, b = make(), make()
    left, right = theirs(a), ours(b)
    assert np.array_equal(left.data, right.data)
    left.square().sum().backward()
    right.square().sum().backward()
    assert np.array_equal(a.grad, b.grad)
    compiled = fastpath.compile(lambda x: theirs(x).square().sum())
    assert compiled(X) == pytest.approx(right.square().sum().item())


def test_pytorch_gives_the_same():
    torch = pytest.importorskip("torch")
    x = torch.tensor(X, requires_grad=True)
    for theirs, _ in SAME[:-2]:
        if ".cpu" in str(theirs):
            continue
        try:
            expected = theirs(x)
        except TypeError:  # NumPy's own words among them
            continue
        assert np.array_equal(theirs(make()).data, expected.detach().numpy())


def test_what_it_is():
    x = make()
    assert (x.dim(), x.numel(), x.nelement(), x.is_leaf, (x * 2).is_leaf) == (2, 6, 6, True, False)
    assert (x.size(), x.size(0), x.size(-1), x.size, x.size + 1) == ((2, 3), 2, 3, 6, 7)
    assert json.dumps([x.size]) == "[6]"
    assert (pickle.loads(pickle.dumps(x.size)), copy.deepcopy(x.size)) == (6, 6)
    assert x.tolist() == X.tolist()
    assert np.array_equal(x.numpy(), X)
    x.numpy()[:] = 0.0
    assert np.array_equal(x.data, X)
    assert (int(Tensor(3.7)), int(Tensor([2.0]))) == (3, 2)
    assert np.array_equal(x.eq(X), np.ones((2, 3), bool))
    assert x.float().dtype == np.float32
    assert x.detach().long().tolist() == [[-2, -1, 0], [0, 1, 2]]
    assert fastpath.tensor([1, 2]).to(np.float32).dtype == np.float32


def test_what_cannot_be_meant_is_refused():
    x = make()
    with pytest.raises(ValueError, match="live in the memory of this computer"):
        x.to("cuda")
    with pytest.raises(ValueError, match="live in the memory of this computer"):
        fastpath.zeros(3, device="cuda:0")
    with pytest.raises(ValueError, match="a matrix, not for shape"):
        x.unsqueeze(0).t()


# --- in place --------------------------------------------------------------------------------------------------------


def test_in_place_under_no_grad():
    x = Tensor([1.0, 2.0], requires_grad=True)
    with no_grad():
        assert x.sub_([0.5, 0.5]) is x
        x.add_(1.0, alpha=2).mul_(2).div_(4)
        assert x.data.tolist() == [1.25, 1.75]
        assert x.zero_().data.tolist() == [0.0, 0.0]
        assert x.fill_(3).copy_(np.array([1.0, 4.0])).data.tolist() == [1.0, 4.0]
        with enable_grad(), pytest.raises(RuntimeError, match=r"sub_ would change a leaf .* under no_grad"):
            x.sub_(1.0)
        with pytest.raises(ValueError, match=r"add_: a Tensor of shape \(2,\) cannot become one of \(3, 2\)"):
            x.add_(np.ones((3, 2)))
    assert x.requires_grad
    assert Tensor([1.0]).add_(1.0).data.tolist() == [2.0]
    with pytest.raises(RuntimeError, match="a computed one stays what it is"):
        (x * 2).zero_()


def test_a_graph_keeps_the_numbers_it_was_computed_from():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    with no_grad():
        x.zero_()
    y.backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_requires_grad_in_place():
    x = Tensor([1.0]).requires_grad_()
    (x * 2).backward()
    assert x.grad.tolist() == [2.0]
    assert not x.requires_grad_(False).requires_grad
    with pytest.raises(TypeError, match="takes no gradient"):
        fastpath.arange(3).requires_grad_()
    with pytest.raises(RuntimeError, match="retain_grad"):
        (Tensor([1.0], requires_grad=True) * 2).requires_grad_()


def test_in_place_is_not_compiled():
    w = Tensor([1.0], requires_grad=True)

    def f(x):
        with no_grad():
            w.zero_()
        return (w * x).sum()

    with pytest.raises(TypeError, match=r"zero_\(\)"):
        fastpath.compile(f)(np.ones(1))


# --- gradients of results --------------------------------------------------------------------------------------------


def test_a_result_keeps_its_gradient_if_asked():
    x = Tensor([1.0, 2.0], requires_grad=True)
    h, other = x * 3, x + 1
    z = h.square() * other
    h.retain_grad()
    z.retain_grad()
    x.retain_grad()  # a leaf keeps it in any case
    z.sum().backward()
    assert h.grad.tolist() == (2 * h.data * other.data).tolist()
    assert z.grad.tolist() == [1.0, 1.0]
    assert other.grad is None
    assert x.grad.tolist() == (3 * 2 * h.data * other.data + h.data**2).tolist()
    z.sum().backward()
    assert z.grad.tolist() == [1.0, 1.0]  # of the latest pass
    assert isinstance(h, Tensor)
    assert "Tensor(" in repr(h)
    assert (h + 1).data.tolist() == [4.0, 7.0]


def test_the_root_keeps_it_and_shares_no_memory():
    x = Tensor([1.0], requires_grad=True)
    y = x * 2
    y.retain_grad()
    seed = np.array([5.0])
    y.backward(seed)
    seed[:] = 0.0
    assert (y.grad.tolist(), x.grad.tolist()) == ([5.0], [10.0])
    x.grad[:] = 0.0
    assert y.grad.tolist() == [5.0]
    assert not np.shares_memory(x.grad, y.grad)


def test_retain_grad_where_there_is_none():
    with pytest.raises(RuntimeError, match="retain_grad: this Tensor has no gradient"):
        (Tensor([1.0]) * 2).retain_grad()

    def f(x):
        h = x * 2
        h.retain_grad()
        return h.sum()

    with pytest.raises(TypeError, match=r"retain_grad\(\)"):
        fastpath.compile(f)(np.ones(2))


def test_drawings_show_stored_gradients_of_results():
    x = Tensor(1.0, requires_grad=True, label="x")
    y = x * 2
    y.retain_grad()
    y.backward()
    assert [n.grad for n in draw(y, gradients="stored").trace.nodes] == [2.0, 1.0]


# --- made ------------------------------------------------------------------------------------------------------------


def test_made_of_numbers():
    t = fastpath.tensor([[1.0, 2.0]], requires_grad=True)
    assert isinstance(t, Tensor)
    assert (t.requires_grad, t.dtype) == (True, np.float64)
    assert fastpath.tensor([1, 2]).dtype == np.int64
    assert fastpath.tensor([True]).dtype == np.bool_
    assert fastpath.tensor([1, 2], dtype=np.float32).dtype == np.float32
    assert fastpath.tensor([1, 2], requires_grad=True).dtype == np.float64
    assert fastpath.tensor(2.5).shape == ()
    array = np.ones(2)
    t = fastpath.from_numpy(array)
    array[:] = 0.0
    assert t.data.tolist() == [1.0, 1.0]
    for wrong, told in (
        (t, "use its .clone"),
        ([t, t], r"stack\(\[...\]\)"),
        ("a", "expected"),
        ([Value(1.0)], "expected real"),
    ):
        with pytest.raises(TypeError, match=told):
            fastpath.tensor(wrong)
    with pytest.raises(TypeError, match="takes no gradient"):
        fastpath.tensor([1.0], dtype=int, requires_grad=True)


def test_whole_numbers_are_indices_and_labels():
    C = Tensor(np.eye(3) * 2, requires_grad=True)
    ix = fastpath.tensor([[0, 2], [2, 2]])
    emb = C[ix]
    assert emb.shape == (2, 2, 3)
    emb.sum().backward()
    assert C.grad.sum(axis=1).tolist() == [3.0, 0.0, 9.0]
    assert ix[fastpath.tensor([1])].tolist() == [[2, 2]]
    loss = fastpath.cross_entropy(C, fastpath.tensor([0, 1, 2]))
    assert loss.item() == pytest.approx(math.log(1 + 2 * math.exp(-2)))
    x = fastpath.linspace(-1, 1, 5).unsqueeze(-1)
    assert x.pow(fastpath.tensor([1, 2, 3])).data == pytest.approx(x.data ** np.array([1, 2, 3]))


def test_made_of_a_shape():
    for name, value in (("zeros", 0.0), ("ones", 1.0), ("empty", 0.0)):
        function = getattr(fastpath, name)
        for t in (function(2, 3), function((2, 3)), function([2, 3])):
            assert (t.shape, t.dtype, set(t.data.flat)) == ((2, 3), np.float64, {value})
        assert function(()).shape == ()
        assert function(2, requires_grad=True, dtype=np.float32).dtype == np.float32
    like = Tensor(np.ones((2, 1), np.float32))
    for name in ("zeros_like", "ones_like", "rand_like", "randn_like"):
        t = getattr(fastpath, name)(like, requires_grad=True)
        assert (t.shape, t.dtype, t.requires_grad) == ((2, 1), np.float32, True)
    assert fastpath.full((2, 2), 7.0).data.tolist() == [[7.0, 7.0]] * 2
    assert fastpath.full((), 0.0, requires_grad=True).requires_grad
    assert fastpath.full_like(like, 2.0).data.tolist() == [[2.0], [2.0]]
    assert fastpath.eye(2, 3).data.tolist() == np.eye(2, 3).tolist()
    assert fastpath.arange(2, 8, 3).tolist() == [2, 5]
    assert fastpath.arange(0.0, 1.0, 0.25).data.tolist() == [0.0, 0.25, 0.5, 0.75]
    assert fastpath.linspace(-math.pi, math.pi, 5).data.tolist() == np.linspace(-math.pi, math.pi, 5).tolist()
    with pytest.raises((TypeError, ValueError), match="zeros: a length"):
        fastpath.zeros(-1)


def test_random_numbers_are_seeded():
    def drawn(**source):
        return [
            fastpath.rand(3, **source).tolist(), fastpath.randn((2, 2), **source).tolist(),
            fastpath.randint(0, 10, (4,), **source).tolist(), fastpath.randperm(5, **source).tolist(),
            fastpath.multinomial(Tensor([0.5, 0.5, 0.0]), 2, **source).tolist(),
        ]  # fmt: skip

    g = fastpath.Generator().manual_seed(3)
    first = drawn(generator=g)
    assert drawn(generator=g) != first
    assert drawn(generator=g.manual_seed(3)) == first
    fastpath.manual_seed(3)
    assert drawn() == first
    assert drawn(generator=np.random.default_rng(3)) == first
    assert sorted(first[3]) == [0, 1, 2, 3, 4]
    assert sorted(first[4]) == [0, 1]
    assert fastpath.randint(5, (100,)).data.max() < 5
    assert fastpath.randint(5, (2,)).dtype.kind == "i"
    assert abs(fastpath.randn(20000, generator=0).data.std() - 1) < 0.03
    assert 0 <= fastpath.rand(1000).data.min() <= fastpath.rand(1000).data.max() < 1
    with pytest.raises(ValueError, match="not all of a row are 0"):
        fastpath.multinomial([0.0, 0.0], 1)


def test_made_within_compiled_code():
    w = Tensor([1.0, 2.0], requires_grad=True)
    t = fastpath.tensor([0, 1])

    def f(x):
        return (x * fastpath.ones(2) + w[t] * fastpath.zeros_like(x)).sum()

    assert fastpath.compile(f)(np.array([1.0, 2.0])) == 3.0
    with pytest.raises(TypeError):
        fastpath.compile(lambda x: (x * fastpath.randn(2)).sum())(np.ones(2))


# --- what is refused, with what to write -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda t: t.sum(dim=1), "axis= in place of dim="),
        (lambda t: t.mean(0, keepdim=True), "keepdims= in place of keepdim="),
        (lambda t: fastpath.softmax(t, dim=1), "axis= in place of dim="),
        (lambda t: t.log_softmax(dim=1), "axis= in place of dim="),
        (lambda t: t.squeeze(dim=1), "axis= in place of dim="),
        (lambda t: fastpath.stack([t, t], dim=1), "axis= in place of dim="),
        (lambda t: fastpath.cat([t, t], dim=1), "axis= in place of dim="),
        (lambda t: fastpath.max([1.0], dim=0), "axis= in place of dim="),
        (lambda t: t.argmax(dim=1), "axis= in place of dim="),
        (lambda t: t.var(0, unbiased=True), "ddof=1, or ddof=0, in place of unbiased="),
        (lambda t: fastpath.one_hot([1], num_classes=3), "classes= in place of num_classes="),
        (lambda t: t.logsumexp(1, keepdim=True), "keepdims= in place of keepdim="),
    ],
)
def test_pytorchs_keywords_are_answered_with_ours(call, told):
    with pytest.raises(TypeError, match=told):
        call(make())


def test_transpose_of_two_axes_is_not_taken_for_numpys():
    for x, axes in ((make(), (0, 1)), (make(), (-2, -1)), (make().unsqueeze(0), (1, 2))):
        with pytest.raises(ValueError, match=r"to exchange two axes write swapaxes"):
            x.transpose(*axes)
    assert make().transpose(1, 0).shape == make().transpose((1, 0)).shape == (3, 2)
    assert make().transpose((0, 1)).shape == (2, 3)


def test_numbers_in_a_row_are_no_tensor():
    with pytest.raises(TypeError, match=r"requires_grad is True or False, not 3; .*Tensor\(\[2, 3\]\).*zeros\(2, 3\)"):
        Tensor(2, 3)
    assert Tensor(2, np.bool_(True)).requires_grad


@pytest.mark.parametrize(
    "make_model",
    [
        lambda: nn.Linear(2, 1, backend="tensor"), lambda: nn.MLP(2, [3], 1, backend="tensor"),
        lambda: nn.Neuron(2, backend="tensor"), lambda: nn.Layer(2, 2, backend="tensor"),
        lambda: nn.Maxout(2, 2, backend="tensor"), lambda: nn.PReLU(backend="tensor"),
    ],
)  # fmt: skip
def test_a_model_of_tensors_does_not_take_values(make_model):
    xs = [Value(1.0), Value(2.0)]
    for x in (np.array(xs), np.array([xs, xs])):
        with pytest.raises(TypeError, match="a Tensor and a Value do not mix"):
            make_model()(x)
