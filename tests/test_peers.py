"""Forward and backward of Tensors against other libraries, where they are installed."""

from types import SimpleNamespace

import numpy as np
import pytest

import fastpath
from fastpath import Tensor

# --- the libraries ---------------------------------------------------------------------------------------------------


def ours(function, arrays, seed):
    leaves = [Tensor(a, requires_grad=True) for a in arrays]
    y = function(fastpath, *leaves)
    y.backward(seed)
    return y.data, [leaf.grad for leaf in leaves]


class PyTorch:
    lacks = ()

    def __init__(self):
        torch = pytest.importorskip("torch")
        self.torch, functional = torch, torch.nn.functional
        self.namespace = SimpleNamespace(
            **{name: getattr(functional, name) for name in dir(functional) if not name.startswith("_")}
            | {name: getattr(torch, name) for name in dir(torch) if not name.startswith("_")}
        )
        self.namespace.__dict__.update(
            bce_with_logits=lambda z, y: functional.binary_cross_entropy_with_logits(
                z, y.expand_as(z), reduction="none"
            ),
            clip=torch.clamp,
            cross_entropy=lambda z, labels, reduction="mean": functional.cross_entropy(
                z, torch.tensor(labels) if isinstance(labels, np.ndarray) else labels, reduction=reduction
            ),
            div=torch.div,
            expand_dims=torch.unsqueeze,
            flip=lambda a, axis: torch.flip(a, (axis,)),
            leaky_relu=lambda a: functional.leaky_relu(a, 0.01),
            max=torch.amax,
            min=torch.amin,
            norm=lambda a, axis=None: torch.linalg.vector_norm(a, dim=axis),
            pad=lambda a, width: functional.pad(a, [n for pair in reversed(width) for n in pair]),
            split=torch.tensor_split,
            stack=lambda arrays, axis: torch.stack(arrays, axis),
            std=lambda a, axis=None, ddof=0: torch.std(a, dim=axis, correction=ddof),
            transpose=lambda a, axes=None: a.T if axes is None else a.permute(axes),
            var=lambda a, axis=None, ddof=0: torch.var(a, dim=axis, correction=ddof),
        )

    def run(self, function, arrays, seed):
        leaves = [self.torch.tensor(a, requires_grad=True) for a in arrays]
        y = function(self.namespace, *leaves)
        y.backward(self.torch.tensor(seed))
        return y.detach().numpy(), [leaf.grad.numpy() for leaf in leaves]


class JAX:
    lacks = ("abs at its kink",)  # its slope there is 1

    def __init__(self):
        jax = pytest.importorskip("jax")
        jax.config.update("jax_enable_x64", True)
        self.jax, jnp = jax, jax.numpy
        self.namespace = SimpleNamespace(
            **{name: getattr(jax.nn, name) for name in dir(jax.nn)}
            | {name: getattr(jnp, name) for name in dir(jnp) if not name.startswith("_")}
        )

        def cross_entropy(z, labels, reduction="mean"):
            log_p = jax.nn.log_softmax(z)
            if labels.ndim == z.ndim:
                losses = -(labels * log_p).sum(axis=-1)
            else:
                losses = -log_p[jnp.arange(len(labels)), labels]
            return {"mean": jnp.mean, "sum": jnp.sum, "none": jnp.asarray}[reduction](losses)

        self.namespace.__dict__.update(
            bce_with_logits=lambda z, y: jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z))),
            cross_entropy=cross_entropy,
            div=jnp.divide,
            norm=jnp.linalg.norm,
            softsign=jax.nn.soft_sign,
        )

    def run(self, function, arrays, seed):
        y, pullback = self.jax.vjp(
            lambda *operands: function(self.namespace, *operands), *map(self.jax.numpy.array, arrays)
        )
        return np.asarray(y), [np.asarray(g) for g in pullback(self.jax.numpy.asarray(seed))]


class Autograd:
    lacks = (
        *["sigmoid", "relu", "leaky_relu", "elu", "softplus", "softsign", "bce_with_logits"],
        *["logsumexp", "softmax", "log_softmax"],
        *["cross_entropy", "cross_entropy, summed", "cross_entropy, each", "cross_entropy of probabilities"],
        *["sign", "einsum, a trace", "diagonal", "broadcast_to", "flip", "pad"],  # not differentiable there, or partly
    )

    def __init__(self):
        self.autograd = pytest.importorskip("autograd")
        anp = pytest.importorskip("autograd.numpy")
        self.namespace = SimpleNamespace(**{name: getattr(anp, name) for name in dir(anp) if not name.startswith("_")})
        self.namespace.__dict__.update(div=anp.divide, norm=anp.linalg.norm)

    def run(self, function, arrays, seed):
        places = tuple(range(len(arrays)))
        pullback, y = self.autograd.make_vjp(lambda *xs: function(self.namespace, *xs), argnum=places)(*arrays)
        return y, list(pullback(seed))


