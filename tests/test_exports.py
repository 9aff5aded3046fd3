"""The public names of the package: complete, importable, and none that should not be there."""

import importlib
import pkgutil
import subprocess
import sys
from types import ModuleType

import pytest

import scalargrad
from scalargrad import OPS, STRUCTURAL
from scalargrad.ops.composite import COMPOSITE

TABLES = {"elementwise": set(OPS), "structural": set(STRUCTURAL), "composite": set(COMPOSITE)}
FUNCTIONS = set().union(*TABLES.values())
NAMES = {
    "EarlyStopping", "Function", "History", "NotDifferentiableError", "OPS", "STRUCTURAL", "StaleGraphError", "Trace", "Value",
    "detect_anomaly", "draw", "elementwise_grad", "enable_grad", "eta_max", "eta_opt", "fit", "grad", "gradcheck", "hessian", "hvp", "jacobian", "jvp", "largest_eigenvalue", "no_grad", "parse",
    "scope", "steps", "trace", "value_and_grad", "vjp",
}  # fmt: skip
"""The public names besides the ops; a new one is added here on purpose."""
MODULES = {"data", "lectures", "linear", "metrics", "micrograd", "nn", "optim", "plots", "tree"}


def modules():
    """All modules of the package by their full name."""
    return [info.name for info in pkgutil.walk_packages(scalargrad.__path__, "scalargrad.")]


def test_the_public_names_are_sorted_and_unique():
    assert scalargrad.__all__ == sorted(set(scalargrad.__all__))


def test_the_public_names_are_the_ops_and_those_listed_here():
    assert set(scalargrad.__all__) == NAMES | FUNCTIONS


def test_no_name_stands_in_two_tables():
    assert sum(map(len, TABLES.values())) == len(FUNCTIONS)
    assert not FUNCTIONS & NAMES


@pytest.mark.parametrize("name", sorted(NAMES | FUNCTIONS))
def test_each_public_name_is_importable(name):
    assert getattr(scalargrad, name) is not None
    assert not isinstance(getattr(scalargrad, name), ModuleType)


def test_the_public_modules_are_loaded_when_used():
    loaded = "[m for m in sys.modules if m in ('numpy', 'scalargrad.metrics', 'scalargrad.nn')]"
    code = f"import scalargrad, sys; print({loaded}); scalargrad.metrics; print('scalargrad.metrics' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "True"]


def test_dir_lists_every_public_name():
    assert set(scalargrad.__all__) <= set(dir(scalargrad))
    assert dir(scalargrad) == sorted(dir(scalargrad))


def test_what_dir_lists_beyond_them_is_a_module_or_private():
    for name in set(dir(scalargrad)) - set(scalargrad.__all__):
        if not name.startswith("_") and name not in {"TYPE_CHECKING", "annotations", "Kink"} | MODULES:
            assert isinstance(getattr(scalargrad, name), ModuleType), name


def test_no_public_function_bears_the_name_of_a_module():
    """Importing the module would put it in the function's place."""
    inner = {name.split(".")[1] for name in modules()}
    assert not (NAMES | FUNCTIONS) & inner


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'scalargrad' has no attribute 'tahn'"):
        _ = scalargrad.tahn
    with pytest.raises(ImportError, match="cannot import name 'tahn'"):
        from scalargrad import tahn  # noqa: F401


def test_the_star_import_gives_exactly_the_public_names():
    space = {}
    exec("from scalargrad import *", space)
    assert set(space) - {"__builtins__"} == set(scalargrad.__all__)
    assert space["exp"](0.0) == 1.0


def test_a_public_name_is_the_same_before_and_after_its_module_is_imported():
    code = (
        "import scalargrad; f = scalargrad.grad; import scalargrad.derivatives, scalargrad.checking;"
        "print(f is scalargrad.grad is scalargrad.derivatives.grad, callable(scalargrad.gradcheck))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["True", "True"]


def test_every_public_name_of_a_module_exists():
    """``__all__`` of each module is sorted as people write it and names what is there."""
    for name in modules():
        if name.endswith("__main__"):
            continue
        module = importlib.import_module(name)
        listed = getattr(module, "__all__", [])
        assert len(listed) == len(set(listed)), name
        for public in listed:
            assert hasattr(module, public), f"{name} has no {public}"


def test_every_module_says_what_it_is():
    for name in modules():
        if not name.endswith("__main__"):
            assert importlib.import_module(name).__doc__, f"{name} has no docstring"


def test_the_version_is_told():
    assert scalargrad.__version__.count(".") == 2


def test_every_operation_on_whole_arrays_is_public():
    from scalargrad.ops.composite import COMPOSITE

    functions = {**scalargrad.STRUCTURAL, **COMPOSITE}
    assert set(functions) <= set(scalargrad.__all__)
    assert all(getattr(scalargrad, name) is function for name, function in functions.items())
