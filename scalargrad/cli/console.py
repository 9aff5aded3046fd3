"""The terminal: text that no encoding refuses, colour where it is wanted, and the ways a command can fail."""

from __future__ import annotations

import codecs
import errno
import io
import os
import shlex
import shutil
import sys
import unicodedata
from pathlib import Path
from typing import TextIO

from scalargrad.formatting import visible
from scalargrad.language import say

OK, FAILED, WRONG_USAGE, INTERRUPTED, PIPE_CLOSED = 0, 1, 2, 130, 141


class UsageError(ValueError):
    """The command line is wrong: what was given, what was expected, what to do."""


class FailedError(RuntimeError):
    """The work could not be done, though the command line was right."""


PLAIN = {
    "−": "-", "×": "x", "·": "*", "÷": "/", "√": "sqrt", "∂": "del ", "∞": "inf", "≥": ">=", "≤": "<=", "≠": "!=",
    "→": "->", "←": "<-", "′": "'", "…": "...", "—": "-", "–": "-", "“": '"', "”": '"', "’": "'",
}  # fmt: skip
"""How mathematics is written where a console has only the letters of its language."""


def plain(text: str) -> str:
    """The nearest ASCII text: ``×`` as x, ``w₀`` as w0, ``x²`` as x^2, ``σ`` as sigma; ``?`` for what has none.

    >>> plain("σ(w₀·x) − y²")
    'sigma(w0*x) - y^2'
    """
    return "".join(map(_plain, text))


def _plain(c: str) -> str:
    if c in PLAIN or c.isascii():
        return PLAIN.get(c, c)
    name = unicodedata.name(c, "")
    if name.startswith(("GREEK SMALL LETTER ", "GREEK CAPITAL LETTER ")):
        word = name.split()[3].lower()
        return word if "SMALL" in name else word.capitalize()
    nearest = unicodedata.normalize("NFKD", c).replace("⁄", "/").encode("ascii", "ignore").decode()
    return ("^" * name.startswith("SUPERSCRIPT") + nearest) or "?"


def _replace(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return plain(error.object[error.start : error.end]), error.end


def prepare() -> None:
    """Let both output streams write a nearest form of what their encoding does not have, instead of failing."""
    codecs.register_error("scalargrad.plain", _replace)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="scalargrad.plain")


def flush() -> None:
    """Write out what is buffered, so that a full disk or a closed pipe is noticed now."""
    if sys.stdout is not None:
        sys.stdout.flush()


def settle() -> None:
    """Write out what is buffered, or, where that is refused, drop it: the interpreter would complain on its way out."""
    try:
        flush()
    except OSError:
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        except (OSError, ValueError):  # not a real stream, as in a notebook
            return


_COLOURS = {"green": "32", "red": "31", "violet": "35", "bold": "1"}


def coloured(stream: TextIO | None) -> bool:
    """Whether to write colours: on a terminal, unless NO_COLOR is set; anywhere if FORCE_COLOR is."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") not in (None, "", "0"):
        return True
    on_terminal = stream is not None and stream.isatty() and os.environ.get("TERM") != "dumb"
    return on_terminal and (os.name != "nt" or "WT_SESSION" in os.environ)


def paint(text: str, colour: str) -> str:
    """The text in a colour, where the standard output takes colours."""
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if coloured(sys.stdout) else text


def program() -> str:
    """How this program was called, so that a command shown to the user works when pasted."""
    called = Path(sys.argv[0])
    if called.name == "__main__.py" and called.parent.name == "scalargrad":
        python = Path(sys.executable)
        found = shutil.which(python.name)
        return f"{quoted(python.name if found and Path(found) == python else str(python))} -m scalargrad"
    if called.stem != "scalargrad":
        return "scalargrad"
    found = shutil.which("scalargrad")
    lasting = "UV" not in os.environ  # uvx and `uv run` put it on the PATH for this one command
    if found and lasting and Path(found).resolve().with_suffix("") == called.resolve().with_suffix(""):
        return "scalargrad"
    return quoted(str(called))


_HARMLESS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%")


def quoted(argument: str) -> str:
    """An argument as it is typed: in double quotes, which every shell knows, if that is safe.

    >>> quoted("w0=2"), quoted("w0*x0 + 1")
    ('w0=2', '"w0*x0 + 1"')
    """
    if argument and (_HARMLESS.issuperset(argument) or (os.name == "nt" and " " not in argument and "\\" in argument)):
        return argument
    return shlex.quote(argument) if set(argument) & set('"$`\\!') else f'"{argument}"'


def command(*arguments: str) -> str:
    """A command to show: this program with these arguments."""
    return " ".join([program(), *map(quoted, arguments)])


def require_folder(path: Path) -> Path:
    """The path of a file to write; raise before any work is done if there is no such folder."""
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    return path


def wrote(path: Path) -> None:
    """Tell which file was written."""
    print(say("wrote {0}", visible(str(path))))


def complain(problem: str | BaseException) -> None:
    """Tell on the standard error what is wrong in one line, after the program's name.

    What is wrong in a formula takes two lines more, that show the place.
    """
    if sys.stderr is not None:
        lines = str(problem).split("\n") if hasattr(problem, "column") else [" ".join(str(problem).split())]
        print("scalargrad: " + "\n".join(map(visible, lines)), file=sys.stderr)
