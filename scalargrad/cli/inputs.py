"""What is typed after a command: a formula, ``name=value`` for each of its variables, and options."""

from __future__ import annotations

import argparse
import re
import unicodedata
from typing import TYPE_CHECKING, Any, NoReturn

from scalargrad.cli.console import UsageError, command, quoted

if TYPE_CHECKING:
    from scalargrad.expression import Expression


class Parser(argparse.ArgumentParser):
    """An argument parser that complains in one line, and takes a formula that begins with a minus for a formula."""

    def __init__(self, *args: Any, **named: Any) -> None:
        named.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        named.setdefault("allow_abbrev", False)
        super().__init__(*args, **named)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message.replace('arguments: -- ', 'arguments: ')} (see {self.prog} --help)")

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
                self.error(f"there is no option {name}; a formula that begins so needs parentheses: ({argument})")
            else:
                others.append(argument)
        return self.parse_args([*options, *["--"] * bool(others), *others], argparse.Namespace(options=options))


def read(arguments: argparse.Namespace) -> tuple[Expression, dict[str, float]]:
    """The formula and the values of its variables."""
    from scalargrad.expression import parse

    if not arguments.formula.strip():
        raise UsageError(f"the formula is empty; for example: {command(arguments.command, 'x*x', 'x=3')}")
    expression = parse(arguments.formula)
    values: dict[str, float] = {}
    for assignment in arguments.values:
        name, equals, text = assignment.partition("=")
        if not equals:
            raise UsageError(f"expected name=value after the formula, not {assignment!r}; put a formula in quotes")
        key = unicodedata.normalize("NFKC", name.strip())
        if key in values:
            raise UsageError(f"{key} is given twice: leave one of them out")
        if key not in expression.names:
            has = f"it has {', '.join(expression.names)}" if expression.names else "it has none"
            raise UsageError(f"{name.strip() or 'a value without a name'}: not a variable of the formula, {has}")
        values[key] = number(name.strip(), text)
    missing = [name for name in expression.names if name not in values]
    if missing:
        examples = [f"{name}=1" for name in missing]
        corrected = command(arguments.command, arguments.formula, *arguments.values, *examples, *arguments.options)
        raise UsageError(f"no value is given for {', '.join(missing)}; for example: {corrected}")
    return expression, values


def number(name: str, text: str) -> float:
    """A number, or a formula without variables: ``0.5``, ``-1e-3``, ``1/3``, ``pi/2``."""
    from scalargrad.expression import ExpressionError, parse

    expected = f"{quoted(f'{name}={text}')}: expected a number such as 0.5, -1e-3 or 1/3"
    try:
        return float(text)
    except ValueError:
        pass
    if re.fullmatch(r"\s*[-+−]?\d+,\d+\s*", text):
        raise UsageError(f"{expected}, with a point: {name}={text.strip().replace(',', '.')}")
    try:
        constant = parse(text)
    except ExpressionError:
        raise UsageError(expected) from None
    if constant.names:
        raise UsageError(f"{expected}, without variables, not {constant.names[0]}")
    return float(constant.evaluate())


def precision(text: str) -> int:
    """A number of decimals."""
    if not text.isdecimal() or int(text) > 17:
        raise argparse.ArgumentTypeError(f"expected a number of decimals from 0 to 17, not {text!r}")
    return int(text)


def whole(text: str) -> int:
    """A whole number from 0 on."""
    if not text.isdecimal() or len(text) > 12:
        raise argparse.ArgumentTypeError(f"expected a whole number, not {text!r}")
    return int(text)
