"""What is too long for every change: ``python -m tests.nightly``.

A part is ``programs``, ``mutants``, or a file here: ``test_registry.py`` is the part ``registry``. Its tests run under
hypothesis' profile ``nightly``, and find how many seconds they are given in ``NIGHTLY_SECONDS``.
"""

import os

SECONDS = float(os.environ.get("NIGHTLY_SECONDS", "20"))
"""How long a part may take."""

SEED = int(os.environ.get("NIGHTLY_SEED", "0"))
"""What its random numbers begin with."""
