"""``scalargrad lecture``: the worked examples of the lectures, as a table, a drawing or steps."""

from __future__ import annotations

import shutil
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scalargrad.cli.console import OK, UsageError, paint, wrote
from scalargrad.cli.inputs import Parser, precision, target
from scalargrad.language import say

if TYPE_CHECKING:
    from scalargrad.lectures import System

EXAMPLES = (
    "lecture",
    "lecture sigmoid-neuron",
    "lecture softmax --draw -o softmax.svg",
    "lecture sigmoid-neuron --steps --rounding 2",
    "lecture network-3-3-2 --steps --graph O2 -o steps.html --lang ru",
)
WIDEST = 120
_VIEWS = ("--draw", "--steps")


def lecture_arguments(parser: Parser) -> None:
    from scalargrad.drawing import Drawing
    from scalargrad.lectures import System
    from scalargrad.stepper import Stepper

    text = say("an example of the lectures; without it all of them are listed")
    parser.add_argument("name", metavar="NAME", nargs="?", help=text)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--draw", action="store_true", help=say("draw its graph"))
    form.add_argument("--steps", action="store_true", help=say("tell its computation step by step"))
    parser.add_argument("--graph", metavar="G", help=say("which of its graphs, if it has several"))
    tables = say("the file to write: {0}; a drawing {1}; steps {2}", System.endings, Drawing.endings, Stepper.endings)
    parser.add_argument("-o", "--output", metavar="FILE", help=tables)
    parser.add_argument("--precision", type=precision, metavar="N", help=say("decimals"))
    text = say("round every number to N decimals before going on, as on the slides")
    parser.add_argument("--rounding", type=precision, metavar="N", help=text)


def show_lecture(arguments: Namespace) -> int:
    """Show an example of the lectures: what they say, what is exact, and why the two differ."""
    require_fitting(arguments)
    if arguments.name is None:
        return list_all()
    from scalargrad.lectures import system

    found = system(arguments.name)
    if arguments.draw:
        return draw(found, arguments)
    if arguments.steps:
        return steps(found, arguments)
    return table(found, arguments)


def require_fitting(arguments: Namespace) -> None:
    """Refuse an option that would have no effect."""
    options = {"--draw": arguments.draw or None, "--steps": arguments.steps or None, "-o": arguments.output}
    options |= {f"--{name}": getattr(arguments, name) for name in ("graph", "precision", "rounding")}
    given = [option for option, value in options.items() if value is not None]
    if given and arguments.name is None:
        raise UsageError(say("{0} needs the name of an example: scalargrad lecture lists them", given[0]))
    for option, forms in {"--graph": _VIEWS, "--precision": _VIEWS, "--rounding": _VIEWS[1:]}.items():
        if option in given and not set(forms) & set(given):
            raise UsageError(say("{0} has no effect on the table: add {1}", option, " / ".join(forms)))


def list_all() -> int:
    """One line for each example: its name, its lecture, its title."""
    from scalargrad.lectures import SYSTEMS

    size = max(map(len, SYSTEMS))
    for name, system in SYSTEMS.items():
        print(f"{paint(f'{name:{size}}', 'bold')}  {system.lecture}  {system.title}")
    return OK


def table(system: System, arguments: Namespace) -> int:
    """Print the claims, or write them."""
    if arguments.output is None:
        columns = shutil.get_terminal_size((100, 24)).columns
        print(system.text(width=min(columns, WIDEST)))
        return OK
    return written(system.endings.save(system, target("-o", arguments.output, system.endings)))


def draw(system: System, arguments: Namespace) -> int:
    """Write the drawing of its graph."""
    from scalargrad.drawing import Drawing

    path = target("-o", arguments.output or f"{system.name}.svg", Drawing.endings)
    return written(system.draw(arguments.graph, **chosen_precision(arguments)).save(path))


def steps(system: System, arguments: Namespace) -> int:
    """Print the steps of its computation, or write them."""
    from scalargrad.stepper import Stepper

    path = None if arguments.output is None else target("-o", arguments.output, Stepper.endings)
    stepper = system.steps(arguments.graph, rounding=arguments.rounding, **chosen_precision(arguments))
    if path is None:
        print(stepper.text, end="")
        return OK
    return written(stepper.save(path))


def chosen_precision(arguments: Namespace) -> dict[str, Any]:
    return {} if arguments.precision is None else {"precision": arguments.precision}


def written(path: Path) -> int:
    wrote(path)
    return OK
