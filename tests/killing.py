"""Programs that save without end, killed at a random moment: what is there afterwards is one whole version."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

SAVING = """
import sys
from scalargrad import Value, draw, steps

def versions(n):
    x = Value(1.0, label="x")
    y = x
    for _ in range(n):
        y = y * x + 1
    return steps(y), draw(y)

small, large = versions(2), versions(40)
print("ready", flush=True)
while True:
    for told, drawing in (small, large):
        told.save(sys.argv[1] + "/steps.txt")
        drawing.save(sys.argv[1] + "/trace.json")
        told.save(sys.argv[1] + "/steps.md")
"""
FILES = ("steps.txt", "trace.json", "steps.md")


def killed(folder, seconds):
    """Let a program save into a folder, and kill it after so many seconds."""
    root = Path(__file__).parent.parent
    env = {**os.environ, "PYTHONPATH": str(root)}
    process = subprocess.Popen([sys.executable, "-c", SAVING, str(folder)], stdout=subprocess.PIPE, env=env)
    try:
        assert process.stdout.readline() == b"ready\n"
        time.sleep(seconds)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()


def whole_versions():
    """What may be in each file: the small version or the large one."""
    from scalargrad import Value, draw, steps

    found = {name: set() for name in FILES}
    for n in (2, 40):
        x = Value(1.0, label="x")
        y = x
        for _ in range(n):
            y = y * x + 1
        told = steps(y)
        found["steps.txt"].add(told.text)
        found["steps.md"].add(told.markdown)
        found["trace.json"].add(draw(y).trace.to_json(indent=1))
    return found


def require_whole(folder, versions):
    for name, known in versions.items():
        path = Path(folder) / name
        if path.exists():
            assert path.read_text(encoding="utf-8") in known, name
