"""NumPy's functions on Tensors and Values: every setting is honoured or refused, never ignored."""

import inspect

import numpy as np
import pytest

from fastpath import Tensor
from scalargrad import OPS, STRUCTURAL, Value
from scalargrad.ops.composite import COMPOSITE
from scalargrad.ops.protocol import op_of

A = np.array([[1.0, -2.0, 4.0], [0.5, 3.0, -1.0]])
KEPT = np.array(A > 0)

HONOURED = [
    ("sum", {"axis": 0, "keepdims": True}), ("sum", {"out": None}), ("sum", {"dtype": None}), ("mean", {"axis": (0, 1)}), ("mean", {"axis": -1}),
    ("std", {"ddof": 1}), ("std", {"correction": 1}), ("std", {"axis": 1, "ddof": 1, "keepdims": True}), ("var", {"axis": 0, "ddof": 0.5}),
    ("clip", {"a_min": 0.0, "a_max": 1.0}), ("clip", {"min": 0.0}), ("clip", {"max": 0.0}), ("clip", {"a_min": None, "a_max": 1.0}),
    ("max", {"axis": 1}), ("min", {"axis": 0, "keepdims": True}), ("amax", {}), ("amin", {"axis": 0}), ("prod", {"axis": 1}), ("cumsum", {"axis": 1}),
    ("argmax", {"axis": 1, "keepdims": True}), ("argmin", {"axis": 0}), ("round", {"decimals": 0}), ("round", {"decimals": 1}), ("round", {"decimals": -1}), ("reshape", {"shape": (3, 2)}),
    ("reshape", {"shape": (3, 2), "order": "C"}), ("transpose", {"axes": (1, 0)}), ("permute_dims", {"axes": (1, 0)}), ("permute_dims", {}),
    ("broadcast_to", {"shape": (4, 2, 3)}), ("squeeze", {}), ("expand_dims", {"axis": (0, 1)}), ("flip", {"axis": 0}), ("flip", {}),
    ("swapaxes", {"axis1": 0, "axis2": 1}), ("pad", {"pad_width": 1}), ("pad", {"pad_width": 1, "constant_values": ((1, 2), (3, 4))}),
    ("pad", {"pad_width": ((0, 1), (2, 0)), "mode": "edge"}), ("diagonal", {"offset": 1}), ("matrix_transpose", {}), ("linalg.norm", {}),
    ("linalg.norm", {"ord": 2, "axis": 1}), ("linalg.norm", {"axis": 0, "keepdims": True}), ("linalg.vector_norm", {"axis": 0}),
    ("linalg.norm", {"ord": 1}), ("linalg.norm", {"ord": np.inf, "axis": 0}), ("linalg.vector_norm", {"ord": 3}), ("linalg.matrix_norm", {"ord": 1}),
    ("linalg.trace", {}), ("linalg.trace", {"offset": 1}), ("trace", {}), ("median", {"axis": 0}), ("sort", {}), ("sort", {"kind": "stable"}), ("nansum", {}),
    ("argsort", {"axis": 0, "stable": True}), ("percentile", {"q": 30, "axis": 1, "keepdims": True}), ("average", {"weights": KEPT * 1.0 + 1}),
    ("sum", {"dtype": np.float32}), ("mean", {"dtype": np.float32}), ("std", {"dtype": float}), ("prod", {"dtype": float}), ("tril", {"k": 1}),
    ("diff", {"axis": 0}), ("roll", {"shift": 1}), ("tile", {"reps": 2}), ("ravel", {}), ("cumprod", {"axis": 1}), ("ptp", {"axis": 0}),
    ("moveaxis", {"source": 0, "destination": -1}), ("repeat", {"repeats": 2}), ("take", {"indices": [1, 0]}), ("cov", {}), ("atleast_3d", {}),
    ("linalg.matrix_transpose", {}), ("linalg.diagonal", {"offset": 1}), ("absolute", {}), ("square", {}), ("negative", {}), ("rint", {}),
]  # fmt: skip

