"""Modules beside PyTorch's, with its numbers copied over: outputs and gradients, on Values, Tensors and compiled."""

import copy
import pickle

import numpy as np
import pytest

from fastpath import Tensor, compile
from scalargrad import Value, fit, nn, no_grad, optim

torch = pytest.importorskip("torch")
RNG = np.random.default_rng(4)


def boxed(x):
    return np.frompyfunc(Value, 1, 1)(np.asarray(x, dtype=float).astype(object))


def numbers(x):
    if isinstance(x, Tensor):
        return x.data
    array = np.asarray(x)
    return array if array.dtype != object else np.array([float(v) for v in array.flat]).reshape(array.shape)


def grads(x):
    if isinstance(x, Tensor):
        return x.grad
    return np.array([v.grad for v in np.asarray(x).flat]).reshape(np.shape(x))


def summed(outputs):
    """One number of all outputs, each element with a weight of its own."""
    parts = []
    for y in outputs if isinstance(outputs, tuple) else (outputs,):
        if isinstance(y, tuple):
            parts.append(summed(y))
        elif y is not None:
            w = np.cos(np.arange(1.0, 1 + np.prod(y.shape))).reshape(tuple(y.shape))
            parts.append((y * (torch.tensor(w) if isinstance(y, torch.Tensor) else w)).sum())
    return sum(parts[1:], parts[0])


def copied(theirs, ours):
    """Their numbers in our module, by PyTorch's names."""
    state = {name: x.detach().numpy() for name, x in theirs.state_dict().items()}
    if isinstance(ours, nn.MultiheadAttention):
        for i, name in enumerate("qkv"):
            for what in ("weight", "bias"):
                if f"in_proj_{what}" in state:
                    state[f"{name}_proj.{what}"] = np.split(state[f"in_proj_{what}"], 3)[i]
        state = {name: x for name, x in state.items() if not name.startswith("in_proj")}
    if hasattr(ours, "cells"):
        state = {f"cells.{name[-1]}.{name[:-3]}": x for name, x in state.items()}
    ours.load_state_dict(state)
    return ours


X, SEQUENCE = RNG.normal(size=(5, 4)), RNG.normal(size=(3, 2, 4))
MASK, PADDING = np.triu(np.ones((3, 3), bool), 1), np.array([[False, False, True], [False, False, False]])
ADDED = RNG.normal(size=(3, 3))
CASES = {  # how both are made, what they are called with
    "Linear": (("Linear", (4, 3), {}), (X,), {}),
    "Linear without bias": (("Linear", (4, 3), {"bias": False}), (X,), {}),
    "BatchNorm1d": (("BatchNorm1d", (4,), {}), (X,), {}),
    "LayerNorm": (("LayerNorm", (4,), {}), (X,), {}),
    "LayerNorm of two axes": (("LayerNorm", ((2, 4),), {"eps": 0.01}), (SEQUENCE,), {}),
    "LayerNorm bare": (("LayerNorm", (4,), {"elementwise_affine": False}), (X,), {}),
    "LayerNorm without bias": (("LayerNorm", (4,), {"bias": False}), (SEQUENCE,), {}),
    "RMSNorm": (("RMSNorm", (4,), {}), (SEQUENCE,), {}),
    "RMSNorm with eps": (("RMSNorm", ((2, 4),), {"eps": 0.1}), (SEQUENCE,), {}),
    "GroupNorm": (("GroupNorm", (2, 4), {}), (X,), {}),
    "GroupNorm of images": (("GroupNorm", (2, 2), {"eps": 0.1}), (SEQUENCE,), {}),
    "Embedding": (("Embedding", (6, 3), {}), (np.array([[0, 5, 2], [2, 2, 1]]),), {}),
    "Embedding with padding": (("Embedding", (6, 3), {"padding_idx": 2}), (np.array([[0, 5, 2], [2, 2, 1]]),), {}),
    "RNNCell": (("RNNCell", (4, 3), {}), (X, RNG.normal(size=(5, 3))), {}),
    "LSTMCell": (("LSTMCell", (4, 3), {}), (X, (RNG.normal(size=(5, 3)), RNG.normal(size=(5, 3)))), {}),
    "LSTMCell from nothing": (("LSTMCell", (4, 3), {"bias": False}), (X,), {}),
    "GRUCell": (("GRUCell", (4, 3), {}), (X, RNG.normal(size=(5, 3))), {}),
    "RNN": (("RNN", (4, 3), {}), (SEQUENCE,), {}),
    "RNN of one example": (("RNN", (4, 3), {}), (SEQUENCE[:, 0],), {}),
    "LSTM": (("LSTM", (4, 3), {"num_layers": 2}), (SEQUENCE,), {}),
    "LSTM batch first": (("LSTM", (4, 3), {"batch_first": True}), (SEQUENCE,), {}),
    "LSTM with a state": (
        ("LSTM", (4, 3), {"num_layers": 2}),
        (SEQUENCE, (RNG.normal(size=(2, 2, 3)), RNG.normal(size=(2, 2, 3)))), {},
    ),
    "GRU": (("GRU", (4, 3), {"num_layers": 2, "bias": False}), (SEQUENCE, RNG.normal(size=(2, 2, 3))), {}),
    "attention": (("MultiheadAttention", (4, 2), {}), (SEQUENCE, SEQUENCE[::-1].copy(), SEQUENCE + 1), {}),
    "attention batch first": (
        ("MultiheadAttention", (4, 2), {"batch_first": True}), (SEQUENCE.swapaxes(0, 1).copy(),) * 3,
        {"attn_mask": MASK, "key_padding_mask": PADDING},
    ),
    "attention of one example": (
        ("MultiheadAttention", (4, 1), {"bias": False}), (SEQUENCE[:, 0],) * 3, {"attn_mask": ADDED},
    ),
    "attention, each head": (
        ("MultiheadAttention", (4, 2), {}), (SEQUENCE,) * 3, {"attn_mask": MASK, "average_attn_weights": False},
    ),
    "Flatten": (("Flatten", (), {}), (SEQUENCE,), {}),
    "Identity": (("Identity", (), {}), (X,), {}),
}  # fmt: skip


