"""Every plan that a test makes is run by the other emitters too, the interpreter first: they give the same numbers."""

import numpy as np

from fastpath.emit import EMITTERS
from fastpath.ir.calling import FunctionCall
from fastpath.plan import Plan

RUNS = 3
"""How many runs of each plan are compared."""


def compare_emitters(monkeypatch):
    """Have the first runs of each plan made from now on compared with what the other emitters make of its program."""
    original = Plan.__init__

    def __init__(self, *arguments, **named):
        original(self, *arguments, **named)
        if not any(e.code == "random" or _has_effects(e) for e in self.program.order):
            own = named.get("emitter", "numpy")
            others = [emitter.emit(self.program).run for name, emitter in EMITTERS.items() if name != own]
            self.run = _compared(self.program, self.run, others)

    monkeypatch.setattr(Plan, "__init__", __init__)


def _has_effects(e):
    """Whether a test may count the calls: those of the user's own functions."""
    return e.code == "call" and (e.settings[0] == "observe" or isinstance(e.settings[1], FunctionCall))


def _compared(program, run, others):
    left = RUNS
    precision = max([np.finfo(e.dtype).eps for e in program.order if e.dtype.kind == "f"], default=0) ** 0.5

    def both(*arrays):
        nonlocal left
        if not left:
            return run(*arrays)
        left -= 1
        before = [tensor.settings._data.copy() for tensor, _ in program.steps]  # as a graph may hold them: not .data
        results = run(*arrays)
        after = [tensor.settings._data.copy() for tensor, _ in program.steps]
        for other in others:
            _set(program, before)
            again = [*other(*arrays), *[tensor.settings.data for tensor, _ in program.steps]]
            for found, expected in zip([*results, *after], again, strict=True):
                assert_close(found, expected, precision)
            _set(program, after)
        return results

    return both


def _set(program, arrays):
    for (tensor, _), data in zip(program.steps, arrays, strict=True):
        tensor.settings.data[...] = data


def assert_close(found, expected, precision):
    """Whether these are the same but for rounding: sums are added up in another order."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    if found.dtype.kind != "f":
        np.testing.assert_array_equal(found, expected)
        return
    size = np.abs(expected[np.isfinite(expected)]).max(initial=0)
    np.testing.assert_allclose(found, expected, rtol=precision, atol=float(precision * size + 100 * precision**2))
