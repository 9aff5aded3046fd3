"""What is typed after a command: a formula, ``name=value`` for each of its variables, and options."""

from __future__ import annotations

import argparse
import re
import unicodedata
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from scalargrad.cli.console import UsageError, command, quoted, require_folder
from scalargrad.endings import Endings
from scalargrad.formatting import visible
from scalargrad.language import VARIABLE, either, languages, name_of, say, template

if TYPE_CHECKING:
    from scalargrad.expression import Expression


LONGEST = 500
"""Up to how many characters of a formula are shown again in a command that would be right."""


class Parser(argparse.ArgumentParser):
    """An argument parser that complains in one line, and takes a formula that begins with a minus for a formula."""

    def __init__(self, *args: Any, **named: Any) -> None:
        named.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        named.setdefault("allow_abbrev", False)
        named["add_help"] = False
        super().__init__(*args, **named)
        self._positionals.title = say("what it takes")
        self._optionals.title = say("options")
        self.add_argument("-h", "--help", action="help", help=say("show this help and exit"))
        known = either(f"{lang} ({name_of(lang)})" for lang in languages())
        self.add_argument("--lang", metavar="L", help=say("the language: {0}; {1} chooses it too", known, VARIABLE))

    def format_usage(self) -> str:
        return super().format_usage().replace("usage:", say("usage:"), 1)

    def format_help(self) -> str:
        return super().format_help().replace("usage:", say("usage:"), 1)

    def error(self, message: str) -> NoReturn:
        complaint = translated(message.replace("arguments: -- ", "arguments: "))
        raise UsageError(say("{0} (see {1} --help)", visible(complaint, 300), self.prog))

    def parse(self, arguments: list[str]) -> argparse.Namespace:
        """The arguments, whatever their order: first the options that this parser knows, then all else."""
        options: list[str] = []
        others: list[str] = []
        rest = iter(arguments)
        for argument in rest:
            name, has_value, _ = argument.partition("=")
            action = self._option_string_actions.get(name if name.startswith("--") else argument)
            if argument == "--":
                others.extend(rest)
            elif action is not None:
                options.append(argument)
                if action.nargs != 0 and not has_value:
                    options.extend([value for value in [next(rest, None)] if value is not None])
            elif re.match(r"--[a-z]", argument):
                self.error(
                    say("there is no option {0}; a formula that begins so needs parentheses: ({1})", name, argument)
                )
            else:
                others.append(argument)
        return self.parse_args([*options, *["--"] * bool(others), *others], argparse.Namespace(options=options))


def read(arguments: argparse.Namespace) -> tuple[Expression, dict[str, float]]:
    """The formula and the values of its variables."""
    from scalargrad.expression import parse
    from scalargrad.expression.tokens import listed

    if not arguments.formula.strip():
        raise UsageError(say("the formula is empty; for example: {0}", command(arguments.command, "x*x", "x=3")))
    expression = parse(arguments.formula)
    values: dict[str, float] = {}
    for assignment in arguments.values:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise UsageError(
                say("expected name=value after the formula, not {0!r}; put a formula in quotes", cut(assignment))
            )
        key = unicodedata.normalize("NFKC", name.strip())
        if key in values:
            raise UsageError(say("{0} is given twice: leave one of them out", cut(key)))
        if key not in expression.names:
            has = say("it has {0}", listed(expression.names)) if expression.names else say("it has none")
            shown = cut(name.strip()) or say("a value without a name")
            raise UsageError(say("{0}: not a variable of the formula, {1}", shown, has))
        values[key] = number(name.strip(), text)
    missing = [name for name in expression.names if name not in values]
    if missing:
        examples = [f"{name}=1" for name in missing]
        formula = arguments.formula if len(arguments.formula) <= LONGEST else "…"
        corrected = command(arguments.command, formula, *arguments.values, *examples, *arguments.options)
        raise UsageError(say("no value is given for {0}; for example: {1}", listed(missing), corrected))
    return expression, values


def cut(text: str) -> str:
    """A piece of what was typed, as a message shows it."""
    return visible(text, 60)


def number(name: str, text: str) -> float:
    """A number, or a formula without variables: ``0.5``, ``-1e-3``, ``1/3``, ``pi/2``."""
    from scalargrad.expression import ExpressionError, parse

    expected = say("{0}: expected a number such as 0.5, -1e-3 or 1/3", quoted(f"{cut(name)}={cut(text)}"))
    try:
        return float(text)
    except ValueError:
        pass
    if re.fullmatch(r"\s*[-+−]?\d+,\d+\s*", text):
        raise UsageError(say("{0}, with a point: {1}={2}", expected, cut(name), text.strip().replace(",", ".")))
    try:
        constant = parse(text)
    except ExpressionError:
        raise UsageError(expected) from None
    if constant.names:
        raise UsageError(say("{0}, without variables, not {1}", expected, cut(constant.names[0])))
    return float(constant.evaluate())


ARGPARSE = (
    "the following arguments are required: {0}",
    "argument {0}: expected one argument",
    "argument {0}: not allowed with argument {1}",
    "argument {0}: ignored explicit argument {1}",
    "argument {0}: invalid choice: {1} (choose from {2})",
    "unrecognized arguments: {0}",
    "argument {0}: {1}",
)
"""What argparse complains of, as it puts it."""


def translated(message: str) -> str:
    """A complaint of argparse's in the language that is spoken."""
    for complaint in ARGPARSE:
        pattern = re.sub(r"\\{\d\\}", "(.+?)", re.escape(complaint))
        match = re.fullmatch(pattern, message, re.DOTALL)
        if match:
            return template(complaint).format(*match.groups())
    return message


def spoken(arguments: list[str]) -> tuple[str | None, list[str]]:
    """The language asked for with ``--lang``, wherever it stands, and the other arguments."""
    rest: list[str] = []
    lang = None
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word == "--lang" or word.startswith("--lang="):
            lang = word.partition("=")[2] if "=" in word else next(words, "")
            if lang not in languages():
                raise UsageError(say("--lang is {0}, not {1!r}", either(languages()), cut(lang)))
        else:
            rest.append(word)
    return lang, rest


def target(option: str, name: str, endings: Endings | Collection[str]) -> Path:
    """The file to write: its name must have one of these endings, and its folder must be there."""
    path, known = Path(name), endings.writers if isinstance(endings, Endings) else endings
    if path.suffix.lower() not in known:
        raise UsageError(say("{0} {1}: expected a name that ends in {2}", option, cut(str(path)), either(known)))
    return require_folder(path)


def precision(text: str) -> int:
    """A number of decimals."""
    if not text.isdecimal() or len(text) > 12 or int(text) > 17:
        raise argparse.ArgumentTypeError(say("expected a number of decimals from 0 to 17, not {0!r}", cut(text)))
    return int(text)


def whole(text: str) -> int:
    """A whole number from 0 on."""
    if not text.isdecimal() or len(text) > 12:
        raise argparse.ArgumentTypeError(say("expected a whole number, not {0!r}", cut(text)))
    return int(text)
