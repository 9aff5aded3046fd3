"""``python -m fastpath.bench CASE [--quick] [--json | --markdown]``."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

CASES = {"scalar": "the scalar engine against micrograd"}


def main(arguments: list[str] | None = None) -> int:
    """Run a case and print its report."""
    parser = argparse.ArgumentParser(
        prog="python -m fastpath.bench",
        description="Measure, side by side in one run.",
        epilog="cases: " + "; ".join(f"{name}: {what}" for name, what in CASES.items()),
    )
    parser.add_argument("case", choices=CASES)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, under a minute")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument("--markdown", action="store_true", help="as a Markdown table")
    options = parser.parse_args(arguments)
    report = import_module(f"fastpath.bench.{options.case}").run(quick=options.quick)
    print(report.json() if options.json else report.markdown() if options.markdown else report.table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
