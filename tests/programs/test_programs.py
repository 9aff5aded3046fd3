"""Programs written for other libraries give here, with their import lines changed, the numbers they gave there."""

import importlib.util
import warnings

import numpy as np
import pytest

from tests import programs


@pytest.mark.parametrize("name", programs.NAMES)
def test_it_gives_the_numbers_of_the_original_library(name):
    module = programs.ours(name)
    compare(programs.numbers(module), module)


@pytest.mark.parametrize("name", programs.NAMES)
def test_the_original_library_gives_them_too(name):
    for library in programs.libraries(name):
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = programs.original(name)
        compare(programs.numbers(module), module)


def compare(found, module):
    assert found.keys() == module.EXPECTED.keys()
    for name, expected in module.EXPECTED.items():
        tolerance = getattr(module, "TOLERANCE", 1e-9)
        scale = np.abs(expected).max()
        np.testing.assert_allclose(found[name], expected, rtol=tolerance, atol=tolerance * scale, err_msg=name)


@pytest.mark.parametrize("name", programs.NAMES)
def test_only_import_lines_differ_and_they_import_what_is_ours(name):
    changed = programs._IMPORT.findall(programs.source(name))
    assert changed
    assert all(line.split()[1].partition(".")[0] in ("scalargrad", "fastpath") for line, _, _ in changed)
    assert all(library in ("autograd", "jax", "micrograd", "minitorch", "mygrad", "torch") for _, library, _ in changed)


def test_there_are_thirty():
    assert len(programs.NAMES) >= 30
    assert {library for name in programs.NAMES for library in programs.libraries(name)} >= {
        *("autograd", "jax", "micrograd", "minitorch", "mygrad", "torch")
    }
