"""Where a module finds its parameters and modules: everywhere, each once, with stable names; or it says why not."""

from collections import OrderedDict, deque, namedtuple
from types import MappingProxyType

import numpy as np
import pytest

from fastpath import Tensor
from scalargrad import Value, nn, optim

Pair = namedtuple("Pair", "left right")


def T(x=1.0):
    return Tensor([x], requires_grad=True)


class Holder(nn.Module):
    def __init__(self, x):
        self.x = x


def names(x):
    return [name for name, _ in Holder(x).named_parameters()]


def shared():
    layer = nn.Linear(1, 1)
    return [layer, {"again": layer}]


PLACES = [  # what is held, and the names of the parameters found in it
    (lambda: Value(1.0), ["x"]),
    (lambda: [Value(1.0), Value(2.0)], ["x"]),
    (lambda: (Value(1.0), Value(2.0)), ["x"]),
    (lambda: [T(), T()], ["x.0", "x.1"]),
    (lambda: (T(), Value(1.0)), ["x.0", "x.1"]),
    (lambda: {"w": Value(1.0), "b": T()}, ["x.w", "x.b"]),
    (lambda: {0: Value(1.0), 1: nn.Linear(1, 1)}, ["x.0", "x.1.W", "x.1.b"]),
    (lambda: {"a": {"b": [T(), {"c": Value(1.0)}]}}, ["x.a.b.0", "x.a.b.1.c"]),
    (lambda: [[Value(1.0), Value(2.0)], [Value(3.0)]], ["x.0", "x.1"]),
    (lambda: [[nn.Linear(1, 1)], (nn.Linear(1, 1, bias=False),)], ["x.0.0.W", "x.0.0.b", "x.1.0.W"]),
    (lambda: [Value(1.0), 3.0, None, "text", Value(2.0)], ["x.0", "x.4"]),
    (lambda: [Value(1.0) * 2, Value(1.0)], ["x.1"]),
    (lambda: deque([T(), T()]), ["x.0", "x.1"]),
    (lambda: OrderedDict(b=T(), a=T()), ["x.b", "x.a"]),
    (lambda: MappingProxyType({"a": T()}), ["x.a"]),
    (lambda: Pair(T(), [T()]), ["x.0", "x.1.0"]),
    (lambda: np.array([[Value(1.0), Value(2.0)]], dtype=object), ["x"]),
    (lambda: np.array([[Value(1.0), 2.0], [3.0, Value(4.0)]], dtype=object), ["x.0.0", "x.1.1"]),
    (lambda: np.array([nn.Linear(1, 1, bias=False), None], dtype=object), ["x.0.W"]),
    (shared, ["x.0.W", "x.0.b"]),
    (lambda: [1.0, 2.0], []),
    (list, []),
    (set, []),
    (lambda: {1, 2}, []),
]


@pytest.mark.parametrize(("held", "expected"), PLACES)
def test_parameters_are_found_wherever_they_are(held, expected, tmp_path):
    model, again = Holder(held()), Holder(held())
    assert [name for name, _ in model.named_parameters()] == expected
    assert sorted(model.state_dict()) == sorted(expected)
    for x in again.parameters():
        x.data = x.data * 0 + 7.0
    again.load(model.save(tmp_path / "model.npz"))
    assert all(np.array_equal(a, b) for a, b in zip(model.state_dict().values(), again.state_dict().values()))
    if expected:
        x = model.parameters()
        assert len({id(p) for p in x}) == len(x)
        assert len(optim.SGD(model, lr=0.1)._parameters) == len(x)
        for p in x:
            p.grad = 5.0 if isinstance(p, Value) else np.full(p.shape, 5.0)
        model.zero_grad()
        assert all(p.grad in (None, 0.0) for p in x)


@pytest.mark.parametrize(("held", "expected"), PLACES)
@pytest.mark.parametrize("backend", ["value", "tensor"])
def test_parameters_move_wherever_they_are(held, expected, backend):
    model = Holder(held())
    before = model.state_dict()
    kind = Value if backend == "value" else Tensor
    assert model.to(backend) is model
    assert all(isinstance(p, kind) for p in model.parameters())
    after = model.to("value").state_dict()
    assert list(after) == list(before) == expected
    assert all(np.array_equal(after[name], before[name]) for name in before)