def in_torch(x):
    if isinstance(x, tuple):
        return tuple(map(in_torch, x))
    return torch.tensor(x, requires_grad=x.dtype.kind == "f")


@pytest.mark.parametrize("case", CASES)
def test_outputs_and_gradients_are_those_of_torch(case):
    (name, arguments, settings), inputs, options = CASES[case]
    theirs = getattr(torch.nn, name)(*arguments, **settings).double()
    with torch.no_grad():
        for p in theirs.parameters():
            p.copy_(torch.tensor(RNG.normal(size=tuple(p.shape))))
        if getattr(theirs, "padding_idx", None) is not None:
            theirs.weight[theirs.padding_idx] = 0
    given = [in_torch(x) for x in inputs]
    running = {k: v.clone() for k, v in theirs.state_dict().items() if "running" in k}
    expected = summed(theirs(*given, **{k: torch.tensor(v) if hasattr(v, "dtype") else v for k, v in options.items()}))
    expected.backward()
    theirs.load_state_dict(theirs.state_dict() | running)
    own = {} if name in ("Flatten", "Identity") else {"backend": "tensor"}
    module = getattr(nn, name)(*arguments, **settings, **own)
    if name == "BatchNorm1d":
        state = {k: v for k, v in theirs.state_dict().items() if "num" not in k}
        module.load_state_dict({k: v.numpy() for k, v in state.items()})
    else:
        copied(theirs, module)
    slopes = copied_gradients(theirs, module)
    for backend in ("tensor", "value"):
        ours = copy.deepcopy(module).to(backend)
        loss = summed(ours(*inputs, **options))
        if not ours.parameters():
            assert float(loss) == pytest.approx(expected.item(), rel=1e-12)
            continue
        loss.backward()
        assert float(loss.data) == pytest.approx(expected.item(), rel=1e-12, abs=1e-13)
        for key, p in ours.named_parameters():
            np.testing.assert_allclose(grads(p), slopes[key], rtol=1e-10, atol=1e-12, err_msg=key)
        x = inputs[0]
        if x.dtype.kind == "f":
            node = Tensor(x, requires_grad=True) if backend == "tensor" else boxed(x)
            rest = tuple([node if other is x else other for other in inputs[1:]])
            summed(ours(node, *rest, **options)).backward()
            np.testing.assert_allclose(grads(node), their_slope(given, inputs), rtol=1e-10, atol=1e-12)
    ours = copy.deepcopy(module)
    f = compile(lambda x: summed(ours(x, *[x if other is inputs[0] else other for other in inputs[1:]], **options)))
    for _ in range(2 if ours.parameters() else 0):
        ours.zero_grad()
        assert f.backward(inputs[0]) == pytest.approx(expected.item(), rel=1e-12, abs=1e-13)
        for key, p in ours.named_parameters():
            np.testing.assert_allclose(p.grad, slopes[key], rtol=1e-10, atol=1e-12, err_msg=key)


