"""The seam between plans and emitters: the program that is handed over, and what comes back."""

import gc
import traceback

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from fastpath.emit import EMITTERS
from fastpath.ir.program import Program
from fastpath.plan import Plan, traced
from scalargrad import Function


def graph_of(function, *arrays):
    return traced(function, arrays, [f"x{i}" for i in range(len(arrays))])


def test_a_program_prints_what_is_computed_without_any_buffers():
    w = Tensor(np.ones(2), requires_grad=True, label="w")
    graph = graph_of(lambda x: sg.tanh(x * w).sum(), np.ones(2))
    plan = Plan(graph, [w])
    assert isinstance(plan.program, Program)
    assert str(plan.program).splitlines() == [
        "Forward",
        "  1  v2 = multiply(x0, w)   (2,)  float64  16 B  ← mul #2",
        "  2  v3 = tanh(v2)          (2,)  float64  16 B  ← tanh #3",
        "  3  v4 = add.reduce(v3)    ()    float64  8 B   ← sum #4",
        "Backward",
        "  4  v7 = multiply(v3, v3)  (2,)  float64  16 B  ← tanh #3",
        "  5  v8 = subtract(1, v7)   (2,)  float64  16 B  ← tanh #3",
        "  6  ∂w = multiply(x0, v8)  (2,)  float64  16 B  ← mul #2",
        "6 instructions, about 12 flops a run",
    ]


@pytest.mark.parametrize("emitter", EMITTERS)
def test_every_emitter_runs_values_gradients_and_steps(emitter):
    w = Tensor([1.0, 2.0], requires_grad=True, label="w")
    make = lambda **how: Plan(graph_of(lambda x: ((x * w).sum() - 1) ** 2, np.ones(2)), [w], emitter=emitter, **how)
    plan, step, x = make(), make(descends=True), np.array([2.0, 1.0])
    value, gradient = plan.run(x)
    assert (type(value), value) == (float, 9.0)
    np.testing.assert_array_equal(gradient, [12.0, 6.0])
    plan.run(np.zeros(2))
    np.testing.assert_array_equal(gradient, [12.0, 6.0])  # it is the caller's
    assert step.run(x, np.array(0.5)) == (9.0,)
    np.testing.assert_array_equal(w.data, [-5.0, -1.0])
    assert [i.stands_for for i in plan.instructions if i.phase == "forward"][-1] == "pow #5"
    assert "∂w" in str(plan)
    assert plan.source


@pytest.mark.parametrize("emitter", EMITTERS)
def test_a_plan_of_any_emitter_is_freed_with_the_collector_off(emitter):
    gc.collect()
    gc.disable()
    try:
        plan = Plan(graph_of(lambda x: sg.cumsum(x).sum(), np.ones(3)), [], emitter=emitter)
        plan.run(np.ones(3))
        del plan
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_a_traceback_shows_the_line_of_the_plan_that_failed():
    f = compile(lambda x: sg.exp(x).sum(), backend="tensor")
    plan = f.plan(np.ones(3))
    with pytest.raises(ValueError, match="broadcast") as error:
        plan.run(np.ones(4))
    lines = traceback.extract_tb(error.value.__traceback__)
    assert [x.line for x in lines if x.filename.startswith("<plan of <lambda>")] == ["exp(x0, b1)"]


def test_a_run_within_a_run_leaves_what_the_outer_one_has_saved():
    inner = []

    class Doubled(Function):
        @staticmethod
        def forward(ctx, a):
            ctx.save_for_backward(a)
            if len(inner) == 1:  # not while it is traced
                inner.append(None)
                inner[1] = f.value_and_grad(np.array([5.0]), argnums=0)
            return a * a

        @staticmethod
        def backward(ctx, upstream):
            (a,) = ctx.saved_tensors
            return 2 * a * upstream

    f = compile(lambda x: (Doubled.apply(x) * sg.prod(x)).sum(), backend="tensor")
    f.value_and_grad(np.array([3.0]), argnums=0)
    inner.append(None)
    value, gradient = f.value_and_grad(np.array([3.0]), argnums=0)
    assert (value, gradient.tolist()) == (27.0, [27.0])
    assert (inner[1][0], inner[1][1].tolist()) == (125.0, [75.0])
