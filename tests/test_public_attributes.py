"""TAB shows what a student may use: the ops, and a few attributes; what the library asks of its nodes begins with _."""

import numpy as np
import pytest

import fastpath
from fastpath import Tensor
from scalargrad import Value
from scalargrad.expression.tokens import CONSTANTS
from scalargrad.ops.composite import ALIASES, COMPOSITE, FUNCTIONS_ONLY
from scalargrad.ops.registry import OPS
from scalargrad.ops.rows import NODE, RESERVED, TENSOR
from scalargrad.ops.structure import STRUCTURAL
from scalargrad.symbolic import Sym

CALLED_BY_NUMPY = {"conjugate", "rint"}
"""Methods that NumPy looks for, under these names, in the elements of an array."""


def shown(kind):
    return {name for name in dir(kind) if not name.startswith("_")}


def test_a_value_shows_its_ops_and_a_few_attributes():
    assert shown(Value(1.0)) == {*OPS, *NODE, *CALLED_BY_NUMPY}


def test_a_tensor_shows_its_ops_and_a_few_attributes():
    functions_only = {"einsum", "concatenate", *[function.__name__ for function in FUNCTIONS_ONLY]}
    methods = {*OPS, *STRUCTURAL, *COMPOSITE, *ALIASES} - functions_only
    assert shown(Tensor(1.0)) == {*methods, *NODE, *TENSOR, "rint"}


def test_no_op_can_take_a_name_that_an_operand_type_or_a_formula_has():
    assert shown(Value) | shown(Tensor) | shown(Sym) | {x for x in CONSTANTS if x.isascii()} <= {
        *OPS, *STRUCTURAL, *COMPOSITE, *ALIASES, *RESERVED, *CALLED_BY_NUMPY
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted({*NODE, *TENSOR}))
def test_every_attribute_that_is_shown_is_documented(name):
    kinds = (Value, Tensor) if name in NODE else (Tensor,)
    for kind in kinds:
        attribute = getattr(kind, name)
        assert attribute.__doc__ or name in kind.__doc__, f"{kind.__name__}.{name}"


def test_a_traced_array_shows_no_more():
    seen = []
    fastpath.compile(lambda x: seen.append(shown(x)) or x * 2.0)(np.ones(2))
    assert seen[0] <= shown(Tensor)
