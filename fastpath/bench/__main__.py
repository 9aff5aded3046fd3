"""``python -m fastpath.bench [CASE …] [--quick] [--json | --markdown] [--plot FILE] [--readme FILE]``."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path

from fastpath.bench.plotting import PLOTS, plot_problem
from fastpath.bench.report import Report

CASES = {
    "scalar": "the scalar engine against micrograd",
    "tensor": "training steps on Tensors against NumPy by hand and other libraries",
    "compile": "compiled scalar code and compiled functions of Tensors against NumPy by hand and other libraries",
    "scaling": "how time grows with nodes, batch and width",
    "backends": "the same network on Values and on Tensors: time, nodes, memory",
    "parity": "the largest difference between the two backends, parameter by parameter",
}
BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


def main(arguments: list[str] | None = None) -> int:
    """Run cases and print their reports; 1 if the outcome of one is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m fastpath.bench",
        description="Measure, side by side in one run.",
        epilog="cases: " + "; ".join(f"{name}: {what}" for name, what in CASES.items()),
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help="which to run; all of them if none is given")
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds; all in about a minute, without torch.compile"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="as JSON")
    form.add_argument("--markdown", action="store_true", help="as a Markdown table")
    parser.add_argument("--plot", metavar="FILE", help=f"draw it, too, as .svg, .png or .pdf ({', '.join(PLOTS)})")
    parser.add_argument("--readme", metavar="FILE", help=f"put the tables into a text, between {BEGIN} and {END}")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.cases if name not in CASES]
    if unknown:
        parser.error(f"there is no case {unknown[0]!r}: the cases are {', '.join(CASES)}")
    names = options.cases or list(CASES)
    if options.plot:
        if len(names) > 1 or names[0] not in PLOTS:
            parser.error(f"--plot draws {', '.join(PLOTS)}, one at a time, not {' '.join(names)}")
        if problem := plot_problem(options.plot):
            parser.error(problem)
    if options.readme and (problem := readme_problem(options.readme)):
        parser.error(problem)
    reports = []
    for name in names:
        report = import_module(f"fastpath.bench.{name}").run(quick=options.quick)
        reports.append(report)
        if not options.json:
            print(("\n\n" if len(reports) > 1 else "") + (report.markdown() if options.markdown else report.table()))
        if options.plot:
            PLOTS[name](report, options.plot)
    if options.json:
        texts = [report.json() for report in reports]
        print(texts[0] if len(texts) == 1 else "[" + ",\n".join(texts) + "]")
    if options.readme:
        put(options.readme, reports)
    return 1 if any(report.failed for report in reports) else 0


def readme_problem(path: str) -> str:
    """Why the tables cannot be put into this file, in one sentence; empty if they can."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        return f"--readme: {path} cannot be read ({error.strerror})"
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        return f"--readme: {path} needs one line {BEGIN} and, after it, one {END}; the tables go between"
    return ""


def put(path: str, reports: list[Report]) -> None:
    """Put the tables between the marks, in place of what is there."""
    text = Path(path).read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    tables = "\n\n".join(report.markdown() for report in reports)
    Path(path).write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
