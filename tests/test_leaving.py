"""Numbers leave a graph where they are asked for by name, and never unnoticed."""

import io
import types

import numpy as np
import pytest

import scalargrad as sg
from fastpath import Tensor, compile
from scalargrad import no_grad

A = np.array([[1.0, 2.0], [3.0, 4.0]])


def leaf():
    return Tensor(A, requires_grad=True)


def computed():
    return leaf() * 2.0 / 2.0


def asked_by_a_library(t):
    library = types.ModuleType("a_library")
    file = "/somewhere/site-packages/a_library.py"
    exec(builtin_compile("import numpy as np\ndef total(t): return np.sum([t])\n", file, "exec"), library.__dict__)
    return library.total(t)


another_name = np.asarray
builtin_compile = __builtins__["compile"] if isinstance(__builtins__, dict) else __builtins__.compile

ASKED = {
    "np.asarray": lambda t: np.asarray(t),
    "np.array": lambda t: np.array(t),
    "a type": lambda t: np.asarray(t, dtype=float),
    "np.asanyarray": lambda t: np.asanyarray(t),
    "numpy()": lambda t: t.numpy(),
    "tolist()": lambda t: np.array(t.tolist()),
    "float": lambda t: np.array([[float(x) for x in row] for row in t]),
    "int": lambda t: np.array([[int(x) for x in row] for row in t]),
    "a list": lambda t: np.asarray([t[0], t[1]]),
    "in a longer expression": lambda t: (0 * A + np.asarray(t).astype(float).copy())[:],
    "another name": lambda t: another_name(t),
    "a variable": lambda t: next(f(t) for f in (np.asarray,)),
    "with a star": lambda t: np.asarray(*[t]),
}


@pytest.mark.parametrize("make", [leaf, computed])
@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_who_asks_by_name_gets_the_numbers(ask, make):
    found = ask(make())
    assert type(found) is np.ndarray
    assert found.tolist() == A.tolist()


def test_the_array_is_a_new_one():
    t = leaf()
    for a in (np.asarray(t), np.array(t), t.numpy()):
        a[0, 0] = 9.0
    assert t.data.tolist() == A.tolist()
    assert np.asarray(t, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="is a copy"):
        np.asarray(t, copy=False)


def test_libraries_and_tests_of_numpy_get_the_numbers():
    t = computed()
    np.testing.assert_allclose(t, A)
    np.testing.assert_array_equal(t, A)
    assert asked_by_a_library(t) == 10.0
    assert np.random.default_rng(0).choice(2, p=t[0] / 3.0) in (0, 1)
    np.savetxt(file := io.StringIO(), t)
    assert file.getvalue().startswith("1.0")
    assert (f"{t.sum():.2f}", round(t.sum()).item(), int(t[1, 0])) == ("10.00", 10.0, 3)


def put(t):
    out = np.zeros((2, 2))
    out[0] = t[0]


UNASKED = {
    "A.dot(t)": (lambda t: A.dot(t), r"^A\.dot\(t\) of an array A .* write A @ t, or np\.dot\(A, t\)$"),
    "dot of lists": (lambda t: A.dot([t[0], t[1]]), r"write A @ t"),
    "put": (put, r"^A\[…\] = t of an array A .* join the parts with stack"),
    "np.array of a list": (lambda t: np.array([t, t]), r"^np\.array\(\[t, …\]\) .* array\(\[t, …\]\) of fastpath\.numpy"),
    "np.exp of a list": (lambda t: np.exp([t, t]), "a Tensor is not an array"),
    "np.sum of a list": (lambda t: np.sum([t, t]), "a Tensor is not an array"),
    "np.mean of a list": (lambda t: np.mean([t, t]), "a Tensor is not an array"),
    "plus a list": (lambda t: A + list(t), "a Tensor is not an array"),
    "search": (lambda t: np.arange(3.0).searchsorted(t), "a Tensor is not an array"),
    "a draw": (lambda t: np.random.default_rng(0).normal(t), "a Tensor is not an array"),
    "A += t": (lambda t: A.copy().__iadd__(t), r"np\.add with out= .* for A \+= t write A = A \+ t"),
    "A *= t": (lambda t: A.copy().__imul__(t), r"for A \*= t write A = A \* t"),
}  # fmt: skip


@pytest.mark.parametrize("make", [leaf, computed])
@pytest.mark.parametrize(("ask", "message"), UNASKED.values(), ids=UNASKED)
def test_numpy_does_not_get_them_unasked(ask, message, make):
    with pytest.raises(TypeError, match=message):
        ask(make())


@pytest.mark.parametrize("ask", [ask for ask, _ in UNASKED.values()], ids=UNASKED)
def test_where_no_gradient_is_lost_they_are_plain_numbers(ask):
    expected = ask(A)
    for found in (ask(leaf().detach()), ask(Tensor(A))):
        assert np.array_equal(found, expected) if expected is not None else found is None
    with no_grad():
        again = ask(leaf())
    assert np.array_equal(again, expected) if expected is not None else again is None


@pytest.mark.parametrize(
    "ask", [np.asarray, np.array, lambda t: A.dot(t), lambda t: t.numpy(), lambda t: np.array(t.tolist())]
)
def test_within_grad_nobody_gets_what_depends_on_the_variable(ask):
    with pytest.raises(sg.NotDifferentiableError, match=r"depends on the variable, in test_leaving\.py"):
        sg.grad(lambda t: ask(t).sum() * t.sum())(leaf())
    constant = leaf()
    assert sg.grad(lambda t: (t * np.asarray(constant)).sum())(Tensor(A)).data.tolist() == A.tolist()


def test_while_a_function_is_compiled_it_is_refused():
    for ask in (lambda t: np.asarray(t), lambda t: t.numpy(), lambda t: np.sum(t.tolist())):
        with pytest.raises(TypeError, match="compile"):
            compile(ask, backend="tensor")(A)


def test_code_without_its_source_is_understood_too():
    space = {"np": np, "t": computed(), "A": A}
    assert eval("np.asarray(t)", space).tolist() == A.tolist()
    with pytest.raises(TypeError, match="write A @ t"):
        eval("A.dot(t)", space)
