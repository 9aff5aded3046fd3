"""``python -m tests.nightly``: everything that is too long for every change, within 30 minutes.

``python -m tests.nightly programs --seconds 60 --seed 3`` runs one part alone; ``--list`` names them all.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
GRACE = 60
"""A part that takes twice its time and so many seconds is ended."""
WHOLE = 30 * 60
"""All parts together are ended after so many seconds."""
TIMES = {
    "programs": 420, "mutants": 540, "registry": 180, "texts": 240, "interrupts": 200, "threads": 100, "accuracy": 100,
}  # fmt: skip
"""How many seconds each part is given."""

PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header"]


def parts():
    """The command of each part, and how many seconds it is given."""
    found = {name: [sys.executable, "-m", f"tests.nightly.{name}"] for name in ("programs", "mutants")}
    for path in sorted(HERE.glob("test_*.py")):
        found[path.stem.removeprefix("test_")] = [*PYTEST, str(path)]
    return {name: (command, TIMES.get(name, 20)) for name, command in found.items()}


def main(arguments=None):
    known = parts()
    parser = argparse.ArgumentParser(prog="python -m tests.nightly", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"{', '.join(known)}; all of them if none is named")
    parser.add_argument("--seconds", type=float, help="for each part, instead of its own time")
    parser.add_argument("--seed", type=int, default=int(time.time()) // 86400, help="today's, if none is given")
    parser.add_argument("--list", action="store_true", help="name the parts and how long they take")
    given = parser.parse_args(arguments)
    if unknown := set(given.parts) - set(known):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if given.list:
        for name, (_, seconds) in known.items():
            print(f"{name:12} {seconds:4} s")
        return 0
    end = time.monotonic() + (WHOLE if given.seconds is None else float("inf"))
    rows = [run(name, *known[name], given, end) for name in given.parts or known]
    print(f"\nseed {given.seed}\n{'part':14}{'seconds':>8}  outcome")
    for name, seconds, outcome in rows:
        print(f"{name:14}{seconds:8.0f}  {outcome}")
    return int(any(outcome != "passed" for _, _, outcome in rows))


def run(name, command, seconds, given, end=float("inf")):
    """One part in a process of its own, ended at ``end``: its name, how long it took, and how it came out."""
    seconds = given.seconds or seconds
    print(f"=== {name}: up to {seconds:.0f} s, seed {given.seed}", flush=True)
    env = {**os.environ, "NIGHTLY": "1", "NIGHTLY_SECONDS": str(seconds), "NIGHTLY_SEED": str(given.seed)}
    env.setdefault("NIGHTLY_EXAMPLES", str(max(20, int(seconds / 4))))
    env.pop("PYTEST_ADDOPTS", None)
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, [env.get("PYTHONPATH")])])
    if command[: len(PYTEST)] == PYTEST:
        command = [*command, f"--hypothesis-seed={given.seed}"]
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True)
    try:
        code = process.wait(timeout=max(0, min(2 * seconds + GRACE, end - start)))
        outcome = "passed" if code in (0, 5) else "FAILED"  # 5: pytest found no test
    except subprocess.TimeoutExpired:
        outcome = "FAILED: out of time"
    finally:
        kill(process)
    return name, time.monotonic() - start, outcome


def kill(process):
    """Kill a process and all it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, 9)
    process.wait()


if __name__ == "__main__":
    sys.exit(main())
