"""Ctrl-C at a place of one's choice: KeyboardInterrupt at the n-th step of the library's code, n swept over a whole run."""

import sys
from pathlib import Path

LIBRARY = tuple(str(Path(__file__).parent.parent / name) for name in ("scalargrad", "fastpath"))


class _Counting:
    """Traces the library's code, and raises at its n-th line, or instruction with ``opcodes``."""

    def __init__(self, n, opcodes):
        self.n, self.opcodes, self.seen = n, opcodes, 0
        self.event = "opcode" if opcodes else "line"

    def __call__(self, frame, event, _):
        if not frame.f_code.co_filename.startswith(LIBRARY):
            return None
        if self.opcodes:
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self.inside

    def inside(self, frame, event, _):
        if event == self.event:
            self.seen += 1
            if self.seen == self.n:
                raise KeyboardInterrupt
        return self.inside


def steps_of(work, opcodes=False):
    """How many steps of the library's code ``work()`` takes."""
    counting = _Counting(-1, opcodes)
    _traced(work, counting)
    return counting.seen


def interrupted(work, n, opcodes=False):
    """Run ``work()`` with KeyboardInterrupt at step ``n``; whether it came out of it."""
    try:
        _traced(work, _Counting(n, opcodes))
    except KeyboardInterrupt:
        return True
    return False


def places(steps, most=500):
    """Where to interrupt: every step, or ``most`` of them evenly."""
    return range(1, steps + 1) if steps <= most else sorted({1 + i * (steps - 1) // (most - 1) for i in range(most)})


def _traced(work, counting):
    before = sys.gettrace()
    sys.settrace(counting)
    try:
        return work()
    finally:
        sys.settrace(before)
