"""The second table: every operation that moves or reduces, by what it does.

Functions that are put together from these are in :mod:`.composite`.
"""

from scalargrad.ops.losses import *  # noqa: F403
from scalargrad.ops.moving import *  # noqa: F403
from scalargrad.ops.products import *  # noqa: F403
from scalargrad.ops.reducing import *  # noqa: F403
from scalargrad.ops.structure import STRUCTURAL as STRUCTURAL
