"""What a test starts ends with it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import server

STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(os.getpid(), child.pid, flush=True)
time.sleep(600)
"""
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")


def is_running(pid):
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pids):
    """Whether these processes have ended: they are given a moment."""
    for _ in range(400):
        if not any(map(is_running, pids)):
            return True
        time.sleep(0.05)
    return False


@needs_proc
def test_a_server_that_ignores_signals_is_gone_with_its_children_when_a_test_fails():
    pids = []

    def a_test_that_fails():
        with server([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as process:
            pids.extend(map(int, process.stdout.readline().split()))
            process.stdout.close()
            assert all(map(is_running, pids))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        a_test_that_fails()
    assert gone(pids)


@needs_proc
def test_a_server_is_gone_when_the_process_of_the_test_is_killed(tmp_path):
    stubborn = tmp_path / "stubborn.py"
    stubborn.write_text(STUBBORN)
    code = f"import sys, time; from tests.processes import server\nwith server([sys.executable, {str(stubborn)!r}]): time.sleep(600)"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent, env=env
    )
    own, child = map(int, process.stdout.readline().split())
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert gone([own])
    os.kill(child, signal.SIGKILL)  # it has a session of its own, and nobody is left to look for it
