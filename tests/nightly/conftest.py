"""What is here is run by ``python -m tests.nightly``, not by every run of pytest."""

import os

collect_ignore_glob = [] if os.environ.get("NIGHTLY") else ["test_*.py"]
