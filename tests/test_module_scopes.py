"""The scopes of modules: one for each module, inputs outside, names that are names."""

import copy
import pickle
import re
import threading

import numpy as np
import pytest

from scalargrad import Value, draw, nn, scope, trace


class Two(nn.Module):
    """Two layers of one class, with an operation between them that is its own."""

    def __init__(self):
        self.a, self.b = nn.Linear(2, 3, seed=0), nn.Linear(3, 2, seed=1)

    def forward(self, x):
        h = np.array([v.tanh() for v in self.a(x)], dtype=object)
        return self.b(h).sum()


def inputs():
    return [Value(1.0, label="x0"), Value(2.0, label="x1")]


def scopes(root):
    return {n.scope for n in trace(root).nodes if n.op}


def ends(picture):
    return [tuple(pair) for pair in re.findall(r"^\s*(\w+) -> (\w+)", picture.dot, re.M)]


def is_acyclic(edges):
    while edges:
        heads = {b for _, b in edges}
        rest = [(a, b) for a, b in edges if a in heads]
        if len(rest) == len(edges):
            return False
        edges = rest
    return True


def test_two_layers_of_one_class_are_two_boxes():
    y = Two()(inputs())
    assert scopes(y) == {"Two", "Two/Linear", "Two/Linear 2"}
    folded = draw(y, depth=1)
    assert "Linear 2" in folded.dot
    assert is_acyclic(ends(folded))
    assert sorted(re.findall(r"parameters: \d+", folded.dot)) == ["parameters: 8", "parameters: 9"]


def test_layers_without_a_parent_are_told_apart_too():
    a, b = nn.Linear(2, 3, seed=0), nn.Linear(3, 2, seed=1)
    y = b(np.array([v.tanh() for v in a(inputs())], dtype=object)).sum()
    assert scopes(y) == {"Linear", "Linear 2", None}
    assert is_acyclic(ends(draw(y, depth=0)))
    with scope("mine"):
        y = b(np.array([v.tanh() for v in a(inputs())], dtype=object)).sum()
    assert scopes(y) == {"mine/Linear", "mine/Linear 2", "mine"}


def test_models_of_one_kind_are_drawn_alike_and_told_apart_in_one_graph():
    one, other = Two(), Two()
    assert draw(one(inputs())).dot == draw(other(inputs())).dot
    both = one(inputs()) + other(inputs())
    assert {"Two/Linear 2", "Two 2/Linear 2"} <= scopes(both)


def test_one_layer_used_twice_is_one_scope():
    cell = nn.Neuron(2, seed=0)
    y = cell([cell([1.0, 2.0]), 3.0])
    assert scopes(y) == {"Neuron"}


def test_a_numbered_name_does_not_meet_one_that_was_given():
    a, b, c = (nn.Linear(1, 1, seed=i) for i in range(3))
    b.name = "Linear 2"
    y = c(a(b([Value(1.0)])))[0]
    assert len(scopes(y)) == 3


def test_copies_keep_apart_what_was_apart():
    y = Two()(inputs())
    for again in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert scopes(again) == scopes(y)


@pytest.mark.parametrize("depth", [0, 1])
def test_folded_boxes_count_parameters_and_leave_inputs_outside(depth):
    model = nn.MLP(3, [4], 1, seed=0)
    x = [Value(float(i), label=f"x{i}") for i in range(3)]
    picture = draw(model(x), depth=depth)
    counts = [int(n) for n in re.findall(r"parameters: (\d+)", picture.dot)]
    assert counts == ([21] if depth == 0 else [16, 5])
    assert all(f">x{s}<" in picture.dot for s in "₀₁₂")


def test_folded_scopes_of_ones_own_leave_inputs_outside():
    x = [Value(float(i), label=f"x{i}") for i in range(3)]
    with scope("layer"):
        y = [sum(Value(0.1, label=f"w{i}{j}") * v for j, v in enumerate(x)).tanh() for i in range(4)]
    picture = draw(sum(y), depth=0)
    assert re.findall(r"leaves: (\d+)", picture.dot) == ["12"]
    assert "parameters" not in picture.dot
    assert all(f">x{s}<" in picture.dot for s in "₀₁₂")


def test_arrays_without_a_gradient_can_be_folded():
    from fastpath import Tensor

    model = nn.MLP(2, [8], 1, seed=0, backend="tensor")
    assert draw(model(Tensor([[1.0, 2.0]])).sum(), depth=0).dot


def test_a_slash_in_a_name_is_part_of_it():
    x = Value(2.0, label="x")
    with scope("conv/relu"), scope("a/b"):
        y = x * 3.0
    assert y.scope.count("/") == 1
    model = nn.Linear(1, 1)
    model.name = "in/out"
    for dot in (draw(y).dot, draw(y, depth=0).dot, draw(model([x])[0] + y).dot):
        assert "conv/relu" in dot
        assert dot.count("subgraph") <= 3
    assert "in/out" in draw(model([x])[0]).dot
    model = type("A/B", (nn.Linear,), {})(1, 1)
    assert "A/B" in draw(model([x])[0], depth=0).dot
    model.name = 3
    with pytest.raises(ValueError, match="a module's name is a text that is not empty"):
        model([x])
    model.name = ""
    assert model([x])[0].scope == "A∕B"
    with pytest.raises(TypeError, match="a scope's name is a text that is not empty"):
        scope("")


def test_a_forward_of_ones_own_is_in_its_scope():
    class Doubled(nn.MLP):
        def forward(self, x):
            return super().forward([2 * v for v in x])

    assert {"Doubled", "Doubled/Linear 1"} <= scopes(Doubled(2, [2], 1, seed=0)(inputs()))


def test_a_scope_in_another_thread_changes_no_scope_here():
    model, found = nn.MLP(2, [3], 1, seed=0), []
    entered, done = threading.Event(), threading.Event()

    def other():
        with scope("theirs"):
            entered.set()
            done.wait()

    class Waiting(nn.Tanh):
        def forward(self, x):
            if not entered.is_set():
                worker.start()
                entered.wait()
            return super().forward(x)

    worker = threading.Thread(target=other)
    model.layers[1] = Waiting()
    model.layers[1].name = "Tanh 2"
    try:
        found = scopes(model(inputs()))
    finally:
        done.set()
        worker.join()
    assert found == {"MLP/Linear 1", "MLP/Tanh 2", "MLP/Linear 3"}
