"""Finding and running the layout engine: Graphviz, as a wheel or as a program."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from scalargrad.drawing.checking import fault
from scalargrad.drawing.running import TooLongError, TooMuchError, run
from scalargrad.formatting import visible
from scalargrad.language import say

VARIABLE = "SCALARGRAD_DOT"
"""The environment variable that names the program to use."""

SECONDS = 6
"""How long a layout may take."""

LEAST, SHARE = 32_000_000, 20
"""How many bytes a picture may have, and how many more for each byte of DOT source."""

LONGEST = 200
"""Up to how many characters of what others wrote stand in a message."""


class LayoutError(RuntimeError):
    """There is no layout engine, or it failed."""


class SlowLayoutError(LayoutError):
    """The layout engine took too long."""


@dataclass(frozen=True)
class Engine:
    """A program that lays out DOT source, and how it was found."""

    path: str
    source: str

    @property
    def version(self) -> str:
        """What the program says of its version; empty if it says nothing."""
        try:
            done = run([self.path, "-V"], b"", 20, 10_000)
        except (OSError, ValueError, TooLongError, TooMuchError):
            return ""
        return visible((done.output + done.complaint).decode("utf-8", "replace").strip(), LONGEST)


def engine() -> Engine:
    """The layout engine: ``SCALARGRAD_DOT``, else the graphviz-pure wheel, else graphviz-pure or dot on the PATH."""
    named = os.environ.get(VARIABLE)
    if named:
        path = shutil.which(named)
        if path is None:
            raise LayoutError(say("{0} is {1!r}, which is not a program that can be run", VARIABLE, named))
        return Engine(path, say("the environment variable {0}", VARIABLE))
    wheel = _in_the_wheel()
    if wheel is not None:
        return Engine(wheel, say("the installed package graphviz-pure"))
    for name in ("graphviz-pure", "dot"):
        path = shutil.which(name)
        if path is not None:
            return Engine(path, say("{0} on the PATH", name))
    raise LayoutError(
        say(
            "there is no layout engine: install one with `pip install graphviz-pure`, or Graphviz, or name its dot "
            "program in the environment variable {0}",
            VARIABLE,
        )
    )


@cache
def _in_the_wheel() -> str | None:
    """The program the graphviz-pure wheel has installed, wherever its scripts are."""
    try:
        files = metadata.files("graphviz-pure") or []
    except metadata.PackageNotFoundError:
        return None
    for file in files:
        if file.name in ("graphviz-pure", "graphviz-pure.exe"):
            path = Path(str(file.locate())).resolve()
            if os.access(path, os.X_OK):
                return str(path)
    return None


def render(source: str, form: str, *options: str) -> bytes:
    """DOT source laid out, as "json0" (positions) or "png"."""
    program = engine()
    name = visible(program.path, LONGEST)
    given = source.encode("utf-8", "replace")
    try:
        done = run([program.path, f"-T{form}", *options], given, SECONDS, LEAST + SHARE * len(given))
    except TooLongError:
        raise SlowLayoutError(
            say("the layout took more than {0} s: draw a smaller graph, or fold it with depth=", SECONDS)
        ) from None
    except TooMuchError:
        raise LayoutError(say("{0} writes without end: {1}", name, _remedy())) from None
    except (OSError, ValueError) as error:
        raise LayoutError(say("{0} (from {1}) cannot be run: {2}", name, program.source, error)) from None
    if done.code or not done.output:
        words = done.complaint.decode("utf-8", "replace").strip().splitlines() or [say("it wrote nothing")]
        raise LayoutError(say("{0} failed: {1}", name, visible(words[-1], LONGEST)))
    wrong = fault(done.output, form)
    if wrong:
        raise LayoutError(
            say("{0} wrote something that is not to be shown as {1} ({2}): {3}", name, form, wrong, _remedy())
        )
    return done.output


def _remedy() -> str:
    return say("install another one with `pip install graphviz-pure`, or name it in {0}", VARIABLE)
