"""The commands: each reads its arguments, does one thing with the library, and returns an exit code."""

from __future__ import annotations

import textwrap
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scalargrad import saving
from scalargrad.cli.console import FAILED, OK, UsageError, paint, wrote
from scalargrad.cli.inputs import Parser, cut, precision, read, target, whole
from scalargrad.cli.lecture import EXAMPLES, lecture_arguments, show_lecture
from scalargrad.language import either, say

NEURON = "1/(1+exp(-(w0*x0+w1*x1+w2)))"
VALUES = ("w0=2", "x0=-1", "w1=-3", "x1=-2", "w2=-3")


def formula_arguments(parser: Parser) -> None:
    """The arguments of every command that takes a formula."""
    parser.add_argument("formula", metavar="EXPR", help=say('a formula, in quotes: "tanh(w*x + b)"'))
    text = say("a number for each variable; 1/3 and pi/2 too")
    parser.add_argument("values", metavar="name=value", nargs="*", default=[], help=text)


# --- draw ------------------------------------------------------------------------------------------------------------


def draw_arguments(parser: Parser) -> None:
    formula_arguments(parser)
    from scalargrad.drawing import Drawing
    from scalargrad.drawing.style import AUTO, PARTS, THEMES

    text = say("the file to write: {0}", Drawing.endings)
    parser.add_argument("-o", "--output", metavar="FILE", default="graph.svg", help=text)
    parser.add_argument(
        "--precision", type=precision, metavar="N", help=say("decimals; four significant digits if not given")
    )
    parser.add_argument("--direction", metavar="D", help=say("where data flows: LR, to the right, TB, down, or auto"))
    parser.add_argument("--theme", metavar="T", help=say("the colours: {0}", either((*THEMES, AUTO))))
    parser.add_argument("--show", metavar="A,B", help=say("which of {0} to show", ",".join(PARTS)))
    parser.add_argument("--max-nodes", type=whole, metavar="N", help=say("draw graphs of up to so many nodes"))
    parser.add_argument("--depth", type=whole, metavar="N", help=say("fold scopes nested deeper than this"))


def draw_graph(arguments: Namespace) -> int:
    """Draw the graph with every value and gradient, or write its trace as JSON."""
    from scalargrad.drawing import Drawing, draw

    path = target("-o", arguments.output, Drawing.endings)
    root = graph(arguments)
    if path.suffix.lower() == ".json":
        from scalargrad.tracing import trace

        saving.write(path, trace(root).to_json(indent=1) + "\n")
    else:
        chosen = {key: getattr(arguments, key) for key in ("precision", "direction", "theme", "max_nodes", "depth")}
        if arguments.show is not None:
            chosen["show"] = tuple(arguments.show.replace(",", " ").split())
        try:
            drawing = draw(root, **{key: value for key, value in chosen.items() if value is not None})
        except ValueError as error:  # in the words of this command
            raise UsageError(str(error).replace("max_nodes=", "--max-nodes ").replace("depth=", "--depth ")) from None
        drawing.save(path)
    wrote(path)
    return OK


def graph(arguments: Namespace) -> Any:
    """The graph of the formula that was typed."""
    expression, values = read(arguments)
    return expression.graph(**values)


# --- steps -----------------------------------------------------------------------------------------------------------


def steps_arguments(parser: Parser) -> None:
    from scalargrad.stepper import Stepper
    from scalargrad.stepper.worksheet import Worksheet

    formula_arguments(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--latex", action="store_true", help=say("LaTeX, to stand in a document that loads amsmath"))
    form.add_argument("--markdown", action="store_true", help=say("Markdown"))
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help=say("the file to write: {0}; of these .html is a page that plays the steps", Stepper.endings),
    )
    parser.add_argument("--html", metavar="FILE", help=say("write the page that plays the steps"))
    parser.add_argument("--predict", action="store_true", help=say("let the page ask for each number first"))
    parser.add_argument(
        "--worksheet", metavar="FILE", help=say("write a worksheet and its key: {0}", Worksheet.endings)
    )
    parser.add_argument(
        "--precision", type=precision, metavar="N", help=say("decimals; four significant digits if not given")
    )
    text = say("round every number to N decimals before going on, as on the slides")
    parser.add_argument("--rounding", type=precision, metavar="N", help=text)


def tell_steps(arguments: Namespace) -> int:
    """Tell the computation step by step: forward, then backward."""
    from scalargrad.stepper import Stepper, steps
    from scalargrad.stepper.worksheet import Worksheet

    wanted = [".tex"] if arguments.latex else [".md"] if arguments.markdown else Stepper.endings.writers
    path = None if arguments.output is None else target("-o", arguments.output, wanted)
    page = None if arguments.html is None else target("--html", arguments.html, [".html"])
    sheet = None if arguments.worksheet is None else target("--worksheet", arguments.worksheet, Worksheet.endings)
    plays = page is not None or (path is not None and path.suffix.lower() == ".html")
    if arguments.predict and not plays:
        raise UsageError(say("--predict is for the page that plays the steps: add --html steps.html"))
    stepper = steps(graph(arguments), precision=arguments.precision, rounding=arguments.rounding)
    if sheet is not None:
        questions = stepper.worksheet()
        wrote(questions.save(sheet))
        wrote(questions.key.save(sheet.with_stem(sheet.stem + "-key")))
    for file in filter(None, (page, path)):
        wrote(stepper.save(file, predict=arguments.predict))
    if not (sheet or page or path):
        text = stepper.latex if arguments.latex else stepper.markdown if arguments.markdown else stepper.text
        print(text, end="")
    return OK


