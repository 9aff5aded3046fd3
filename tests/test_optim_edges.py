"""Optimizers at the edges: types of numbers, half precision, small ε, memory, and settings that are none."""

import gc
import weakref

import numpy as np
import pytest

from fastpath import Tensor
from scalargrad import Value, optim
from scalargrad.optim import schedules

RULES = [getattr(optim, name) for name in optim.RULES if name != "GD"]
VARIANTS = [(rule, variant) for rule in RULES for variant in ("lecture", "torch")]


def name_of(x):
    return getattr(x, "__name__", str(x))


def stepped(rule, variant, start, gradients, dtype=np.float64, **options):
    x = Tensor(np.array(start, dtype=dtype), requires_grad=True)
    optimizer = rule([x], variant=variant, **({"lr": 0.1} | options))
    for g in gradients:
        x.grad = np.array(g, dtype=dtype)
        optimizer.step(lambda: None)
    return x.data, optimizer


# --- types of numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind", [np.float32, np.float16, np.float64, np.array, Value, Tensor, lambda x: np.array(x, np.float32)]
)
@pytest.mark.parametrize("rule", RULES, ids=name_of)
def test_a_setting_of_any_type_leaves_the_types_of_the_parameters(rule, kind):
    x, T = Value(1.0), Tensor([1.0, 2.0], requires_grad=True)
    options = {"weight_decay": kind(0.5), "clip_norm": kind(4.0), "clip_value": kind(2.0)}
    options |= {"momentum": kind(0.5)} if rule in (optim.SGD, optim.Momentum, optim.Nesterov) else {}
    options |= {"eps": kind(0.25)} if rule in (optim.Adagrad, optim.RMSProp, optim.Adam, optim.AdamW) else {}
    options |= {"betas": (kind(0.5), kind(0.75))} if rule in (optim.Adam, optim.AdamW) else {}
    options |= {"etas": (kind(0.5), kind(1.5))} if rule is optim.Rprop else {}
    optimizer = rule([x, T], lr=kind(0.125), **options)
    for _ in range(3):
        x.grad, T.grad = 1.0, np.ones(2)
        optimizer.step()
    assert type(x.data) is float
    assert T.data.dtype == np.float64
    assert type(optimizer.lr) is float
    optimizer.lr = kind(0.0625)
    assert type(optimizer.lr) is float


@pytest.mark.parametrize("kind", [np.float32, np.array, Tensor])
def test_schedules_give_plain_floats(kind):
    made = [
        schedules.constant(kind(0.5)),
        schedules.step(kind(0.5), kind(2), kind(0.5)),
        schedules.exponential(kind(0.5), kind(0.5)),
        schedules.cosine(kind(0.5), kind(4), kind(0.25)),
        schedules.inverse(kind(0.5), kind(2)),
        schedules.warmup(kind(4), kind(0.5)),
        schedules.constant(0.5) * kind(0.5),
        schedules.constant(0.5).then(kind(0.5), at=kind(1)),
    ]
    assert all(type(schedule(t)) is float for schedule in made for t in range(6))


def test_a_schedule_of_ones_own_may_give_any_kind_of_number():
    x = Value(1.0)
    optimizer = optim.SGD([x], lr=lambda t: np.float32(0.5))
    x.grad = 1.0
    optimizer.step()
    assert type(x.data) is float


# --- half precision and small ε --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "variant"), VARIANTS, ids=name_of)
def test_half_precision_takes_the_steps_of_single_precision(rule, variant):
    start = [1.0, -2.0, 0.5, 30.0]
    gradients = [[0.0, 1.0, -3e-4, 300.0], [0.0, 2.0, 1e-3, -200.0], [0.0, 0.0, 0.0, 400.0]]
    rule = rule if rule is not optim.Nesterov or variant == "torch" else optim.Momentum
    half, optimizer = stepped(rule, variant, start, gradients, np.float16, clip_norm=1e4)
    single, _ = stepped(rule, variant, start, np.float16(gradients), np.float32, clip_norm=1e4)
    assert half.dtype == np.float16
    np.testing.assert_allclose(half, single, rtol=4e-3)
    state = optimizer.state_dict()
    optimizer.load_state_dict(state)
    assert all(np.array_equal(state[name], array) for name, array in optimizer.state_dict().items())