@pytest.fixture(params=[PyTorch, JAX, Autograd], ids=lambda library: library.__name__)
def library(request):
    return request.param()


# --- what is compared ------------------------------------------------------------------------------------------------

PLAIN = ["exp", "expm1", "log", "log1p", "sqrt", "square", "reciprocal", "abs", "sign"]
WAVES = ["sin", "cos", "tan", "arctan", "sinh", "cosh", "tanh"]
ACTIVATIONS = ["sigmoid", "relu", "leaky_relu", "elu", "softplus", "softsign"]
UNARY = PLAIN + WAVES + ACTIVATIONS
BINARY = ["maximum", "minimum", "logaddexp", "div", "bce_with_logits"]
POSITIVE = {"log", "log1p", "sqrt", "reciprocal"}
LABELS = np.array([2, 0, 3, 3])
SHARES = np.array([[0.5, 0.25, 0.25, 0.0], [0, 0, 1, 0], [0.1, 0.2, 0.3, 0.4], [1, 0, 0, 0]])

STRUCTURAL = {
    "arithmetic with numbers": (lambda xp, a, b: (2 - a) * b / 3 - 1 / (b * b + 1) + a**2, (3, 4), (3, 4)),
    "broadcast add": (lambda xp, a, b: a + b, (3, 4), (4,)),
    "broadcast mul": (lambda xp, a, b: a * b, (3, 1), (2, 1, 4)),
    "broadcast a number": (lambda xp, a, b: a - b, (3, 4), ()),
    "where": (lambda xp, a, b: xp.where(a > 0, a * b, b - a), (3, 4), (3, 4)),
    "clip": (lambda xp, a: xp.clip(a, -0.5, 0.5), (3, 4)),
    "sum": (lambda xp, a: xp.sum(a), (3, 4)),
    "sum over the last axis": (lambda xp, a: xp.sum(a, axis=-1), (2, 3, 4)),
    "sum over two axes, kept": (lambda xp, a: xp.sum(a, axis=(0, 2), keepdims=True), (2, 3, 4)),
    "mean": (lambda xp, a: xp.mean(a, axis=1), (3, 4)),
    "max": (lambda xp, a: xp.max(a, axis=1), (3, 4)),
    "min of all": (lambda xp, a: xp.min(a), (3, 4)),
    "prod": (lambda xp, a: xp.prod(a, axis=1), (3, 4)),
    "cumsum": (lambda xp, a: xp.cumsum(a, axis=1), (3, 4)),
    "var": (lambda xp, a: xp.var(a, axis=0), (3, 4)),
    "std, ddof 1": (lambda xp, a: xp.std(a, axis=1, ddof=1), (3, 4)),
    "norm": (lambda xp, a: xp.norm(a, axis=1), (3, 4)),
    "norm of all": (lambda xp, a: xp.norm(a), (3, 4)),
    "logsumexp": (lambda xp, a: xp.logsumexp(a, 1), (3, 4)),
    "softmax": (lambda xp, a: xp.softmax(a, -1), (3, 4)),
    "log_softmax": (lambda xp, a: xp.log_softmax(a, 0), (3, 4)),
    "matrix times matrix": (lambda xp, a, b: a @ b, (3, 4), (4, 2)),
    "matrix times vector": (lambda xp, a, b: a @ b, (3, 4), (4,)),
    "vector times matrix": (lambda xp, a, b: a @ b, (4,), (4, 2)),
    "vector times vector": (lambda xp, a, b: a @ b, (4,), (4,)),
    "stack of matrices": (lambda xp, a, b: xp.matmul(a, b), (5, 2, 3), (5, 3, 2)),
    "broadcast stacks": (lambda xp, a, b: xp.matmul(a, b), (2, 1, 2, 3), (4, 3, 2)),
    "stack times vector": (lambda xp, a, b: xp.matmul(a, b), (2, 2, 3), (3,)),
    "einsum": (lambda xp, a, b: xp.einsum("bij,jk->bki", a, b), (2, 3, 4), (4, 2)),
    "einsum, a trace": (lambda xp, a: xp.einsum("ii->", a), (3, 3)),
    "einsum, three operands": (lambda xp, a, b, c: xp.einsum("i,ij,j->", a, b, c), (3,), (3, 4), (4,)),
    "outer": (lambda xp, a, b: xp.outer(a, b), (3,), (4,)),
    "dot": (lambda xp, a, b: xp.dot(a, b), (4,), (4,)),
    "diagonal": (lambda xp, a: xp.diagonal(a), (3, 4)),
    "reshape": (lambda xp, a: xp.reshape(a, (2, -1)), (3, 4)),
    "transpose": (lambda xp, a: xp.transpose(a), (3, 4)),
    "transpose to an order": (lambda xp, a: xp.transpose(a, (2, 0, 1)), (2, 3, 4)),
    "swapaxes": (lambda xp, a: xp.swapaxes(a, 0, -1), (2, 3, 4)),
    "squeeze": (lambda xp, a: xp.squeeze(a, 1), (3, 1, 4)),
    "expand_dims": (lambda xp, a: xp.expand_dims(a, 1), (3, 4)),
    "broadcast_to": (lambda xp, a: xp.broadcast_to(a, (2, 3, 4)), (3, 1)),
    "flip": (lambda xp, a: xp.flip(a, 1), (3, 4)),
    "a row": (lambda xp, a: a[1], (3, 4)),
    "a slice": (lambda xp, a: a[1:, ::2], (3, 4)),
    "a new axis": (lambda xp, a: a[:, None, 2], (3, 4)),
    "repeated indices": (lambda xp, a: a[np.array([0, 2, 0, 0])], (3, 4)),
    "pairs of indices": (lambda xp, a: a[np.array([0, 2, 0]), np.array([1, 1, 1])], (3, 4)),
    "a mask": (lambda xp, a: a[np.array([True, False, True])], (3, 4)),
    "concatenate": (lambda xp, a, b: xp.concatenate([a, b], axis=1), (3, 4), (3, 2)),
    "concatenate with itself": (lambda xp, a: xp.concatenate([a, a], axis=0), (3, 4)),
    "stack": (lambda xp, a, b: xp.stack([a, b], 1), (3, 4), (3, 4)),
    "split": (lambda xp, a: (lambda parts: parts[0] * parts[1])(xp.split(a, 2, 1)), (3, 4)),
    "pad": (lambda xp, a: xp.pad(a, ((1, 0), (0, 2))), (3, 4)),
    "cross_entropy": (lambda xp, a: xp.cross_entropy(a, LABELS), (4, 4)),
    "cross_entropy, summed": (lambda xp, a: xp.cross_entropy(a, LABELS, reduction="sum"), (4, 4)),
    "cross_entropy, each": (lambda xp, a: xp.cross_entropy(a, LABELS, reduction="none"), (4, 4)),
    "cross_entropy of probabilities": (lambda xp, a: xp.cross_entropy(a, SHARES), (4, 4)),
    "used twice": (lambda xp, a: xp.exp(a) * xp.sum(a * a) + a, (3, 4)),
}
FUNCTIONS = (
    {name: (lambda xp, a, name=name: getattr(xp, name)(a), (3, 4)) for name in UNARY}
    | {name: (lambda xp, a, b, name=name: getattr(xp, name)(a, b), (3, 4), (4,)) for name in BINARY}
    | STRUCTURAL
)


