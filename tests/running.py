"""Running work in several threads at once, and counting the calls it makes."""

import sys
import threading


def together(*works, rounds=1):
    """Run functions in threads of their own that begin together and take turns often; what they raise is raised."""
    errors, start = [], threading.Barrier(len(works))

    def run(work):
        try:
            start.wait(30)
            for _ in range(rounds):
                work()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    if errors:
        raise errors[0]


def calls(work):
    """How many functions are called, in Python and in C."""
    made = [0]

    def tally(frame, event, argument):
        made[0] += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(tally)
    try:
        work()
    finally:
        sys.setprofile(before)
    return made[0]
