"""``python -m tests.programs rosenbrock gmm``: the numbers of programs, ours and the original's; ``--time``, their times."""

import argparse
import sys
import time
import traceback

from tests import programs


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.programs", description=__doc__)
    parser.add_argument("names", nargs="*", default=programs.NAMES)
    parser.add_argument("--time", action="store_true", help="the best of five runs of each")
    parser.add_argument("--only", choices=["ours", "original"])
    given = parser.parse_args(arguments)
    for name in given.names:
        for which in (programs.ours, programs.original):
            if given.only not in (None, which.__name__):
                continue
            try:
                module = which(name)
                started = time.perf_counter()
                found = programs.numbers(module)
                took = time.perf_counter() - started
            except Exception:
                print(f"{name}, {which.__name__}: {traceback.format_exc(limit=-3)}")
                continue
            if given.time:
                took = min([took, *(_timed(module) for _ in range(4))])
                print(f"{name}, {which.__name__}: {1000 * took:.1f} ms")
            else:
                print(f"{name}, {which.__name__}: {took:.2f} s\nEXPECTED = {found!r}\n")


def _timed(module):
    started = time.perf_counter()
    programs.numbers(module)
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.exit(main())
