"""Optimizers and schedules: the lecture's iterates, PyTorch's, and what must not go wrong."""

import io
import math

import numpy as np
import pytest

from fastpath import Tensor
from fastpath.compiler.store import bind, release
from scalargrad import Value, nn, optim
from scalargrad.optim import schedules
from scalargrad.optim.slots import TensorSlot

RULES = [getattr(optim, name) for name in optim.RULES if name != "GD"]
SETTINGS = [
    pytest.param(rule, variant, options, id="-".join([rule.__name__, variant, *options]))
    for rule, variant, options in [
        (optim.SGD, "torch", {}),
        (optim.SGD, "torch", {"momentum": 0.9}),
        (optim.SGD, "torch", {"momentum": 0.9, "nesterov": True}),
        *[(rule, v, {}) for rule in RULES[1:] for v in ("lecture", "torch")],
    ]
]


def tensors(*arrays, dtype=np.float64):
    return [Tensor(np.array(a, dtype=dtype), requires_grad=True) for a in arrays]


def values(array):
    return np.frompyfunc(Value, 1, 1)(np.asarray(array, dtype=object))


def bowl(nodes):
    """A loss with a different curvature in each direction."""
    total = 0.0
    for i, x in enumerate(nodes):
        total = total + (i + 1) * ((x - 0.3) ** 2).sum()
    return total


def descend(optimizer, loss, steps):
    def closure():
        optimizer.zero_grad()
        error = loss()
        error.backward()
        return error

    for _ in range(steps):
        optimizer.step(closure)


def rate_of(rule):
    """A learning rate that is neither small nor large; Adadelta finds the size of its steps itself."""
    return 5.0 if rule is optim.Adadelta else 0.02


def test_the_rules_are_named_in_the_order_of_the_lecture():
    lecture = ("GD", "SGD", "Momentum", "Nesterov", "Adagrad", "RMSProp", "Adam", "AdamW", "Rprop")
    assert tuple(name for name in optim.RULES if name in lecture) == lecture
    assert set(optim.RULES) - {*lecture} == {"Adadelta", "Adamax", "NAdam", "RAdam", "Lion"}
    assert set(optim.RULES) | {"RULES", "Optimizer", "RMSprop", "schedules"} == set(optim.__all__)
    assert optim.RMSprop is optim.RMSProp


# --- the rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "variant", "options", "iterates"),
    [
        (optim.GD, "lecture", {}, [0.8, 0.64, 0.512]),
        (optim.Momentum, "lecture", {}, [0.8, 0.46, 0.062, -0.3086]),
        (optim.Momentum, "torch", {}, [0.8, 0.46, 0.062, -0.3086]),
        (optim.SGD, "torch", {"momentum": 0.9}, [0.8, 0.46, 0.062, -0.3086]),
        (optim.Nesterov, "lecture", {}, [0.8, 0.496, 0.17792]),
        (optim.Nesterov, "torch", {}, [0.62, 0.2224]),
        (optim.SGD, "torch", {"momentum": 0.9, "nesterov": True}, [0.62, 0.2224]),
        (optim.Adagrad, "lecture", {}, [0.9, 0.833104, 0.780456]),
        (optim.Adagrad, "torch", {}, [0.9, 0.833104, 0.780456]),
        (optim.RMSProp, "lecture", {}, [0.683772, 0.498871, 0.369181]),
        (optim.RMSProp, "torch", {"gamma": 0.9}, [0.683772, 0.498871, 0.369181]),
        (optim.Adam, "lecture", {}, [0.683772, 0.270206, -0.162141]),
        (optim.Adam, "torch", {}, [0.9, 0.800412, 0.701586]),
        (optim.Rprop, "torch", {}, [0.9, 0.78, 0.636]),
    ],
)
@pytest.mark.parametrize("backend", ["value", "tensor"])
def test_the_first_iterates_are_the_ones_written_down(rule, variant, options, iterates, backend):
    x = Value(1.0) if backend == "value" else Tensor(1.0, requires_grad=True)
    optimizer = rule([x], lr=0.1, variant=variant, **options)
    found = []
    for _ in iterates:
        descend(optimizer, lambda: x * x, 1)
        found.append(round(x.item(), 6))
    assert found == iterates


