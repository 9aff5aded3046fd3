"""``python -m scalargrad``: the command line."""

import sys

from scalargrad.cli import main

if __name__ == "__main__":
    sys.exit(main())
