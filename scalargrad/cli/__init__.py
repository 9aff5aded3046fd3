"""The command line: ``scalargrad draw``, ``steps``, ``check``, ``demo``, ``lecture``, ``doctor``,
``ops``.

Exit codes: 0 done; 1 a check failed or the work could not be done; 2 wrong usage or bad input. What is wrong is one
line on the standard error.
"""

from __future__ import annotations

import sys

from scalargrad.cli import console
from scalargrad.cli.commands import COMMANDS
from scalargrad.cli.inputs import Parser, cut, spoken
from scalargrad.language import say, speaking
from scalargrad.ops.registry import NotDifferentiableError

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run a command line (that of the process if none is given) and return its exit code."""
    console.prepare()
    try:
        try:
            lang, rest = spoken(sys.argv[1:] if arguments is None else arguments)
            with speaking(lang):
                code = start(rest)
        except SystemExit as end:  # --help and --version
            code = int(end.code or 0)
        console.flush()
        return code
    except KeyboardInterrupt:
        console.settle()
        return console.INTERRUPTED
    except BrokenPipeError:  # the reader has seen enough
        console.settle()
        return console.PIPE_CLOSED
    except ValueError as error:  # of --lang or of SCALARGRAD_LANG
        console.complain(error)
        return console.WRONG_USAGE


def start(arguments: list[str]) -> int:
    """Run a command line whose language is spoken; write what goes wrong."""
    try:
        return run(arguments)
    except BrokenPipeError:
        raise
    except (ValueError, ArithmeticError, NotDifferentiableError) as error:
        console.complain(error)
        return console.WRONG_USAGE
    except (OSError, RuntimeError, MemoryError) as error:
        console.complain(reason(error))
        console.settle()
        return console.FAILED
    except Exception as error:  # no traceback for whoever only typed a formula
        sentence = say("this should not have happened: {0} ({1}); please report it", error, type(error).__name__)
        console.complain(sentence)
        console.settle()
        return console.FAILED


def reason(error: Exception) -> str:
    """An error as one line: what the system says of which file, or the error's own words."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, MemoryError):
        return say("out of memory: the graph is too large for this machine")
    return " ".join(str(error).split())


def run(arguments: list[str]) -> int:
    """Find the command and run it."""
    parser = command_line()
    if not arguments:
        parser.print_help(sys.stderr)
        return console.WRONG_USAGE
    name = arguments[0]
    if name.startswith("-"):
        parser.parse_args(arguments)
    if name not in COMMANDS:
        known = ", ".join(COMMANDS)
        raise console.UsageError(
            say("there is no command {0!r}: expected one of {1} (see scalargrad --help)", cut(name), known)
        )
    options = command_parser(name).parse(arguments[1:])
    options.command = name
    return COMMANDS[name].run(options)


def command_line() -> Parser:
    """The parser of what stands before a command."""
    from scalargrad import __version__

    listed = "\n".join(f"  {name:8} {say(command.description)}" for name, command in COMMANDS.items())
    parser = Parser(
        prog="scalargrad",
        usage=f"scalargrad {say('COMMAND')} …",
        description=say("Step through backpropagation, number by number."),
        epilog="\n".join(
            [
                say("commands:"),
                listed,
                "",
                say("begin with: {0}", "scalargrad demo"),
                say("more about one of them: {0}", f"scalargrad {say('COMMAND')} --help"),
            ]
        ),
    )
    parser.add_argument(
        "--version", action="version", version=f"scalargrad {__version__}", help=say("show the version")
    )
    return parser


def command_parser(name: str) -> Parser:
    """The parser of one command."""
    command = COMMANDS[name]
    examples = "\n".join(f"  scalargrad {example}" for example in command.examples)
    parser = Parser(
        prog=f"scalargrad {name}", description=say(command.description), epilog=f"{say('examples:')}\n{examples}"
    )
    command.arguments(parser)
    return parser