@pytest.mark.parametrize(("rule", "variant", "options"), SETTINGS)
def test_values_and_tensors_take_the_same_steps(rule, variant, options):
    start = np.random.default_rng(0).normal(size=(2, 3))
    boxed, (tensor,) = values(start), tensors(start)
    for x in (boxed, tensor):
        optimizer = rule([x], lr=rate_of(rule), variant=variant, weight_decay=0.1, clip_norm=2.0, **options)
        descend(optimizer, lambda x=x: bowl([x]), 20)
    assert np.allclose(tensor.data, boxed.astype(float), rtol=1e-13)
    assert not np.allclose(tensor.data, start, atol=0.01)


@pytest.mark.parametrize(("rule", "variant", "options"), SETTINGS)
def test_every_rule_goes_down(rule, variant, options):
    nodes = tensors([1.0, -2.0], [[3.0]], dtype=np.float32)
    before = bowl(nodes).item()
    descend(rule(nodes, lr=rate_of(rule), variant=variant, **options), lambda: bowl(nodes), 200)
    assert bowl(nodes).item() < 0.7 * before
    assert all(x.dtype == np.float32 for x in nodes)


TORCH = [  # our rule, theirs, settings of both, settings of theirs alone
    (optim.SGD, "SGD", {}, {}),
    (optim.SGD, "SGD", {"momentum": 0.9, "dampening": 0.4, "maximize": True, "lr": 1e-4}, {}),
    (optim.SGD, "SGD", {"momentum": 0.9, "nesterov": True}, {}),
    (optim.Momentum, "SGD", {}, {"momentum": 0.9}),
    (optim.Nesterov, "SGD", {}, {"momentum": 0.9, "nesterov": True}),
    (optim.Adagrad, "Adagrad", {}, {}),
    (optim.Adagrad, "Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.3, "eps": 1e-4}, {}),
    (optim.RMSProp, "RMSprop", {}, {}),
    (optim.RMSprop, "RMSprop", {"alpha": 0.9, "momentum": 0.8}, {}),
    (optim.RMSProp, "RMSprop", {"centered": True, "maximize": True, "lr": 1e-3}, {}),
    (optim.RMSProp, "RMSprop", {"centered": True, "momentum": 0.5}, {}),
    (optim.Adam, "Adam", {}, {}),
    (optim.Adam, "Adam", {"amsgrad": True, "lr": 0.4}, {}),
    (optim.AdamW, "AdamW", {}, {}),
    (optim.AdamW, "AdamW", {"amsgrad": True, "maximize": True, "betas": (0.8, 0.95)}, {}),
    (optim.Rprop, "Rprop", {"weight_decay": 0.0}, {}),
    (optim.Rprop, "Rprop", {"weight_decay": 0.0, "maximize": True}, {}),
    (optim.Adadelta, "Adadelta", {"rho": 0.8}, {}),
    (optim.Adamax, "Adamax", {}, {}),
    (optim.NAdam, "NAdam", {}, {}),
    (optim.NAdam, "NAdam", {"momentum_decay": 0.1, "decoupled_weight_decay": True}, {}),
    (optim.RAdam, "RAdam", {}, {}),
    (optim.RAdam, "RAdam", {"decoupled_weight_decay": True, "betas": (0.7, 0.9)}, {}),
]


def beside_torch(make, theirs, start, steps=50):
    """Take steps on a loss with both optimizers, on Tensors and on Values, and compare after each."""
    torch = pytest.importorskip("torch")
    scale = np.linspace(0.5, 3, start.size).reshape(start.shape)
    (tensor,), boxed, other = tensors(start), values(start), torch.tensor(start, requires_grad=True)
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # NAdam keeps a product in the default type
    try:
        peer, mine = theirs(torch, other), [(x, make(x)) for x in (tensor, boxed)]
        for _ in range(steps):
            peer.zero_grad()
            ((other - 0.2) ** 2 * torch.tensor(scale) + 0.1 * other**4).sum().backward()
            peer.step()
            for x, optimizer in mine:
                descend(optimizer, lambda x=x: ((x - 0.2) ** 2 * scale + 0.1 * x**4).sum(), 1)
                now = x.data if x is tensor else x.astype(float)
                np.testing.assert_allclose(now, other.detach().numpy(), rtol=1e-12, atol=1e-12)
    finally:
        torch.set_default_dtype(usual)


@pytest.mark.parametrize(
    ("rule", "theirs", "both", "extra"), TORCH, ids=[" ".join([t[0].__name__, *t[2]]) for t in TORCH]
)
def test_fifty_steps_are_those_of_torch(rule, theirs, both, extra):
    start = np.random.default_rng(1).normal(size=(3, 4))
    options = {"lr": 0.03, "weight_decay": 0.07} | both
    theirs_only = {name: x for name, x in (options | extra).items() if (theirs, name) != ("Rprop", "weight_decay")}
    beside_torch(
        lambda x: rule([x], variant="torch", **options),
        lambda torch, other: getattr(torch.optim, theirs)([other], **theirs_only),
        start,
    )


def test_settings_are_taken_by_position_in_the_order_of_torch():
    inspect = pytest.importorskip("inspect")
    torch = pytest.importorskip("torch")
    ours = {"gamma": "alpha"}
    for rule, theirs, *_ in TORCH:
        if rule in (optim.Momentum, optim.Nesterov):
            continue
        positional = [
            ours.get(name, name)
            for name, p in inspect.signature(rule).parameters.items()
            if p.kind is p.POSITIONAL_OR_KEYWORD
        ]
        peer = [*inspect.signature(getattr(torch.optim, theirs)).parameters]
        assert positional[1:] == peer[1 : len(positional)], rule
    assert optim.SGD([Value(1.0)], 0.1, 0.9, 0.0, 0.0, True).nesterov


def test_lion_is_its_paper():
    x, m, lr, λ, (β1, β2) = 1.5, 0.0, 0.05, 0.1, (0.9, 0.99)
    v, t = Value(x), Tensor(np.array([x]), requires_grad=True)
    ours = [optim.Lion([p], lr, (β1, β2), weight_decay=λ) for p in (v, t)]
    for _ in range(50):
        g = 2 * (x - 0.3)
        x, m = x - lr * (np.sign(β1 * m + (1 - β1) * g) + λ * x), β2 * m + (1 - β2) * g
        for p, optimizer in zip((v, t), ours):
            descend(optimizer, lambda p=p: ((p - 0.3) ** 2).sum() if p is t else (p - 0.3) ** 2, 1)
            assert p.item() == pytest.approx(x, rel=1e-12, abs=1e-13)


def test_what_decides_the_arrays_of_a_rule_is_fixed_and_the_rest_may_be_set():
    x = Tensor([1.0], requires_grad=True)
    optimizer = optim.RMSprop([x], lr=0.1, alpha=0.5)
    assert (optimizer.alpha, optimizer.gamma) == (0.5, 0.5)
    optimizer.alpha = 0.25
    assert optimizer.gamma == 0.25
    with pytest.raises(ValueError, match="centered decides what is carried"):
        optimizer.centered = True
    with pytest.raises(ValueError, match="gamma must be"):
        optimizer.gamma = 1.5
    assert optimizer.gamma == 0.25
    sgd = optim.SGD([x], lr=0.1)
    with pytest.raises(ValueError, match="nesterov=True needs a momentum"):
        sgd.nesterov = True
    assert sgd.nesterov is False
    for rule in (sgd, optimizer):
        for momentum in (0.0, 0.9, 0.0, 0.5):
            rule.momentum = momentum
            x.grad = np.ones(1)
            rule.step()
            rule.load_state_dict(rule.state_dict())


@pytest.mark.parametrize("limit", [0.5, 100.0])
def test_clipping_is_that_of_torch(limit):
    torch = pytest.importorskip("torch")
    nodes = tensors([3.0, -4.0], [[12.0]])
    for x in nodes:
        x.grad = x.data.copy()
    others = [torch.tensor(x.data.copy(), requires_grad=True) for x in nodes]
    for other in others:
        other.grad = other.detach().clone()
    torch.nn.utils.clip_grad_norm_(others, limit)
    optim.SGD(nodes, lr=1.0, clip_norm=limit).step()
    for x, other in zip(nodes, others, strict=True):
        assert np.allclose(x.data, (other - other.grad).detach().numpy(), rtol=1e-7)


def test_the_momentum_of_the_lecture_and_of_torch_part_when_the_rate_changes():
    ends = []
    for variant in ("lecture", "torch"):
        x = Value(1.0)
        optimizer = optim.Momentum([x], lr=0.1, variant=variant)
        descend(optimizer, lambda x=x: x * x, 1)
        optimizer.lr = 0.0
        descend(optimizer, lambda x=x: x * x, 1)
        ends.append(x.data)
    assert np.allclose(ends, [0.62, 0.8])  # the ball rolls on, or stands


def test_nesterov_as_in_the_lecture_needs_a_closure_and_leaves_everything_if_it_fails():
    x = Value(1.0)
    optimizer = optim.Nesterov([x], lr=0.1, variant="lecture")
    with pytest.raises(TypeError, match=r"call step\(closure\)"):
        optimizer.step()
    descend(optimizer, lambda: x * x, 2)
    before = x.data
    seen = []

    def fails():
        seen.append(x.data)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        optimizer.step(fails)
    assert x.data == before != seen[0]
    assert seen[0] == pytest.approx(0.496 + 0.9 * (0.496 - 0.8))


def test_adamw_decays_the_numbers_and_not_the_gradient():
    x, y = Value(1.0), Value(1.0)
    optim.AdamW([x], lr=0.1, weight_decay=0.5).step()
    optim.Adam([y], lr=0.1, weight_decay=0.5).step()
    assert x.data == pytest.approx(0.95)
    assert y.data == pytest.approx(0.9)


def test_a_rule_of_ones_own_is_a_subclass_with_one_method():
    class SignDescent(optim.Optimizer):
        def update(self, x, g, lr, t):
            return (x - lr * np.sign(g),)

    x = values([1.0, -1.0])
    optimizer = SignDescent(x, lr=0.25)
    descend(optimizer, lambda: (x * x).sum(), 2)
    assert x.astype(float).tolist() == [0.5, -0.5]


# --- before the rule -------------------------------------------------------------------------------------------------


def test_weight_decay_adds_the_number_to_its_gradient():
    x = Value(2.0)
    x.grad = 1.0
    optim.SGD([x], lr=0.1, weight_decay=0.5).step()
    assert x.data == pytest.approx(2 - 0.1 * (1 + 0.5 * 2))


def test_clipping_leaves_the_gradients_themselves_and_comes_before_decay():
    (x,) = tensors([3.0, 4.0])
    x.grad = np.array([3.0, 4.0])
    optim.SGD([x], lr=1.0, clip_norm=1.0, weight_decay=0.1).step()
    assert np.allclose(x.data, [3 - 0.6 - 0.3, 4 - 0.8 - 0.4], atol=1e-5)
    assert x.grad.tolist() == [3.0, 4.0]
    optim.SGD([x], lr=1.0, clip_value=3.5).step()
    assert np.allclose(x.data, [2.1 - 3, 2.8 - 3.5], atol=1e-5)


def test_the_norm_of_clipping_is_that_of_all_gradients_together():
    x, y = Value(0.0), Tensor([0.0, 0.0], requires_grad=True)
    x.grad, y.grad = 3.0, np.array([4.0, 0.0])
    optim.SGD([x, y], lr=1.0, clip_norm=1.0).step()
    assert (x.data, *y.data) == pytest.approx((-0.6, -0.8, 0.0), abs=1e-6)


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_a_norm_whose_square_overflows_or_vanishes_is_still_right(size):
    (x,) = tensors([0.0, 0.0])
    x.grad = np.array([3 * size, 4 * size])
    optim.SGD([x], lr=1.0, clip_norm=1.0).step()
    assert np.allclose(x.data, [-0.6, -0.8] if size > 1 else [-3e-200, -4e-200], rtol=1e-5, atol=0)


# --- gradients that are missing or wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("rule", RULES)
def test_a_gradient_that_is_not_finite_stops_before_anything_is_changed(rule, wrong):
    model = nn.MLP(2, [3], 1, seed=0, backend="tensor")
    optimizer = rule(model, lr=0.1)
    descend(optimizer, lambda: nn.mse(model(np.ones((4, 2))), np.zeros(4)), 2)
    names = dict(model.named_parameters())
    last = list(names)[-2]
    grad = names[last].grad.copy()
    grad[1, 0] = wrong
    names[last].grad = grad
    numbers, kept = [x.data.copy() for x in names.values()], optimizer.state_dict()
    with pytest.raises(FloatingPointError) as error:
        optimizer.step()
    assert f"the gradient of {last}[1, 0] is {wrong} at step 3" in str(error.value)
    assert all(np.array_equal(x.data, old) for x, old in zip(names.values(), numbers, strict=True))
    assert all(np.array_equal(optimizer.state_dict()[key], array) for key, array in kept.items())


def test_the_name_of_a_value_is_its_path_its_label_or_its_number():
    model = nn.MLP(2, [3], 1, seed=0)
    cases = [
        (optim.SGD(model, lr=1.0), dict(model.named_parameters()), None),
        (optim.SGD([Value(1.0), Value(2.0, label="bias")], lr=1.0), 1, "bias"),
        (optim.SGD([Value(1.0), Value(2.0)], lr=1.0), 1, "parameter 1"),
        (optim.SGD([("W", values([[1.0, 2.0]]))], lr=1.0), 1, "W[0, 1]"),
        (optim.SGD({"b": Value(1.0)}, lr=1.0), 0, "b"),
    ]
    for optimizer, where, name in cases:
        if name is None:
            key, array = next(iter(where.items()))
            array[1, 2].grad = math.nan
            name = f"{key}[1, 2]"
        else:
            optimizer._parameters[where][1].grad = math.nan
        with pytest.raises(FloatingPointError, match=f"the gradient of {name.replace('[', '.').replace(']', '.')} is"):
            optimizer.step()


def test_a_large_finite_gradient_is_no_reason_to_stop():
    x = Tensor([1e30, 1.0], dtype=np.float32, requires_grad=True)
    x.grad = np.array([1e30, 1.0], dtype=np.float32)  # its square overflows in float32
    optim.SGD([x], lr=0.5).step()
    assert np.allclose(x.data, [5e29, 0.5])


def test_a_tensor_without_a_gradient_is_skipped_with_its_state():
    x, y = tensors([1.0], [1.0])
    optimizer = optim.Adam([x, y], lr=0.1, weight_decay=0.5)
    x.grad = np.array([1.0])
    optimizer.step()
    assert x.data[0] == pytest.approx(0.9)
    assert y.data[0] == 1.0
    y.grad = np.array([1.0])
    x.grad = None
    optimizer.step()  # the first step of y
    assert y.data[0] == pytest.approx(0.9)
    optim.SGD([Tensor([1.0], requires_grad=True)], lr=0.1).step()  # none at all


def test_a_gradient_of_a_wrong_shape_changes_nothing():
    x, y = tensors([1.0, 2.0], [1.0, 2.0])
    x.grad, y.grad = np.array([1.0, 1.0]), np.array([[1.0], [1.0]])
    with pytest.raises(ValueError, match="shape"):
        optim.SGD([x, y], lr=0.1).step()
    assert x.data.tolist() == y.data.tolist() == [1.0, 2.0]


def test_stepping_does_not_clear_gradients_and_zero_grad_does():
    x, y = Value(1.0), Tensor([1.0], requires_grad=True)
    optimizer = optim.SGD([x, y], lr=0.1)
    x.grad, y.grad = 1.0, np.array([1.0])
    optimizer.step()
    assert (x.grad, y.grad[0]) == (1.0, 1.0)
    optimizer.zero_grad()
    assert (x.grad, y.grad) == (0.0, None)


# --- whole or not at all ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES)
def test_an_interrupted_step_is_undone(rule, monkeypatch):
    nodes = [*tensors([1.0, 2.0], [[3.0]]), Value(4.0), Value(5.0)]
    optimizer = rule(nodes, lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        (nodes[0].sum() + nodes[1].sum() ** 2).backward()
        (nodes[2] * nodes[3]).backward()
        optimizer.step()
    numbers, kept = [np.array(x.data) for x in nodes], optimizer.state_dict()
    write, calls = TensorSlot.write, []

    def interrupted(slot, new):
        write(slot, new)
        calls.append(slot)
        if len(calls) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(TensorSlot, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        optimizer.step()
    monkeypatch.undo()
    assert all(np.array_equal(x.data, old) for x, old in zip(nodes, numbers, strict=True))
    now = optimizer.state_dict()
    assert now.keys() == kept.keys()
    assert all(np.array_equal(now[key], kept[key]) for key in kept)
    assert optimizer.steps == 2


def test_an_array_the_user_holds_is_not_changed_by_a_step():
    (x,) = tensors([1.0, 2.0])
    mine = x.data
    x.grad = np.ones(2)
    optim.SGD([x], lr=0.5).step()
    assert mine.tolist() == [1.0, 2.0]
    assert x.data.tolist() == [0.5, 1.5]


def test_a_graph_made_before_the_step_still_has_its_gradients():
    (x,) = tensors([2.0])
    y = (x * x).sum()
    x.grad = np.ones(1)
    optimizer = optim.SGD([x], lr=0.5)
    optimizer.step()
    x.grad = None
    y.backward()
    assert x.grad.tolist() == [4.0]


# --- what an optimizer takes -----------------------------------------------------------------------------------------


def test_parameters_may_come_in_many_forms():
    model = nn.MLP(2, [3], 1, seed=0)
    count = len(model.parameters())
    for given in (model, model.parameters(), model.named_parameters(), dict(model.named_parameters())):
        assert len(optim.SGD(given, lr=0.1)._parameters) == count
    assert len(optim.SGD(Value(1.0), lr=0.1)._parameters) == 1
    assert len(optim.SGD(Tensor([1.0, 2.0]), lr=0.1)._parameters) == 1
    assert len(optim.SGD([[Value(1.0)], (Value(2.0), [values([[1.0]])])], lr=0.1)._parameters) == 3


def test_a_parameter_given_twice_is_changed_once():
    x, y = Value(1.0), Tensor([1.0], requires_grad=True)
    x.grad, y.grad = 1.0, np.array([1.0])
    optim.SGD([x, y, x, ("again", y)], lr=0.1).step()
    assert (x.data, y.data[0]) == (0.9, 0.9)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ([], ValueError, "no parameters"),
        (iter(()), ValueError, "no parameters"),
        ([1.0], TypeError, "not 1.0 \\(float\\)"),
        ("abc", TypeError, "not 'abc'"),
        (np.ones(3), TypeError, "not an array of numbers"),
        (None, TypeError, "not None"),
        ([Value(1.0) * 2], ValueError, "computed from others"),
        ([("y", Tensor([1.0], requires_grad=True) * 2)], ValueError, "'y' is computed from others"),
    ],
)
def test_what_is_no_parameter_is_refused(given, error, message):
    with pytest.raises(error, match=message):
        optim.SGD(given, lr=0.1)


@pytest.mark.parametrize(
    ("rule", "options", "error", "message"),
    [
        (optim.SGD, {"lr": -1.0}, ValueError, "lr must be 0 or more and finite, not -1"),
        (optim.SGD, {"lr": math.nan}, ValueError, "lr must be"),
        (optim.SGD, {"lr": "fast"}, TypeError, "lr is a number, not 'fast'"),
        (optim.SGD, {"lr": 1, "momentum": 1.0}, ValueError, "momentum must be 0 or more and less than 1"),
        (optim.SGD, {"lr": 1, "nesterov": True}, ValueError, "needs a momentum"),
        (optim.SGD, {"lr": 1, "variant": "keras"}, ValueError, "variant is 'lecture' or 'torch', not 'keras'"),
        (optim.SGD, {"lr": 1, "clip_norm": 0}, ValueError, "clip_norm must be greater than 0"),
        (optim.SGD, {"lr": 1, "weight_decay": -1}, ValueError, "weight_decay must be 0 or more"),
        (optim.Adam, {"betas": 0.9}, TypeError, "betas is a pair"),
        (optim.Adam, {"betas": (0.9, 1.0)}, ValueError, "β₂ of betas must be"),
        (optim.Rprop, {"etas": (0.5, 0.9)}, ValueError, "η₊ of etas must be greater than 1"),
    ],
)
def test_settings_out_of_range_are_refused(rule, options, error, message):
    with pytest.raises(error, match=message):
        rule([Value(1.0)], **options)


def test_the_rate_may_be_changed_at_any_time():
    x = Value(1.0)
    optimizer = optim.SGD([x], lr=0.1)
    optimizer.lr = 0.5
    x.grad = 1.0
    optimizer.step()
    assert (x.data, optimizer.lr) == (0.5, 0.5)
    with pytest.raises(ValueError, match="lr must be"):
        optimizer.lr = -1
    assert optimizer.lr == 0.5


# --- Values bound to a store -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "variant", "options"), SETTINGS)
@pytest.mark.parametrize("when", [0, 3])
def test_values_that_are_bound_to_a_store_meanwhile_go_on_as_before(rule, variant, options, when):
    start = np.random.default_rng(2).normal(size=5)
    plain, bound = values(start), values(start)
    one = rule(plain, lr=0.05, variant=variant, **options)
    other = rule(bound, lr=0.05, variant=variant, **options)
    weights = np.arange(1.0, 6.0)
    for step in range(9):
        if step == when:
            store, _ = bind(list(bound)[::-1])  # in another order
        if step == 6:
            store, _ = bind([bound[2], *bound[:2], *bound[3:], Value(7.0)])  # and into another, with others
        if step == 8:
            release(list(bound))
        for optimizer, x in ((one, plain), (other, bound)):
            descend(optimizer, lambda x=x: (x * x * weights).sum(), 1)
        assert np.array_equal(plain.astype(float), bound.astype(float))
        if when <= step < 6:
            assert any(slot.read() is store._data for slot in other._slots)
    assert store.data[-1] == 7.0  # what is no parameter has stayed


def test_a_store_is_named_by_its_values():
    box = values([1.0, 2.0, 3.0])
    bind([box[2], box[0], box[1]])
    optimizer = optim.SGD([("w", box)], lr=0.1)
    box[1].grad = math.nan
    with pytest.raises(FloatingPointError, match=r"the gradient of w\[1\] is nan"):
        optimizer.step()


# --- saving ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "variant", "options"), SETTINGS)
@pytest.mark.parametrize("backend", ["value", "tensor"])
def test_a_saved_state_goes_on_bit_by_bit(rule, variant, options, backend):
    def fresh():
        model = nn.MLP(2, [3], 1, seed=0, backend=backend)
        rate = schedules.cosine(0.05, 20)
        return model, rule(model, lr=rate if rule is optim.Adam else 0.05, variant=variant, **options)

    X, y = np.random.default_rng(3).normal(size=(4, 2)), np.ones(4)
    model, optimizer = fresh()
    descend(optimizer, lambda: nn.mse(model(X), y), 4)
    file = io.BytesIO()
    np.savez(file, **optimizer.state_dict())
    numbers = model.state_dict()
    descend(optimizer, lambda: nn.mse(model(X), y), 4)

    again, resumed = fresh()
    again.load_state_dict(numbers)
    file.seek(0)
    resumed.load_state_dict(np.load(file, allow_pickle=False))
    descend(resumed, lambda: nn.mse(again(X), y), 4)
    assert all(np.array_equal(a, b) for a, b in zip(again.state_dict().values(), model.state_dict().values()))
    assert resumed.steps == 8


def test_a_state_belongs_to_values_wherever_they_are():
    plain, bound = values([1.0, 2.0, 3.0]), values([1.0, 2.0, 3.0])
    bind([bound[1], bound[2], bound[0]])
    one, other = optim.Momentum(plain, lr=0.1), optim.Momentum(bound, lr=0.1)
    descend(one, lambda: (plain * plain * np.arange(3)).sum(), 2)
    descend(other, lambda: (bound * bound * np.arange(3)).sum(), 2)
    saved = other.state_dict()
    assert np.array_equal(one.state_dict()["values.velocity"], saved["values.velocity"])
    one.load_state_dict(saved)
    other.load_state_dict(one.state_dict())
    assert np.array_equal(other.state_dict()["values.velocity"], saved["values.velocity"])


def test_a_state_that_does_not_fit_is_refused_and_changes_nothing():
    (x,) = tensors([1.0, 2.0])
    optimizer = optim.Adam([("w", x)], lr=0.1)
    x.grad = np.ones(2)
    optimizer.step()
    good = optimizer.state_dict()
    assert sorted(good) == ["lr", "rule", "steps", "w.squares", "w.steps", "w.velocity"]
    cases = [
        ({k: v for k, v in good.items() if k != "w.squares"}, r"no w\.squares"),
        (good | {"w.squares": np.ones(3)}, r"w\.squares has the shape \(3,\), the parameter \(2,\)"),
        (good | {"v.squares": np.ones(3)}, r"none called 'v\.squares'"),
        (good | {"rule": np.array("Adam lecture")}, "of Adam lecture, not of Adam torch"),
        ({}, "no optimizer"),
    ]
    for state, message in cases:
        with pytest.raises(ValueError, match=message):
            optimizer.load_state_dict(state | {"steps": np.array(99)} if state else state)
        assert all(np.array_equal(optimizer.state_dict()[key], good[key]) for key in good)


def test_a_saved_state_is_a_copy():
    (x,) = tensors([1.0])
    optimizer = optim.Momentum([("w", x)], lr=0.1)
    x.grad = np.ones(1)
    optimizer.step()
    saved = optimizer.state_dict()
    saved["w.velocity"][...] = 99
    assert optimizer.state_dict()["w.velocity"].tolist() == [1.0]
    optimizer.load_state_dict(saved)
    saved["w.velocity"][...] = 5
    assert optimizer.state_dict()["w.velocity"].tolist() == [99.0]


# --- schedules -------------------------------------------------------------------------------------------------------


def test_a_schedule_is_asked_at_each_step():
    x = Value(0.0)
    optimizer = optim.SGD([x], lr=lambda t: 1.0 / (t + 1))
    for k in range(1, 5):
        x.grad = -1.0
        optimizer.step()
        assert x.data == pytest.approx(sum(1 / i for i in range(1, k + 1)))
    assert optimizer.lr == 0.2


def test_a_schedule_that_gives_no_rate_stops_before_anything_is_changed():
    x = Value(1.0)
    x.grad = 1.0
    with pytest.raises(ValueError, match="the learning rate of the schedule must be 0 or more and finite, not -1"):
        optim.SGD([x], lr=lambda t: -1.0).step()
    assert x.data == 1.0


def test_schedules_are_the_formulas_they_say():
    for t in range(12):
        assert schedules.constant(0.3)(t) == 0.3
        assert schedules.step(0.3, 5, 0.2)(t) == pytest.approx(0.3 * 0.2 ** (t // 5))
        assert schedules.exponential(0.3, 0.9)(t) == pytest.approx(0.3 * 0.9**t)
        assert schedules.inverse(0.3, 4)(t) == pytest.approx(0.3 / (1 + t / 4))
        assert schedules.warmup(4, 0.5)(t) == pytest.approx(min(0.5 + (t + 1) / 8, 1))
    assert schedules.cosine(0.3, 10, 0.1)(5) == pytest.approx(0.2)
    assert schedules.cosine(0.3, 10, 0.1)(10) == schedules.cosine(0.3, 10, 0.1)(99) == pytest.approx(0.1)


def test_schedules_are_multiplied_and_put_one_after_the_other():
    rate = schedules.warmup(2) * schedules.exponential(0.8, 0.5)
    assert [rate(t) for t in range(4)] == pytest.approx([0.4, 0.4, 0.2, 0.1])
    assert repr(rate) == "warmup(2) * exponential(0.8, 0.5)"
    assert [(2 * rate)(0), (rate * 2)(0)] == pytest.approx([0.8, 0.8])
    late = rate.then(schedules.constant(0.7), at=2)
    assert [late(t) for t in range(4)] == pytest.approx([0.4, 0.4, 0.7, 0.7])
    assert repr(late) == "(warmup(2) * exponential(0.8, 0.5)).then(0.7, at=2)"
    assert (schedules.constant(2.0) * (lambda t: t))(3) == 6.0


@pytest.mark.parametrize("wrong", [0, -1, 1.5])
def test_a_number_of_steps_must_be_whole_and_above_nought(wrong):
    for make in (schedules.step, schedules.cosine):
        with pytest.raises(ValueError, match=r"every|steps"):
            make(0.1, wrong)
    with pytest.raises(ValueError, match="steps"):
        schedules.warmup(wrong)


def test_schedules_are_those_of_torch():
    torch = pytest.importorskip("torch")
    them = torch.optim.lr_scheduler
    cases = [
        (schedules.step(0.1, 3, 0.5), lambda o: them.StepLR(o, 3, 0.5)),
        (schedules.exponential(0.1, 0.9), lambda o: them.ExponentialLR(o, 0.9)),
        (schedules.cosine(0.1, 8, 0.01), lambda o: them.CosineAnnealingLR(o, 8, 0.01)),
    ]
    for ours, make in cases:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
        theirs = make(optimizer)
        for t in range(9):
            assert ours(t) == pytest.approx(optimizer.param_groups[0]["lr"])
            optimizer.step()
            theirs.step()
