"""The second table: every operation that moves or reduces, by what it does.

In a pullback ``g`` is the upstream gradient and ``y`` the output. An expansion is given where the forward does not run
on object arrays of Values as it stands. Functions that are put together from these are in :mod:`.composite`.
"""

from scalargrad.ops.linalg import *  # noqa: F403
from scalargrad.ops.losses import *  # noqa: F403
from scalargrad.ops.moving import *  # noqa: F403
from scalargrad.ops.products import *  # noqa: F403
from scalargrad.ops.reducing import *  # noqa: F403
from scalargrad.ops.registry import OPS as OPS
from scalargrad.ops.running import *  # noqa: F403
from scalargrad.ops.sorting import *  # noqa: F403
from scalargrad.ops.structure import STRUCTURAL as STRUCTURAL
from scalargrad.ops.windows import *  # noqa: F403
