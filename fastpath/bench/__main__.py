"""``python -m fastpath.bench CASE [--quick] [--json | --markdown] [--plot FILE]``."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

CASES = {
    "scalar": "the scalar engine against micrograd",
    "tensor": "training steps on Tensors against NumPy by hand and other libraries",
    "backends": "the same network on Values and on Tensors: time, nodes, memory",
    "parity": "the largest difference between the two backends, parameter by parameter",
}
PLOTTED = ("backends",)


def main(arguments: list[str] | None = None) -> int:
    """Run a case and print its report; 1 if its outcome is wrong."""
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
    parser.add_argument("--plot", metavar="FILE", help=f"draw it, too, as .svg, .png or .pdf ({', '.join(PLOTTED)})")
    options = parser.parse_args(arguments)
    case = import_module(f"fastpath.bench.{options.case}")
    if options.plot:
        if options.case not in PLOTTED:
            parser.error(f"--plot draws {' and '.join(PLOTTED)}, not {options.case}")
        problem = case.plot_problem(options.plot)
        if problem:
            parser.error(problem)
    report = case.run(quick=options.quick)
    print(report.json() if options.json else report.markdown() if options.markdown else report.table())
    if options.plot:
        case.plot(report, options.plot)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