def copied_gradients(theirs, module):
    """Their gradients by our names: those of a copy of the module that holds them as numbers."""
    holder = copy.deepcopy(module)
    twin = copy.deepcopy(theirs)
    with torch.no_grad():
        for p, q in zip(twin.parameters(), theirs.parameters()):
            p.copy_(q.grad)
    copied_state = {k: v for k, v in twin.state_dict().items() if "num" not in k}
    if isinstance(module, nn.BatchNorm1d):
        holder.load_state_dict({k: v.numpy() for k, v in copied_state.items()})
    else:
        copied(twin, holder)
    return {name: p.data for name, p in holder.named_parameters()}


def their_slope(given, inputs):
    """The gradient by the first input, which may be given several times."""
    return sum(t.grad.numpy() for t, x in zip(given, inputs) if x is inputs[0])


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("mask", [None, "bool", "float"])
def test_scaled_dot_product_attention_is_that_of_torch(mask, causal):
    if mask and causal:
        with pytest.raises(ValueError, match="is_causal is a mask itself"):
            nn.scaled_dot_product_attention(ADDED, ADDED, ADDED, attn_mask=ADDED, is_causal=True)
        return
    q, k, v = RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 3, 4)), RNG.normal(size=(2, 3, 5))
    given = {None: None, "bool": ~MASK, "float": ADDED}[mask]
    theirs = [torch.tensor(x, requires_grad=True) for x in (q, k, v)]
    scale = 0.7 if mask is None else None
    expected = torch.nn.functional.scaled_dot_product_attention(
        *theirs, attn_mask=None if given is None else torch.tensor(given), is_causal=causal, scale=scale
    )
    summed(expected).backward()
    for kind in (lambda x: Tensor(x, requires_grad=True), boxed):
        ours = [kind(x) for x in (q, k, v)]
        y = nn.scaled_dot_product_attention(*ours, attn_mask=given, is_causal=causal, scale=scale)
        np.testing.assert_allclose(numbers(y), expected.detach().numpy(), rtol=1e-12)
        summed(y).backward()
        for x, other in zip(ours, theirs):
            np.testing.assert_allclose(grads(x), other.grad.numpy(), rtol=1e-10, atol=1e-13)


def test_scalar_code_with_an_embedding_is_compiled():
    E, L = nn.Embedding(5, 3, padding_idx=1, seed=0), nn.Linear(3, 1, seed=1)
    tokens = np.array([0, 4, 1, 2, 2])

    def loss(t):
        return (L(E(t))[0] - 1.0) ** 2

    f = compile(loss)
    found = f.backward(tokens)
    slopes = [w.grad for w in E.W.flat]
    E.zero_grad()
    whole = sum(loss(int(t)) for t in tokens) / len(tokens)
    whole.backward()
    assert found == pytest.approx(whole.data, rel=1e-12)
    np.testing.assert_allclose(slopes, [w.grad for w in E.W.flat], rtol=1e-11, atol=1e-15)


# --- weight and bias -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["value", "tensor"])
def test_weight_is_w_in_the_orientation_of_torch(backend):
    layer = nn.Linear(3, 2, backend=backend, seed=0)
    assert layer.weight.shape == (2, 3)
    np.testing.assert_array_equal(numbers(layer.weight), numbers(layer.W).T)
    assert layer.bias is layer.b
    (layer(X[:, :3]).sum() + (layer.weight**2).sum()).backward()
    np.testing.assert_allclose(grads(layer.W), np.outer(X[:, :3].sum(axis=0), [1, 1]) + 2 * numbers(layer.W))
    np.testing.assert_array_equal(grads(layer.weight), grads(layer.W).T)
    new = np.arange(6.0).reshape(2, 3)
    layer.weight = new
    layer.bias = [7.0, 8.0]
    assert numbers(layer.W).tolist() == new.T.tolist()
    assert numbers(layer.b).tolist() == [7.0, 8.0]
    layer.weight = nn.Parameter(new + 1)
    assert numbers(layer.W).tolist() == (new + 1).T.tolist()
    with pytest.raises(ValueError, match=r"Linear.weight: expected numbers of shape \(2, 3\), not \(3, 2\)"):
        layer.weight = new.T
    with pytest.raises(ValueError, match="a parameter of another module cannot be shared: set W"):
        layer.weight = nn.Embedding(2, 3, backend=backend).weight
    with pytest.raises(AttributeError, match=r"Linear\.bias is None"):
        nn.Linear(1, 1, bias=False).bias = [1.0]


