"""Functions put together from the ops: they need no derivative of their own, and appear in graphs as their parts.

Like the ops they work on arrays and lists, on object arrays of Values, and on Tensors, under NumPy's names.
"""

from scalargrad.ops.arranging import *  # noqa: F403
from scalargrad.ops.convolution import *  # noqa: F403
from scalargrad.ops.indexing import *  # noqa: F403
from scalargrad.ops.joining import *  # noqa: F403
from scalargrad.ops.linalg import *  # noqa: F403
from scalargrad.ops.multiplying import *  # noqa: F403
from scalargrad.ops.picking import *  # noqa: F403
from scalargrad.ops.rows import COMPOSITE as COMPOSITE
from scalargrad.ops.sorting import *  # noqa: F403
from scalargrad.ops.statistics import *  # noqa: F403

_NO_METHODS = """
    atleast_1d atleast_2d atleast_3d column_stack dstack hstack multi_dot one_hot stack vstack
    avg_pool1d avg_pool2d conv1d conv2d max_pool1d max_pool2d
"""
FUNCTIONS_ONLY = tuple([COMPOSITE[name] for name in _NO_METHODS.split()])
"""Those that are no methods of an array: they take several, or labels, or belong to a layer."""
ALIASES = {"trace": "matrix_trace"}
"""Methods of arrays whose function has another name."""

__all__ = sorted(COMPOSITE)