# --- check -----------------------------------------------------------------------------------------------------------


def check_arguments(parser: Parser) -> None:
    formula_arguments(parser)
    parser.add_argument(
        "--order", type=whole, default=1, metavar="N", help=say("1: gradients; 2: second derivatives too")
    )
    parser.add_argument(
        "--method", choices=("central", "forward"), default="central", help=say("the finite difference")
    )


def check_gradients(arguments: Namespace) -> int:
    """Compare every gradient with a finite difference; exit with 1 if one is wrong."""
    from scalargrad.checking import gradcheck

    if arguments.order not in (1, 2):
        raise UsageError(say("--order is 1 or 2, not {0}", arguments.order))
    report = gradcheck(graph(arguments), order=arguments.order, method=arguments.method)
    print(report)
    return OK if report else FAILED


# --- demo ------------------------------------------------------------------------------------------------------------


def demo_arguments(parser: Parser) -> None:
    parser.add_argument("-o", "--output", metavar="FILE", help=say("where to write the drawing; sigmoid-neuron.svg"))


def show_demo(arguments: Namespace) -> int:
    """Show the sigmoid neuron of the lecture: its values, its gradients, its drawing."""
    from scalargrad.cli.demo import run

    return run(arguments.output)


# --- doctor ----------------------------------------------------------------------------------------------------------


def doctor_arguments(parser: Parser) -> None:
    pass


def examine(arguments: Namespace) -> int:
    """Look at the installation; exit with 1 and say what to do if something is broken."""
    from scalargrad.cli.doctor import run

    return run()


# --- bench -----------------------------------------------------------------------------------------------------------


def bench_arguments(parser: Parser) -> None:
    text = say("what to measure, and options: see bench -- --help")
    parser.add_argument("rest", metavar="CASE", nargs="*", help=text)


def run_bench(arguments: Namespace) -> int:
    """Measure, side by side in one run: the same as python -m fastpath.bench."""
    import subprocess
    import sys

    from scalargrad.packages import BENCH

    return subprocess.run([sys.executable, "-m", BENCH, *arguments.rest], check=False).returncode


# --- ops -------------------------------------------------------------------------------------------------------------


def ops_arguments(parser: Parser) -> None:
    parser.add_argument("names", metavar="NAME", nargs="*", help=say("show these ops only"))


def list_ops(arguments: Namespace) -> int:
    """List the ops: their formula, their local derivatives, and what they are."""
    from scalargrad.ops import OPS

    unknown = [name for name in arguments.names if name not in OPS]
    if unknown:
        from difflib import get_close_matches

        near = get_close_matches(unknown[0], OPS, n=1)
        hint = say("did you mean {0}?", near[0]) if near else say("the command ops without a name lists them all")
        raise UsageError(say("there is no op called {0!r}; {1}", cut(unknown[0]), hint))
    for name in arguments.names or OPS:
        op = OPS[name]
        formula, call = op.text_of(*op.operands), f"{name}({', '.join(op.operands)})"
        print(f"{paint(name, 'bold')}{op.signature}" + (f" = {formula}" if formula != call else ""))
        if op.why_not:
            lines = [say("no gradient: {0}", say(op.why_not))]
        else:
            lines = [f"∂/∂{x} = {op.formula(i, op.operands)}" for i, x in enumerate(op.operands)]
        also = [say("in formulas also {0}", ", ".join(op.aliases))] if op.aliases else []
        for line in [say(op.note), *lines, *also]:
            print(textwrap.fill(line, 78, initial_indent="    ", subsequent_indent="        "))
    return OK


# --- all of them -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """A command: what it does, how its arguments are declared, and examples of its use."""

    run: Callable[[Namespace], int]
    arguments: Callable[[Parser], None]
    examples: tuple[str, ...]

    @property
    def description(self) -> str:
        """What it does, in one sentence."""
        return str(self.run.__doc__)


_EXAMPLE = f'"{NEURON}" {" ".join(VALUES)}'
COMMANDS = {
    "draw": Command(draw_graph, draw_arguments, (
        f"draw {_EXAMPLE} -o neuron.svg",
        'draw "-x^2" x=-3 -o parabola.png --theme dark --show values,downstream',
        'draw "σ(α·x)" α=0.1 x=1/3 -o sigmoid.json',
    )),
    "steps": Command(tell_steps, steps_arguments, (
        'steps "x*x + x" x=3',
        'steps "relu(w*x - 1)" w=2 x=-1 --precision 2 --markdown',
        'steps "log(x)/y" x=2 y=pi/2 -o steps.tex',
        'steps "(w*x + b)^2" w=2 x=-1 b=1/2 --html steps.html --predict --lang ru',
        'steps "σ(w*x)" w=2 x=-1 --worksheet sheet.html',
    )),
    "check": Command(check_gradients, check_arguments, (
        'check "tanh(w*x + b)" w=2 x=-1 b=0.5',
        'check "x^3" x=2 --order 2',
    )),
    "demo": Command(show_demo, demo_arguments, ("demo", "demo -o neuron.svg")),
    "lecture": Command(show_lecture, lecture_arguments, EXAMPLES),
    "doctor": Command(examine, doctor_arguments, ("doctor",)),
    "bench": Command(run_bench, bench_arguments, ("bench parity",)),
    "ops": Command(list_ops, ops_arguments, ("ops", "ops sigmoid relu")),
}  # fmt: skip
"""Every command by name."""