REFUSED = [
    ("sum", {"initial": 5.0}), ("sum", {"where": KEPT}), ("sum", {"out": np.zeros(())}), ("mean", {"where": KEPT}),
    ("std", {"mean": 0.0}), ("std", {"where": KEPT}), ("var", {"out": np.zeros(())}),
    ("clip", {"a_min": 0, "a_max": 1, "out": A.copy()}), ("clip", {"a_min": 0, "a_max": 1, "dtype": np.float32}), ("max", {"initial": 9.0}),
    ("min", {"where": KEPT, "initial": 0.0}), ("prod", {"initial": 2}), ("cumsum", {"dtype": int}),
    ("cumsum", {"out": np.zeros(6)}), ("argmax", {"out": np.zeros((), int)}), ("round", {"decimals": 1.5}), ("round", {"out": A.copy()}),
    ("reshape", {"shape": (3, 2), "order": "F"}), ("pad", {"pad_width": 1, "mode": "reflect", "reflect_type": "odd"}),
    ("linalg.norm", {"ord": "nuc"}), ("nanmax", {}), ("linalg.svd", {}),
    ("nansum", {"dtype": float}), ("sum", {"nonsense": 1}), ("exp", {"where": KEPT}), ("exp", {"out": A.copy()}), ("exp", {"dtype": np.float32}),
    ("add.reduce", {"dtype": float}), ("add.reduceat", {"indices": [0]}), ("multiply.reduce", {"initial": 2.0}), ("fft.fft", {}),
]  # fmt: skip


def function_of(name):
    found = np
    for part in name.split("."):
        found = getattr(found, part)
    return found


def same(found, expected):
    np.testing.assert_allclose(found.data, expected, rtol=1e-12)
    assert found.shape == np.shape(expected)


@pytest.mark.parametrize(("name", "settings"), HONOURED, ids=str)
def test_a_setting_the_op_has_is_honoured_as_numpy_does(name, settings):
    if name == "reshape" and "shape" not in inspect.signature(np.reshape).parameters:
        pytest.skip("NumPy 2.0 has another name for it")
    t = Tensor(A, requires_grad=True)
    found = function_of(name)(t, **settings)
    assert isinstance(found, Tensor)
    assert found.op is not None
    same(found, function_of(name)(A, **settings))


@pytest.mark.parametrize("make", [lambda: Tensor(A, requires_grad=True), lambda: Value(2.0)], ids=["Tensor", "Value"])
@pytest.mark.parametrize(("name", "settings"), REFUSED, ids=str)
def test_what_the_op_does_not_have_is_refused_in_one_sentence(name, settings, make):
    if make().__class__ is Value and name.startswith("linalg") and settings:
        pytest.skip("of one number any norm is its absolute value")
    with pytest.raises((TypeError, ValueError)) as told:
        function_of(name)(make(), **settings)
    assert "\n" not in str(told.value)
    assert name.split(".")[-1].replace("vector_", "") in str(told.value)


@pytest.mark.parametrize("make", [lambda: Tensor(A, requires_grad=True), lambda: Value(2.0)], ids=["Tensor", "Value"])
def test_no_parameter_of_numpys_functions_is_dropped(make):
    """Each parameter of each function that has an op, given an odd value: honoured, or refused; never the same result."""
    for name in sorted({*STRUCTURAL, *COMPOSITE, "clip", "round", "amax", "amin", "concat"}):
        function = getattr(np, name, None)
        if function is None or op_of(function) is None:
            continue
        extra = {"out", "dtype", "where", "initial", "mean", "order", "casting"}
        for parameter in extra & set(inspect.signature(function).parameters):
            first = [make(), make()] if name in ("concatenate", "stack", "concat") else make()
            odd = {"order": "A" if name == "ravel" else "F", "dtype": int}.get(parameter, np.float32(7.0))
            with pytest.raises((TypeError, ValueError)):
                function(first, **{parameter: odd})


