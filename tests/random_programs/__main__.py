"""``python -m tests.random_programs``: programs by seed, run, shrunk and printed.

``--seed 3 --count 100 --kind scalar``; ``--print`` only prints them.
"""

import argparse
import sys

from tests.random_programs.generate import generate
from tests.random_programs.program import KINDS
from tests.random_programs.shrinking import failure, shrunk


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m tests.random_programs", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--first", action="store_true", help="stop at the first that fails, and leave it as it is")
    parser.add_argument("--skip", default="", help="programs that are left out: 3:scalar,7:graph")
    parser.add_argument("--print", action="store_true", help="only print the programs")
    given = parser.parse_args(arguments)
    if given.first:
        for seed, kind in failing(given.count, given.seed, given.skip.split(",")):
            print(f"program {seed}, {kind}: {failure(generate(seed, kind))[1]}")
            return 1
        return 0
    found = []
    for seed in range(given.seed, given.seed + given.count):
        program = generate(seed, given.kind)
        if given.print:
            print(program.text, end="\n\n")
        elif failure(program):
            found.append(seed)
            report(seed, *shrunk(program))
    if not given.print:
        print(f"{given.count} programs, {len(found)} failing: {found}")
    return bool(found)


def failing(count, first=0, skipped=()):
    """The programs that fail, one after the other: (seed, kind)."""
    for seed in range(first, first + count):
        for kind in KINDS:
            if f"{seed}:{kind}" not in skipped and failure(generate(seed, kind)):
                yield seed, kind


def report(seed, program, told):
    print(f"--- seed {seed}, {program.kind}: {told}\n{program.text}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
