"""KeyboardInterrupt at every place, or at random ones: what is left must be as before, or as after.

``interrupted(work, n)`` runs ``work`` and raises KeyboardInterrupt at its n-th line, in all of the library's code.
``at_random(work, check, times)`` does so from a signal's handler, as Ctrl-C does, after random times.
"""

import random
import signal
import sys
import time
from pathlib import Path

LIBRARY = tuple(str(Path(__file__).parent.parent / name) for name in ("scalargrad", "fastpath"))


def interrupted(work, n):
    """Run ``work`` with an interrupt at the beginning of its n-th line; whether it came so far."""
    count = 0

    def lines(frame, event, argument):
        nonlocal count
        if event == "line":
            count += 1
            if count == n:
                sys.settrace(None)
                raise KeyboardInterrupt
        return lines

    def calls(frame, event, argument):
        return lines if frame.f_code.co_filename.startswith(LIBRARY) else None

    before = sys.gettrace()
    sys.settrace(calls)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return count >= n


def at_every_line(prepare, check, most=500):
    """``prepare()`` gives a function to interrupt; ``check(interrupted)`` says whether what is left is right.

    At every line if they are not more than ``most``, otherwise at so many of them, spread evenly. Gives their number.
    """
    total = 0

    def tally(frame, event, argument):
        nonlocal total
        total += event == "line"
        return tally

    work = prepare()
    before = sys.gettrace()
    sys.settrace(lambda frame, *_: tally if frame.f_code.co_filename.startswith(LIBRARY) else None)
    try:
        work()
    finally:
        sys.settrace(before)
    check(False)
    step = max(1, total // most)
    for n in range(1, total + 1, step):
        check(interrupted(prepare(), n))
    return total // step


def at_random(prepare, check, times=500, seed=0):
    """The same with a signal after a random time, within what the work takes. Gives how often it was interrupted."""
    numbers = random.Random(seed)
    work = prepare()
    begun = time.perf_counter()
    work()
    length = time.perf_counter() - begun
    check(False)

    armed = False

    def interrupt(*_):
        nonlocal armed
        if armed:
            armed = False
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    hits = 0
    try:
        for _ in range(times):
            work, hit = prepare(), False
            try:
                armed = True
                signal.setitimer(signal.ITIMER_REAL, numbers.uniform(1e-6, length))
                work()
                armed = False
            except KeyboardInterrupt:
                hit = True
            hits += hit
            check(hit)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return hits