def test_private_attributes_and_slots_are_found():
    class Own(nn.Module):
        __slots__ = ("slotted",)

        def __init__(self):
            self._w, self.__v, self.slotted, self._parts = Value(1.0), T(), Value(2.0), [nn.Linear(1, 1)]

    assert [name for name, _ in Own().named_parameters()] == ["_w", "_Own__v", "slotted", "_parts.0.W", "_parts.0.b"]


def test_a_set_of_parameters_is_refused_where_it_is_given():
    for held in ({Value(1.0)}, frozenset({T()}), {nn.Linear(1, 1)}):
        with pytest.raises(TypeError, match=r"Holder\.x is a set, which has no order .* list or a dict"):
            Holder(held)
        with pytest.raises(TypeError, match="is a set"):
            Holder([held]).parameters()


def test_a_parameter_of_the_class_is_refused_where_it_is_written():
    with pytest.raises(TypeError, match=r"Shared\.w would be shared .* self\.w = … in __init__"):
        type("Shared", (nn.Module,), {"w": Value(1.0)})
    with pytest.raises(TypeError, match="would be shared"):
        type("Shared", (nn.Module,), {"layers": [nn.Linear(1, 1)]})


def test_two_parameters_of_one_name_are_refused():
    model = Holder({"a.b": T(), "a": {"b": T()}})
    with pytest.raises(ValueError, match=r"two parameters of Holder are called 'x\.a\.b'"):
        model.state_dict()


def test_values_in_two_groups_are_all_found():
    a, b = Value(1.0), Value(2.0)
    model = Holder([a])
    model.both = [a, b]
    assert model.parameters() == [a, b]
    with pytest.raises(ValueError, match="in two parameters that are not the same"):
        model.to("tensor")


class Node(nn.Module):
    """A module that knows its parent."""

    def __init__(self, parent=None):
        self.w, self.parent, self.kept = T(), parent, np.zeros(2)
        if parent is not None:
            parent.child = self

    def forward(self, x):
        return self.w * x


def test_a_parent_and_a_circle_are_walked_once(tmp_path):
    root = Node()
    leaf = Node(Node(root))
    for start in (root, leaf):
        assert len(list(start.modules())) == 3
        assert len(start.parameters()) == 3
        assert len(start.state_dict()) == 6
        assert "…" in repr(start)
        assert start.summary()
        assert not start.eval().training
        assert start.train().training
        start.load(start.save(tmp_path / "circle.npz"))
        assert start.predict(2.0).tolist() == [2.0]
    me = Holder(None)
    me.x = [me, {"me": me}, T()]
    me.x.append(me.x)
    assert [name for name, _ in me.named_parameters()] == ["x.2"]
    root.to("value")
    assert all(isinstance(p, Value) for p in leaf.parameters())


def test_a_module_used_twice_counts_once():
    norm = nn.BatchNorm1d(2)
    model = nn.Sequential(nn.Linear(2, 2), norm, nn.Linear(2, 2), norm)
    assert [name for name, _ in model.buffers()] == ["1.running_mean", "1.running_var"]
    assert len([m for m in model.modules() if m is norm]) == 1


def test_deep_modules_do_not_recurse():
    model = Holder(T())
    for _ in range(5000):
        model = Holder(model)
    assert len(model.parameters()) == 1
    assert len(list(model.modules())) == 5001


def test_names_are_the_same_in_every_run():
    assert names({"b": T(), "a": [T(), T()]}) == ["x.b", "x.a.0", "x.a.1"]


@pytest.mark.parametrize("name", ["parameters", "children", "modules", "state_dict", "forward", "eval"])
def test_an_attribute_that_would_hide_a_method_is_refused(name):
    with pytest.raises(AttributeError, match=rf"Holder\.{name} would hide Module\.{name}\(\)"):
        setattr(Holder(None), name, [T()])
