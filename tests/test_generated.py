"""Source made at run time: tracebacks show its lines, and nothing of it is left when its function is gone."""

import gc
import linecache
import traceback

import numpy as np
import pytest

from fastpath.numerics import array_backward
from scalargrad import Value
from scalargrad.generated import compile_source
from scalargrad.ops.elementwise import mul, tanh
from scalargrad.rules import rule_of


def lines_of(error):
    return [(frame.filename, frame.line) for frame in traceback.extract_tb(error.__traceback__)]


def test_a_traceback_shows_the_line_of_an_operator_that_fails():
    with pytest.raises(TypeError) as caught:
        Value(1.0) * "text"
    assert "Value" in str(caught.value)
    with pytest.raises(OverflowError) as caught:
        Value(1.0) * 10**400
    file, line = lines_of(caught.value)[1]
    assert (file.split(" ")[:3], line) == (["<operators", "of", "mul"], "other = number = as_number(other, name)")


def test_a_traceback_shows_the_line_of_a_backward_that_fails():
    x = Value(2.0)
    y = x * 3.0
    y.grad = None
    with pytest.raises(TypeError) as caught:
        rule_of(mul, (True, False)).backward(y)
    assert lines_of(caught.value)[-1][1].startswith("_d0 = _g * ")


def test_a_traceback_shows_the_line_of_a_backward_on_arrays_that_fails():
    with pytest.raises(ValueError, match="broadcast") as caught:
        array_backward(tanh, (True,))(np.ones(2), np.ones(3), np.ones(3))
    file, line = lines_of(caught.value)[-1]
    assert file.startswith("<backward of tanh ")
    assert line.startswith("try: return (g * (")


def test_the_lines_leave_with_the_function():
    function = compile_source("def f():\n    return 1\n", "f", "nothing", {})
    file = function.__code__.co_filename
    assert linecache.getline(file, 2) == "    return 1\n"
    gc.disable()
    try:
        del function
        assert file not in linecache.cache
    finally:
        gc.enable()


def test_two_sources_of_one_title_keep_their_own_lines():
    one, two = (compile_source(f"def f():\n    return {i}\n", "f", "nothing", {}) for i in (1, 2))
    linecache.checkcache()
    assert [linecache.getline(f.__code__.co_filename, 2).strip() for f in (one, two)] == ["return 1", "return 2"]