def test_arguments_by_position_are_those_of_numpys_signature():
    t = Tensor(A, requires_grad=True)
    same(np.sum(t, 0, None, None, True), np.sum(A, 0, None, None, True))
    same(np.std(t, 0, None, None, 1), np.std(A, 0, None, None, 1))
    same(np.max(t, 0, None, True), np.max(A, 0, None, True))
    same(np.clip(t, None, 1), np.clip(A, None, 1))
    same(np.clip(t, 0, None), np.clip(A, 0, None))
    same(np.clip(t, None, None), A)
    same(np.concatenate((t, A), 1), np.concatenate((A, A), 1))
    same(np.stack([t, t], 1), np.stack([A, A], 1))
    same(np.dot(t, A.T), np.dot(A, A.T))
    same(np.where(KEPT, t, 0.0), np.where(KEPT, A, 0.0))
    same(np.linalg.outer(t[0], A[1]), np.linalg.outer(A[0], A[1]))
    same(np.linalg.matmul(t, A.T), A @ A.T)
    same(np.einsum("ij,kj->ik", t, A, optimize=True), A @ A.T)
    same(np.swapaxes(t, 0, 1), A.T)
    assert [x.data.tolist() for x in np.split(t, [1, 2], 1)] == [x.tolist() for x in np.split(A, [1, 2], 1)]
    for call in (
        lambda: np.sum(t, 0, int),
        lambda: np.mean(t, 0, complex),
        lambda: np.cumsum(t, 0, int),
        lambda: np.dot(t, A.T, out=np.zeros((2, 2))),
        lambda: np.concatenate([t, A], dtype=int),
        lambda: np.einsum("ij->j", t, dtype=int),
        lambda: np.add(t, 1.0, where=KEPT),
    ):
        with pytest.raises(TypeError):
            call()


def test_a_function_without_an_op_is_told_with_its_full_name():
    for call, name in ((np.fft.fft, "np.fft.fft"), (np.linalg.svd, "np.linalg.svd"), (np.lcm.reduce, "np.lcm.reduce")):
        with pytest.raises(
            TypeError, match=rf"^{name} has no registered op, so it cannot be applied to a Tensor; use its \.data$"
        ):
            call(Tensor(A))


METHODS = [
    lambda x: np.add.reduce(x), lambda x: np.add.reduce(x, axis=1, keepdims=True), lambda x: np.add.reduce(x, None),
    lambda x: np.multiply.reduce(x, 1), lambda x: np.maximum.reduce(x), lambda x: np.minimum.reduce(x, axis=-1),
    lambda x: np.logaddexp.reduce(x, axis=0), lambda x: np.add.accumulate(x), lambda x: np.add.accumulate(x, axis=1),
    lambda x: np.multiply.outer(x, [1.0, 2.0]), lambda x: np.subtract.outer([1.0, 2.0, 3.0], x), lambda x: np.add.outer(x, x),
]  # fmt: skip


@pytest.mark.parametrize("call", METHODS)
def test_methods_of_ufuncs_are_the_ops_of_the_same_meaning(call):
    t = Tensor(A, requires_grad=True)
    same(call(t), call(A))
    assert call(t).requires_grad


def test_a_number_outside_of_an_array_is_an_array_of_one_number():
    v = Value(2.0)
    assert np.sum(v).data == np.mean(v).data == np.max(v).data == np.clip(v, None, 5.0).data == 2.0
    assert np.clip(v, None, 1.0).data == 1.0
    assert [x.data for x in np.cumsum(v)] == [2.0]
    for name in ("sum", "mean", "max", "min", "prod", "std", "var", "l2norm", "logsumexp", "softmax", "log_softmax"):
        number, array = STRUCTURAL[name](Value(2.0)), STRUCTURAL[name](np.array(2.0))
        assert float(number) == pytest.approx(float(array))
        assert STRUCTURAL[name](10**30) == pytest.approx(float(STRUCTURAL[name](1e30)))
        assert STRUCTURAL[name](np.array([10**30, 1], object)) == pytest.approx(STRUCTURAL[name]([1e30, 1.0]))
    np.sum(v).backward()
    assert v.grad == 1.0


def test_spread_and_rounding_of_arrays_of_values_go_through_the_ops_or_are_refused():
    values = [Value(1.4), Value(2.6)]
    assert [x.data for x in np.round(values)] == [1.0, 3.0]
    assert [x.op.name for x in np.rint(np.array(values))] == ["round", "round"]
    for function in (np.std, np.var):
        with pytest.raises(TypeError, match="use std and var of scalargrad"):
            function(values)


@pytest.mark.parametrize("name", sorted(OPS))
def test_every_ufunc_of_an_ops_name_is_found(name):
    ufunc = getattr(np, OPS[name].ufunc or name, None)
    if isinstance(ufunc, np.ufunc):
        assert op_of(ufunc) is OPS[name]