def test_what_is_written_into_weight_is_not_lost():
    layer = nn.Linear(3, 2, backend="tensor", seed=0)
    assert layer.weight.grad is None
    before = layer.W.data.copy()
    layer(X[:, :3]).sum().backward()
    with no_grad():
        layer.weight -= 0.5 * layer.weight.grad
        layer.bias -= 0.5 * layer.bias.grad
    np.testing.assert_allclose(layer.W.data, before - 0.5 * layer.W.grad)
    assert layer.b.data.tolist() == [-2.5, -2.5]
    for inside in (True, False):
        with no_grad() if inside else pytest.MonkeyPatch.context():
            with pytest.raises((ValueError, AttributeError)):
                layer.weight.data[0, 0] = 5.0
            with pytest.raises((ValueError, AttributeError)):
                layer.weight.data = np.zeros((2, 3))


def test_the_names_of_torch_are_loaded_and_ours_are_saved():
    layer = nn.Sequential(nn.Linear(3, 2, seed=0), nn.ReLU(), nn.Linear(2, 1, seed=1))
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.ReLU(), torch.nn.Linear(2, 1)).double()
    layer.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    with torch.no_grad():
        expected = theirs(torch.tensor(X[:, :3])).numpy()
    np.testing.assert_allclose(numbers(layer(X[:, :3])), expected, rtol=1e-12)
    assert list(layer.state_dict()) == ["0.W", "0.b", "2.W", "2.b"]
    with pytest.raises(KeyError, match=r"no 0\.b"):
        layer.load_state_dict({"0.weight": np.ones((2, 3)), "2.weight": np.ones((1, 2)), "2.b": [0.0]})
    with pytest.raises(ValueError, match=r"0\.W: expected the shape"):
        layer.load_state_dict(layer.state_dict() | {"0.W": np.ones((2, 3))})


# --- parameters, containers, init ------------------------------------------------------------------------------------


def test_a_parameter_is_a_tensor_or_of_values_and_is_found():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = nn.Parameter(np.ones(2))
            self.b = nn.Parameter(Tensor([1.0, 2.0], dtype="float32"))
            self.c = nn.Parameter(0.5)
            self.d = nn.Parameter([[1, 2]])
            self.e = nn.Parameter(boxed([1.0, 2.0]))
            self.f = nn.Parameter(Value(3.0))
            self.g = nn.Parameter(np.ones(2), requires_grad=False)

    own = Own()
    assert [name for name, _ in own.named_parameters()] == list("abcdef")
    assert all(isinstance(p, nn.Parameter) for _, p in own.named_parameters())
    assert not isinstance(own.g, nn.Parameter)
    assert not isinstance(np.ones(2), nn.Parameter)
    assert [type(own.a), own.b.dtype, own.c.shape, own.d.dtype] == [Tensor, np.float32, (), np.float64]
    assert own.e[0].data == 1.0
    assert isinstance(own.f, Value)
    numbers_given = np.ones(2)
    made = nn.Parameter(numbers_given)
    numbers_given[0] = 9
    assert made.data.tolist() == [1.0, 1.0]
    for wrong in (None, "abc", [1j], object(), {}):
        with pytest.raises(TypeError, match=r"^Parameter: data are numbers"):
            nn.Parameter(wrong)
    with pytest.raises(TypeError, match="Parameter: requires_grad is True or False"):
        nn.Parameter(1.0, requires_grad="no")


def test_lists_and_dicts_of_modules():
    blocks = nn.ModuleList(nn.Linear(2, 2, seed=i) for i in range(3))
    assert [name for name, _ in blocks.named_parameters()] == ["0.W", "0.b", "1.W", "1.b", "2.W", "2.b"]
    assert len(blocks[1:]) == 2
    assert blocks[-1] is blocks[2]
    blocks[0] = nn.Tanh()
    blocks.insert(1, nn.ReLU())
    del blocks[2]
    assert [type(b).__name__ for b in blocks] == ["Tanh", "ReLU", "Linear"]
    heads = nn.ModuleDict({"a": nn.Linear(2, 1)})
    heads["b"] = nn.Linear(2, 3)
    heads.update([("c", nn.Identity())])
    assert list(heads) == list(heads.keys()) == ["a", "b", "c"]
    assert "b" in heads
    assert [type(m).__name__ for m in heads.values()] == ["Linear", "Linear", "Identity"]
    assert dict(heads.items())["c"] is heads.pop("c")
    del heads["a"]
    assert len(heads) == 1

    class Own(nn.Module):
        def __init__(self):
            self.blocks, self.heads = blocks, heads

    own = Own().to("tensor")
    assert [name for name, _ in own.named_parameters()] == ["blocks.2.W", "blocks.2.b", "heads.b.W", "heads.b.b"]
    assert [name for name, _ in own.named_modules()] == [
        "",
        "blocks",
        "blocks.0",
        "blocks.1",
        "blocks.2",
        "heads",
        "heads.b",
    ]
    assert isinstance(own.heads["b"].W, Tensor)
    for wrong in (
        lambda: nn.ModuleList([1]),
        lambda: nn.ModuleList(3),
        lambda: nn.ModuleDict([1]),
        lambda: nn.ModuleDict({1: nn.ReLU()}),
    ):
        with pytest.raises(TypeError, match=r"^Module(List|Dict): modules"):
            wrong()
    assert [*pickle.loads(pickle.dumps(blocks)).state_dict()] == [*blocks.state_dict()]


