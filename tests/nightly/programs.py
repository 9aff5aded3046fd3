"""The part ``programs``: up to 20 000 programs written by chance, on every processor."""

import collections
import os
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.nightly import SECONDS, SEED
from tests.random_programs.__main__ import report
from tests.random_programs.generate import generate
from tests.random_programs.program import KINDS
from tests.random_programs.shrinking import failure, shrunk

COUNT = 20_000
CHUNK = 50
SHOWN = 20
"""So many failing programs are shrunk and printed."""


def run(first, end):
    """The programs of a chunk that fail: (seed, kind)."""
    warnings.simplefilter("ignore")  # NumPy's of the mean of nothing, say
    failing, ran = [], 0
    for seed in range(first, first + CHUNK):
        if time.time() > end:
            break
        kind = KINDS[seed % len(KINDS)]
        ran += 1
        if failure(generate(seed, kind)):
            failing.append((seed, kind))
    return ran, failing


def main(seconds=SECONDS, seed=SEED, count=COUNT):
    end = time.time() + 0.9 * seconds
    begin = 1_000_000 * (seed + 1)
    failing, ran = [], 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for job in as_completed([pool.submit(run, begin + i, end) for i in range(0, count, CHUNK)]):
            more, found = job.result()
            ran += more
            failing += found
    for seed, kind in sorted(failing)[:SHOWN]:
        program = generate(seed, kind)
        if failure(program):
            report(seed, *shrunk(program, seconds=5.0))
    kinds = collections.Counter(kind for _, kind in failing)
    print(f"{ran} programs, {len(failing)} failing {dict(kinds) or ''} {sorted(failing)[:100] or ''}")
    return int(bool(failing))


if __name__ == "__main__":
    sys.exit(main())