def compare(library, name, arrays):
    if name in library.lacks:
        pytest.skip(f"{type(library).__name__} has no {name}")
    function = FUNCTIONS[name][0]
    seed = np.random.default_rng(1).standard_normal(np.shape(function(fastpath, *arrays)))
    data, grads = ours(function, arrays, seed)
    with np.errstate(all="ignore"):
        expected, expected_grads = library.run(function, arrays, seed)
    np.testing.assert_allclose(data, expected, rtol=1e-10, atol=1e-12)
    assert len(grads) == len(expected_grads)
    for g, wanted in zip(grads, expected_grads):
        assert g.shape == wanted.shape
        np.testing.assert_allclose(g, wanted, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients_are_those_of_the_library(library, name):
    _, *shapes = FUNCTIONS[name]
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal(shape) for shape in shapes]
    if name in POSITIVE:
        arrays = [np.abs(a) + 0.1 for a in arrays]
    compare(library, name, arrays)


@pytest.mark.parametrize("name", ["max", "min of all"])
def test_tied_elements_share_the_gradient_as_in_the_library(library, name):
    compare(library, name, [np.array([[1.0, 2.0, 2.0], [1.0, 1.0, 1.0]])])


@pytest.mark.parametrize("name", ["relu", "abs"])
def test_at_the_kink_the_slope_is_that_of_the_library(library, name):
    if f"{name} at its kink" in library.lacks:
        pytest.skip("it chooses another slope")
    compare(library, name, [np.array([-1.0, 0.0, 1.0])])


@pytest.mark.parametrize("name", ["sigmoid", "softplus", "tanh", "logaddexp", "softmax", "log_softmax", "logsumexp"])
def test_far_out_they_are_as_finite_as_the_librarys(library, name):
    _, *shapes = FUNCTIONS[name]
    compare(library, name, [np.array([[-800.0, 0.0, 800.0, 30.0]]) * (1 - 2 * i) for i in range(len(shapes))])
