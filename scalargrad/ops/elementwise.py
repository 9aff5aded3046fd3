"""The elementwise operations: the tables of elementary functions and of activations, as one."""

from scalargrad.ops.activations import *  # noqa: F403
from scalargrad.ops.elementary import *  # noqa: F403
