"""The part ``mutants``: faults planted in ``fastpath`` and the ops, each of which the tests must notice.

A mutant is a file, a text that stands there once, what is put in its place, and what that breaks. It is planted in a
copy of the checkout, where the programs of CI and then the compile tests run until one fails. A text that is not found
any more is an error: the table is then to be brought up to date.

``python -m tests.nightly.mutants 12 memory`` runs number 12 and those in files called ``memory``.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.nightly import SECONDS, SEED
from tests.nightly.mutants_table import TABLE
from tests.random_programs.__main__ import failing

ROOT = Path(__file__).parent.parent.parent
TESTS = (
    "test_plan*.py",
    "test_vectorizing*.py",
    "test_compile*.py",
    "test_design_edges.py",
    "test_tensor.py",
    "test_tensor_edges.py",
)
PACKAGES = ("fastpath", "scalargrad/ops")
LONGEST = 240
"""Seconds: a mutant that runs for longer hangs, which is noticed too."""


@dataclass(frozen=True)
class Mutant:
    file: str
    old: str
    new: str
    what: str


MUTANTS = [Mutant(*row) for row in TABLE]


def home(mutant, root=ROOT):
    """The file of a mutant: the one it names, or, if that has moved, the only one with its text; None if there is none."""
    files = [path for package in PACKAGES for path in Path(root, package).rglob("*.py")]
    once = [path for path in files if path.read_text().count(mutant.old) == 1]
    named = [path for path in once if path.as_posix().endswith(f"/{mutant.file}")]
    if len(named) == 1 or len(once) == 1:
        return (named or once)[0]
    return None


def misfits(root=ROOT):
    """What is wrong with the table: texts that are not found, or not only once."""
    return [f"{i} in {m.file}: {m.old!r}" for i, m in enumerate(MUTANTS) if home(m, root) is None]


def copied(target):
    """A copy of what is needed to run the tests."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".hypothesis")
    for name in ("fastpath", "scalargrad", "tests"):
        shutil.copytree(ROOT / name, Path(target, name), ignore=ignored)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, target)


def environment(root):
    env = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "1"}
    env.pop("NIGHTLY", None)
    env.pop("PYTEST_ADDOPTS", None)
    return env


def pytest_of(root, *options):
    """The command that runs the tests in a copy."""
    tests = sorted(str(p.relative_to(root)) for pattern in TESTS for p in Path(root, "tests").glob(pattern))
    own = [sys.executable, "-m", "pytest", "-q", "--no-header", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
    return [*own, *options, *tests]


def killer(root, skipped="", deselected=()):
    """What notices that something is wrong in this copy: a line of text; None if nothing does."""
    commands = {
        "programs": [sys.executable, "-m", "tests.random_programs", "--first", "--count", "60", "--skip", skipped],
        "tests": pytest_of(root, "-x", *[f"--deselect={name}" for name in deselected]),
    }
    for name, command in commands.items():
        process = subprocess.Popen(
            command,
            cwd=root,
            env=environment(root),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            out, _ = process.communicate(timeout=LONGEST)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.communicate()
            return f"{name}: it hangs"
        if process.returncode:
            told = [line for line in out.splitlines() if line.startswith(("FAILED", "ERROR", "program"))]
            return (told or out.splitlines() or ["it cannot be imported"])[-1][:160]
    return None


def tried(i, mutant, skipped="", deselected=(), end=float("inf")):
    """Plant one mutant, and see what notices; nothing is tried after ``end``."""
    if time.monotonic() > end:
        return i, mutant, None, None
    with tempfile.TemporaryDirectory() as root:
        copied(root)
        path = home(mutant, root)
        path.write_text(path.read_text().replace(mutant.old, mutant.new))
        start = time.monotonic()
        by = killer(root, skipped, deselected)
        return i, mutant, by, time.monotonic() - start


def unharmed():
    """The programs, and the tests, that fail without any mutant: none, if all is well."""
    with tempfile.TemporaryDirectory() as root:
        copied(root)
        skipped = ",".join(f"{seed}:{kind}" for seed, kind in failing(60))
        deselected = set()
        for _ in range(2):  # one that fails now and then may do so the second time
            options = [f"--deselect={name}" for name in deselected]
            done = subprocess.run(
                pytest_of(root, *options), cwd=root, env=environment(root), capture_output=True, text=True
            )
            deselected |= {line.split()[1] for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))}
        if done.returncode not in (0, 1):
            sys.exit(f"without any mutant the tests do not run:\n{done.stdout[-2000:]}")
    return skipped, tuple(sorted(deselected))


def main(wanted=()):
    if wrong := misfits():
        print("The table of mutants is out of date:", *wrong, sep="\n  ")
    chosen = [
        (i, m)
        for i, m in enumerate(MUTANTS)
        if not wanted or str(i) in wanted or any(w in m.file for w in wanted if not w.isdigit())
    ]
    chosen = [(i, m) for i, m in chosen if home(m)]
    without = unharmed()
    first = SEED * 7 % max(len(chosen), 1)  # another beginning every night, if there is no time for all
    limited = "NIGHTLY_SECONDS" in os.environ and not wanted
    end = time.monotonic() + 0.9 * SECONDS if limited else float("inf")
    survivors, count = [], 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(tried, i, m, *without, end) for i, m in chosen[first:] + chosen[:first]]
        for i, mutant, by, seconds in (job.result() for job in jobs):
            if seconds is None:
                continue
            count += 1
            if by is None:
                survivors.append((i, mutant))
            outcome = "SURVIVES" if by is None else f"killed  {by}"
            print(f"{i:3} {mutant.file:32} {seconds:4.0f} s  {mutant.what}: {outcome}", flush=True)
    left = f"; left out, since they fail anyway: {without}" if any(without) else ""
    print(f"{count} of {len(chosen)} mutants tried, {len(survivors)} survive{left}")
    for i, mutant in survivors:
        print(f"  {i} {mutant.file}: {mutant.what}\n    - {mutant.old}\n    + {mutant.new}")
    return int(bool(survivors or wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
