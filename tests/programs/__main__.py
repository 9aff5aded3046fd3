"""``python -m tests.programs``: programs by seed, run, shrunk and printed.

``--seed 3 --count 100 --kind scalar``; ``--print`` only prints them.
"""

import argparse
import sys

from tests.programs.generate import generate
from tests.programs.program import KINDS
from tests.programs.shrinking import failure, shrunk


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.programs", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--print", action="store_true", help="only print the programs")
    given = parser.parse_args(arguments)
    failing = []
    for seed in range(given.seed, given.seed + given.count):
        program = generate(seed, given.kind)
        if given.print:
            print(program.text, end="\n\n")
        elif failure(program):
            failing.append(seed)
            report(seed, *shrunk(program))
    if not given.print:
        print(f"{given.count} programs, {len(failing)} failing: {failing}")
    return bool(failing)


def report(seed, program, told):
    print(f"--- seed {seed}, {program.kind}: {told}\n{program.text}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