@pytest.mark.parametrize("backend", ["value", "tensor"])
def test_init_has_the_variances_of_torch_and_writes_into_the_layer(backend):
    init = nn.init
    layer = nn.Linear(40, 30, backend=backend, seed=0)
    for call, std in [
        (lambda w: init.xavier_uniform_(w, rng=0), (2 / 70) ** 0.5),
        (lambda w: init.xavier_normal_(w, gain=2.0, rng=0), 2 * (2 / 70) ** 0.5),
        (lambda w: init.kaiming_normal_(w, nonlinearity="relu", rng=0), (2 / 40) ** 0.5),
        (lambda w: init.kaiming_uniform_(w, mode="fan_out", nonlinearity="linear", rng=0), (1 / 30) ** 0.5),
        (lambda w: init.normal_(w, 0.0, 0.3, rng=0), 0.3),
        (lambda w: init.uniform_(w, -1.0, 1.0, rng=0), 3**-0.5),
    ]:
        given = call(layer.weight)
        assert numbers(layer.W).std() == pytest.approx(std, rel=0.06)
        np.testing.assert_array_equal(numbers(given), numbers(layer.W).T)
        first = numbers(layer.W).copy()
        call(layer.weight)
        np.testing.assert_array_equal(numbers(layer.W), first)
    init.zeros_(layer.bias), init.ones_(layer.weight)
    assert not numbers(layer.b).any()
    assert (numbers(layer.W) == 1).all()
    init.orthogonal_(layer.weight, rng=1)
    np.testing.assert_allclose(numbers(layer.W).T @ numbers(layer.W), np.eye(30), atol=1e-12)
    init.eye_(layer.weight)
    assert numbers(layer.W).trace() == 30
    for name, args in [
        ("relu", ()),
        ("leaky_relu", (0.2,)),
        ("tanh", ()),
        ("linear", ()),
        ("selu", ()),
        ("sigmoid", ()),
    ]:
        assert init.calculate_gain(name, *args) == pytest.approx(torch.nn.init.calculate_gain(name, *args))
    with pytest.raises(TypeError, match="zeros_: expected a parameter"):
        init.zeros_(np.ones(2))
    with pytest.raises(ValueError, match="kaiming_normal_: expected two axes"):
        init.kaiming_normal_(layer.bias)


def test_fit_trains_a_transformer_and_a_recurrent_net():
    X = RNG.integers(0, 5, size=(12, 4))
    y = X[:, 0] % 2

    class Reader(nn.Module):
        def __init__(self, kind):
            self.embed = nn.Embedding(5, 4, backend="tensor", seed=0)
            self.norm = nn.LayerNorm(4, backend="tensor")
            self.body = kind
            self.head = nn.Linear(4, 2, backend="tensor", seed=1)

        def forward(self, x):
            h, _ = self.body(self.norm(self.embed(x)))
            return self.head(h.mean(axis=1))

    for body in (
        nn.MultiheadAttention(4, 2, batch_first=True, backend="tensor", seed=2),
        nn.LSTM(4, 4, batch_first=True, backend="tensor", seed=2),
    ):
        model = Reader(body)

        class Training:
            def __call__(self, x, model=model):
                return model(x.astype(int))

            def parameters(self, model=model):
                return model.parameters()

        history = fit(
            Training(), X.astype(float), y, loss=nn.CrossEntropyLoss(), optimizer=optim.NAdam(model, lr=0.05), epochs=30
        )
        assert history.loss[-1] < 0.5 * history.loss[0]
