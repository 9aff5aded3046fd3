"""Servers that tests start: they end with the test, whatever happens, and with all they have started."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

WATCHED = "import os, subprocess, sys; subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL); sys.stdin.read(); os.killpg(0, 9)"
"""Starts a command, and kills it when the process that reads this ends: its end of the pipe is closed then."""


@contextlib.contextmanager
def server(command, **options):
    """A process in a session of its own. At the end it is killed, not asked; so are its children, wherever they went."""
    process = subprocess.Popen(
        [sys.executable, "-c", WATCHED, *command], stdin=subprocess.PIPE, start_new_session=True, **options
    )
    try:
        yield process
    finally:
        family = descendants(process.pid)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        for pid in family:  # a kernel of Jupyter has a session of its own
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.stdin.close()
        process.wait()


def descendants(pid):
    """The processes started by this one, and by those; none where there is no /proc."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended since
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found, todo = [], [pid]
    while todo:
        parent = todo.pop()
        more = [child for child, of in parents.items() if of == parent]
        found += more
        todo += more
    return found