def test_clipping_half_precision_measures_in_single_precision():
    x, _ = stepped(optim.SGD, "torch", np.zeros(9), [np.full(9, 300.0)], np.float16, lr=1.0, clip_norm=9.0)
    np.testing.assert_allclose(x, -3.0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("eps", [0.0, 1e-300, 1e-50, 1e-38, 1e-8])
@pytest.mark.parametrize(
    ("rule", "variant"),
    [v for v in VARIANTS if v[0] in (optim.Adagrad, optim.RMSProp, optim.Adam, optim.AdamW)],
    ids=name_of,
)
def test_no_gradient_is_no_step_however_small_eps_is(rule, variant, eps, dtype):
    x, _ = stepped(rule, variant, [1.0, 2.0], [[0.0, 1.0], [0.0, 1.0]], dtype, eps=eps, weight_decay=0.0)
    assert x[0] == 1.0
    assert np.isfinite(x[1])
    assert x[1] < 2.0


@pytest.mark.parametrize("rule", [optim.Adagrad, optim.RMSProp, optim.Adam, optim.AdamW], ids=name_of)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_zero_gradients_and_eps_are_those_of_torch(rule, dtype):
    torch = pytest.importorskip("torch")
    start, gradients = [1.0, -2.0, 3.0], [[0.0, 1.0, -1e-3], [0.0, 0.0, 5.0], [0.0, -2.0, 1e-20]]
    ours, _ = stepped(rule, "torch", start, gradients, dtype, weight_decay=0.01, eps=1e-6)
    theirs = torch.tensor(start, dtype=getattr(torch, dtype), requires_grad=True)
    peer = getattr(torch.optim, {"RMSProp": "RMSprop"}.get(rule.__name__, rule.__name__))
    peer = peer([theirs], lr=0.1, eps=1e-6, weight_decay=0.01)
    for g in gradients:
        theirs.grad = torch.tensor(g, dtype=theirs.dtype)
        peer.step()
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=3e-6 if dtype == "float32" else 1e-12)


# --- memory ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [0, 2])
@pytest.mark.parametrize(("rule", "variant"), VARIANTS, ids=name_of)
def test_an_optimizer_is_freed_at_once(rule, variant, steps):
    x, v = Tensor([1.0], requires_grad=True), Value(1.0)
    gc.collect()
    gc.disable()
    try:
        optimizer = rule([x, v], lr=schedules.warmup(3) * 0.1, variant=variant)
        for _ in range(steps):
            x.grad, v.grad = np.ones(1), 1.0
            optimizer.step(lambda: None)
        gone, arrays = (
            weakref.ref(optimizer),
            [weakref.ref(a) for s in optimizer._slots for a in s.state if isinstance(a, np.ndarray)],
        )
        del optimizer
        assert gone() is None
        assert all(a() is None for a in arrays)
    finally:
        gc.enable()


# --- settings that are none ------------------------------------------------------------------------------------------


def test_a_state_with_wrong_numbers_changes_nothing():
    x = Tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.Momentum([("w", x)], lr=0.1)
    x.grad = np.ones(2)
    optimizer.step()
    good = optimizer.state_dict()
    for name, wrong in [
        ("steps", -1),
        ("steps", 1.5),
        ("steps", [1, 2]),
        ("steps", "3"),
        ("w.steps", None),
        ("lr", np.nan),
        ("lr", "x"),
        ("w.velocity", np.array(["a", "b"])),
        ("w.velocity", np.array([1j, 2])),
    ]:
        with pytest.raises((ValueError, TypeError), match=name.removeprefix("w.")):
            optimizer.load_state_dict(good | {name: np.asarray(wrong)})
        assert all(np.array_equal(optimizer.state_dict()[key], good[key]) for key in good)
    with pytest.raises(TypeError, match="Momentum: a state is what"):
        optimizer.load_state_dict(None)
